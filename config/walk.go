package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// walk compares a YAML document with the schema. It collects every problem and
// the values that have none, completed by the defaults.
type walk struct {
	file      string
	dir       string // what relative paths are relative to
	root      *section
	problems  Problems
	lines     map[string]int  // of every path that the document gives
	defaulted map[string]bool // the paths that it does not
}

func (w *walk) problem(line int, key, text, hint string) {
	w.problems = append(w.problems, Problem{File: w.file, Line: line, Key: key, Text: text, Hint: hint})
}

// section returns the values of one level. n is nil where the section is left
// out; line is then the nearest line above.
func (w *walk) section(n *yaml.Node, s *section, path string, line int) map[string]any {
	values := map[string]any{}
	given := map[string]*yaml.Node{}
	if n != nil && w.usable(n, path) {
		if n.Kind != yaml.MappingNode {
			w.problem(n.Line, path, "holds "+describe(n), "here stand keys: "+strings.Join(s.keys(), ", "))
			return values
		}
		given = w.keys(n, s, path)
	}
	for _, f := range s.fields {
		p := join(path, f.key)
		child, ok := given[f.key]
		switch {
		case !ok:
			w.absent(values, f, p, line)
		case !w.usable(child, p):
		case child.Tag == "!!null" && f.kind == kindSection:
			w.absent(values, f, p, child.Line)
		case child.Tag == "!!null":
			w.problem(child.Line, p, "has no value", hintFor(f))
		default:
			if v, good := w.value(child, f, p); good {
				values[f.key] = v
			}
		}
	}
	return values
}

// absent fills in what the document leaves out.
func (w *walk) absent(values map[string]any, f field, p string, line int) {
	if f.kind == kindSection {
		values[f.key] = w.section(nil, f.below, p, line)
		return
	}
	if f.need {
		w.problem(line, p, "is missing", hintFor(f))
		return
	}
	w.defaulted[p] = true
	switch {
	case f.initial == "":
	case f.kind == kindTexts:
		values[f.key] = []string{f.initial}
	default:
		values[f.key] = f.initial
	}
}

// keys pairs the keys of a mapping with their values, and refuses unknown keys
// and keys given twice, also where only the case differs.
func (w *walk) keys(n *yaml.Node, s *section, path string) map[string]*yaml.Node {
	given := map[string]*yaml.Node{}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Anchor != "" {
			w.problem(k.Line, path, "has a key that is no plain word", "here may stand "+strings.Join(s.keys(), ", "))
			continue
		}
		if k.Tag == "!!merge" {
			w.problem(k.Line, join(path, "<<"), "merging is not used here", "write the values out")
			continue
		}
		p := join(path, clip(k.Value))
		lower := strings.ToLower(k.Value)
		if line, twice := first[lower]; twice {
			w.problem(k.Line, p, fmt.Sprintf("is given twice, first in line %d", line), "keep one of them")
			continue
		}
		first[lower] = k.Line
		if _, known := s.find(k.Value); !known {
			w.problem(k.Line, p, "unknown key", nearest(k.Value, s, w.root))
			if _, known := s.find(lower); !known {
				continue
			}
		}
		w.lines[join(path, lower)] = k.Line
		given[lower] = v // a key in the wrong case is told once, not missing as well
	}
	return given
}

// usable refuses the parts of YAML that make a file mean more than it shows.
func (w *walk) usable(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		w.problem(n.Line, path, "anchors and aliases ('&' and '*') are not used here", "write the value out, or put it in quotes")
	case n.Style&yaml.TaggedStyle != 0:
		w.problem(n.Line, path, "tags ('!') are not used here", "leave it out, or put the value in quotes")
	default:
		return true
	}
	return false
}

// value converts one node; false if there was a problem that leaves nothing.
func (w *walk) value(n *yaml.Node, f field, p string) (any, bool) {
	switch f.kind {
	case kindSection:
		return w.section(n, f.below, p, n.Line), true
	case kindSections, kindTexts:
		return w.list(n, f, p)
	}
	return w.scalar(n, f, p)
}

// list keeps its length even where elements have problems, so that the checks
// that count or number them stay right.
func (w *walk) list(n *yaml.Node, f field, p string) (any, bool) {
	if n.Kind != yaml.SequenceNode {
		w.problem(n.Line, p, "holds "+describe(n)+" and should hold a list", `begin each line with "- ", or write [a, b]`)
		return nil, false
	}
	if len(n.Content) == 0 && f.need {
		w.problem(n.Line, p, "is empty", hintFor(f))
		return nil, false
	}
	if f.max > 0 && len(n.Content) > f.max {
		w.problem(n.Line, p, fmt.Sprintf("has %d entries; at most %d are allowed", len(n.Content), f.max), "")
		return nil, false
	}
	if f.kind == kindSections {
		sections := make([]map[string]any, len(n.Content))
		for i, c := range n.Content {
			w.lines[at(p, i)] = c.Line
			sections[i] = w.section(c, f.below, at(p, i), c.Line)
		}
		return sections, true
	}
	texts := make([]string, len(n.Content))
	for i, c := range n.Content {
		w.lines[at(p, i)] = c.Line
		if w.usable(c, at(p, i)) {
			v, _ := w.scalar(c, f, at(p, i))
			texts[i], _ = v.(string)
		}
	}
	return texts, true
}

// absolute resolves a path of the file.
func (w *walk) absolute(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(w.dir, p)
}

// describe names what a node is, for a person who does not know YAML's words.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	}
	return quote(n.Value)
}

// clip bounds a key in a message.
func clip(s string) string { q := quote(s); return q[1 : len(q)-1] }
