package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// render writes a Config as YAML that Parse reads back as the same Config.
type render struct {
	b         strings.Builder
	docs      bool            // explain every key where it first stands
	defaulted map[string]bool // mark these paths
}

// Show is the whole config as YAML, with every default filled in and marked.
func (c *Config) Show() string {
	r := &render{defaulted: c.defaulted}
	r.section(schema(), reflect.ValueOf(*c), "", "", "")
	return r.b.String()
}

// section writes one level. first replaces the indent of its first line, for
// the dash of a list.
func (r *render) section(s *section, v reflect.Value, path, first, indent string) {
	for i, f := range s.fields {
		p := join(path, f.key)
		lead := indent
		if i == 0 {
			lead = first
		}
		if r.docs {
			if path == "" && i > 0 {
				r.b.WriteByte('\n')
			}
			r.explain(f, lead, indent)
			if i == 0 && strings.HasSuffix(lead, "- ") {
				lead = indent // the dash stands before the comment's first key
			}
		}
		r.field(f, v.Field(f.index), p, lead, indent)
	}
}

func (r *render) field(f field, v reflect.Value, p, lead, indent string) {
	switch {
	case f.kind == kindSection:
		fmt.Fprintf(&r.b, "%s%s:\n", lead, f.key)
		r.section(f.below, v, p, indent+"  ", indent+"  ")
	case f.kind == kindSections && v.Len() > 0:
		fmt.Fprintf(&r.b, "%s%s:\n", lead, f.key)
		docs := r.docs
		for i := range v.Len() {
			r.docs = docs && i == 0
			r.section(f.below, v.Index(i), at(p, i), indent+"  - ", indent+"    ")
		}
		r.docs = docs
	default:
		fmt.Fprintf(&r.b, "%s%s: %s", lead, f.key, written(f, v))
		if r.defaulted[p] {
			r.b.WriteString("  # default")
		}
		r.b.WriteByte('\n')
	}
}

// explain writes a key's documentation as a comment. Before the first key of a
// list's entry the dash gets a line of its own.
func (r *render) explain(f field, lead, indent string) {
	if dash, isEntry := strings.CutSuffix(lead, "- "); isEntry {
		fmt.Fprintf(&r.b, "%s-\n", dash)
	}
	text := f.doc
	switch {
	case f.need && f.kind != kindSections:
		text += " Required."
	case f.initial != "":
		text += " Default: " + f.initial + "."
	}
	if f.kind == kindChoice {
		text += " One of: " + strings.Join(f.choice, ", ") + "."
	}
	const width = 96
	line := indent + "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width {
			r.b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	r.b.WriteString(line + "\n")
}

// written is a value as Parse reads it.
func written(f field, v reflect.Value) string {
	switch f.kind {
	case kindSections:
		return "[]"
	case kindTexts:
		quoted := make([]string, v.Len())
		for i := range quoted {
			quoted[i] = strconv.Quote(v.Index(i).String())
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case kindText, kindChoice:
		return plainOrQuoted(v.String())
	}
	return fmt.Sprint(v.Interface())
}

// plainOrQuoted leaves to YAML's own writer what needs quotes: "on", "007", ...
func plainOrQuoted(s string) string {
	text, err := yaml.Marshal(s)
	if err != nil || strings.Count(string(text), "\n") != 1 {
		return strconv.Quote(s)
	}
	return strings.TrimSuffix(string(text), "\n")
}
