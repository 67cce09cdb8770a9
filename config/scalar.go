package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar checks one value as it is written and returns what the decoder gets;
// false if there is a problem.
func (w *walk) scalar(n *yaml.Node, f field, p string) (any, bool) {
	if n.Kind != yaml.ScalarNode {
		w.problem(n.Line, p, "holds "+describe(n)+" and should hold one value", hintFor(f))
		return nil, false
	}
	v, text, hint := readScalar(n, f)
	if text != "" {
		w.problem(n.Line, p, text, hint)
		return nil, false
	}
	if f.form == "path" && n.Value != "" {
		return w.absolute(n.Value), true
	}
	return v, true
}

// readScalar returns a value, or what is wrong with it.
func readScalar(n *yaml.Node, f field) (value any, text, hint string) {
	switch f.kind {
	case kindNumber:
		i, err := strconv.Atoi(n.Value)
		if err != nil || n.Tag != "!!int" || i < 1 || i > f.max {
			return nil, quote(n.Value) + " is no number that can be used here", hintFor(f)
		}
		return i, "", ""
	case kindSwitch:
		if n.Tag != "!!bool" || (n.Value != "true" && n.Value != "false") {
			return nil, quote(n.Value) + " is neither true nor false", hintFor(f)
		}
		return n.Value == "true", "", ""
	case kindDuration:
		if _, err := ParseDuration(n.Value); err != nil {
			return nil, err.Error(), ""
		}
		return n.Value, "", ""
	case kindRate:
		if _, err := ParseRate(n.Value); err != nil {
			return nil, err.Error(), ""
		}
		return n.Value, "", ""
	case kindChoice:
		if !slices.Contains(f.choice, n.Value) {
			hint := hintFor(f)
			if word, ok := closest(n.Value, f.choice); ok {
				hint = "did you mean " + quote(word) + "?"
			}
			return nil, quote(n.Value) + " is not one of " + strings.Join(f.choice, ", "), hint
		}
		return n.Value, "", ""
	}
	if n.Tag != "!!str" {
		return nil, fmt.Sprintf("%s is no text to YAML", quote(n.Value)), "put it in quotes: " + quote(n.Value)
	}
	if n.Value == "" && !f.need && f.kind == kindText {
		return n.Value, "", ""
	}
	text, hint = checkForm(f.form, n.Value)
	return n.Value, text, hint
}

// hintFor says what to write for a key.
func hintFor(f field) string {
	switch f.kind {
	case kindSections:
		return "add at least one entry with " + strings.Join(f.below.keys(), ", ")
	case kindTexts:
		return "write a list, such as [" + sample(f.form) + "]"
	case kindChoice:
		return "write " + strings.Join(f.choice, " or ")
	case kindNumber:
		return fmt.Sprintf("write a whole number from 1 to %d", f.max)
	case kindSwitch:
		return "write true or false"
	case kindDuration:
		return "write for example 12h"
	case kindRate:
		return "write for example 40MB/s"
	}
	return "write for example " + f.key + ": " + sample(f.form)
}

// sample is a value of a form, for hints.
func sample(form string) string {
	switch form {
	case "station-id":
		return "hq-dock-1"
	case "bay-name":
		return "A1"
	case "name":
		return "main"
	case "port":
		return "1-1.4"
	case "usb-id":
		return `"1234:5678"`
	case "path":
		return "/path/to/it"
	case "glob":
		return `"DCIM/**"`
	case "identity":
		return `"file:ID.TXT"`
	}
	return `"a text"`
}
