package config

import (
	"reflect"
	"strconv"
	"strings"
)

// kind is how a key's value is written.
type kind int

const (
	kindSection  kind = iota // keys of its own
	kindSections             // a list of sections
	kindTexts                // a list of texts
	kindText
	kindChoice
	kindNumber
	kindSwitch // true or false
	kindDuration
	kindRate
)

// section is one level of keys, derived from a struct's tags.
type section struct {
	fields []field
}

// field is one key.
type field struct {
	key     string
	kind    kind
	doc     string
	initial string // the default as it would be written; empty if there is none
	need    bool
	form    string
	choice  []string
	max     int      // of a list's length or a number; 0 is unbounded
	below   *section // of a section, or of each of a list's
	index   int      // of the struct's field
}

// schema is what Config's tags say.
func schema() *section { return sectionOf(reflect.TypeFor[Config]()) }

func sectionOf(t reflect.Type) *section {
	s := &section{}
	for i := range t.NumField() {
		sf := t.Field(i)
		key, tagged := sf.Tag.Lookup("mapstructure")
		if !tagged || key == "-" {
			continue
		}
		f := field{
			key: key, doc: sf.Tag.Get("doc"), initial: sf.Tag.Get("default"),
			need: sf.Tag.Get("need") == "yes", form: sf.Tag.Get("form"), index: i,
		}
		if words := sf.Tag.Get("choice"); words != "" {
			f.choice = strings.Split(words, "|")
		}
		f.max, _ = strconv.Atoi(sf.Tag.Get("max")) // absent is 0; a test reads every tag
		f.kind = kindOf(sf.Type, f.choice)
		switch f.kind {
		case kindSection:
			f.below = sectionOf(sf.Type)
		case kindSections:
			f.below = sectionOf(sf.Type.Elem())
		}
		s.fields = append(s.fields, f)
	}
	return s
}

func kindOf(t reflect.Type, choice []string) kind {
	switch t {
	case reflect.TypeFor[Duration]():
		return kindDuration
	case reflect.TypeFor[Rate]():
		return kindRate
	}
	switch {
	case t.Kind() == reflect.Struct:
		return kindSection
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return kindSections
	case t.Kind() == reflect.Slice:
		return kindTexts
	case t.Kind() == reflect.Int:
		return kindNumber
	case t.Kind() == reflect.Bool:
		return kindSwitch
	case len(choice) > 0:
		return kindChoice
	}
	return kindText
}

// find returns the field of a key.
func (s *section) find(key string) (field, bool) {
	for _, f := range s.fields {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

// keys lists the keys of a section, in order.
func (s *section) keys() []string {
	keys := make([]string, len(s.fields))
	for i, f := range s.fields {
		keys[i] = f.key
	}
	return keys
}

// join is the path of a key below a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// at is the path of the element i of a list.
func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
