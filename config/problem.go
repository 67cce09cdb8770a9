package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a config file.
type Problem struct {
	File string
	Line int    // from 1; 0 where no line can be named
	Key  string // such as "bays[0].name"; empty if it is the file as a whole
	Text string // what is wrong
	Hint string // what to write or do instead; may be empty
}

// String is "file:line: key: text (hint)".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems are all that is wrong with a file, by line. An empty one is no
// error: return it through Err.
type Problems []Problem

// Error lists every problem, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns nil if there is no problem.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// problemsMax bounds what is told about a file that is no config at all.
const problemsMax = 100

// sorted orders by line and cuts what no person would read.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	if len(ps) > problemsMax {
		more := len(ps) - problemsMax
		ps = append(ps[:problemsMax:problemsMax], Problem{
			File: ps[0].File, Text: fmt.Sprintf("and %d more problems", more),
		})
	}
	return ps
}
