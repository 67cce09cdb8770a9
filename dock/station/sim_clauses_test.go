package station

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// clause is one clause of the station's decisions that the simulation must find
// missing; testdata/clauses.txt says what its fields mean.
type clause struct {
	name, promise, file string
	place               []string // lines, without the space around them
	goes, stays         string
	with, overlook      []string
	same                string
	dockings            int // in which it must be found missing; 0 for the usual number
}

func loadClauses(t *testing.T) []clause {
	t.Helper()
	text, err := os.ReadFile("testdata/clauses.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []clause
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		if strings.HasPrefix(block, "#") {
			continue
		}
		c, err := parseClause(block)
		if err == nil && slices.ContainsFunc(all, func(other clause) bool { return other.name == c.name }) {
			err = fmt.Errorf("clause %q is there twice", c.name)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		for _, name := range c.with {
			if clauseOf(all, name) < 0 {
				t.Fatalf("clause %q: there is no clause %q", c.name, name)
			}
		}
	}
	return all
}

func clauseOf(all []clause, name string) int {
	return slices.IndexFunc(all, func(c clause) bool { return c.name == name })
}

func parseClause(block string) (clause, error) {
	var c clause
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case strings.HasPrefix(line, "  "):
			c.place = append(c.place, strings.TrimSpace(line))
		case strings.HasPrefix(line, "- "):
			c.goes = line[2:]
		case strings.HasPrefix(line, "+ "):
			c.stays = line[2:]
		case field == "clause":
			c.name = value
		case field == "promise":
			c.promise = value
		case field == "file":
			c.file = value
		case field == "with":
			c.with = strings.Split(value, "; ")
		case field == "overlook":
			c.overlook = strings.Fields(value)
		case field == "same":
			c.same = value
		case field == "dockings":
			c.dockings = number(value)
		default:
			return c, fmt.Errorf("clause %q: %q says nothing", c.name, line)
		}
	}
	if c.name == "" || c.promise == "" || c.file == "" || len(c.place) == 0 || c.goes == "" || c.stays == "" || c.goes == c.stays {
		return c, fmt.Errorf("clause %q lacks its name, its promise, its file, its place, what goes or what stays", c.name)
	}
	return c, nil
}

// at finds the expression that goes; it must stand in its place, and the place
// in the file, exactly once.
func (c clause) at(text string) (from, to int, err error) {
	lines := strings.SplitAfter(text, "\n")
	found, offset := 0, 0
	for i := range lines {
		here := strings.Join(lines[i:min(len(lines), i+len(c.place))], "")
		if slices.EqualFunc(strings.Split(strings.TrimSpace(here), "\n"), c.place, func(a, b string) bool { return strings.TrimSpace(a) == b }) {
			found++
			if strings.Count(here, c.goes) != 1 {
				return 0, 0, fmt.Errorf("clause %q: %q is not there exactly once in its place", c.name, c.goes)
			}
			from = offset + strings.Index(here, c.goes)
		}
		offset += len(lines[i])
	}
	if found != 1 {
		return 0, 0, fmt.Errorf("clause %q: %s has its place %d times, not once", c.name, c.file, found)
	}
	return from, from + len(c.goes), nil
}

// switchable returns text with a switch around the expression of every clause
// that stands in it: number n of all is taken away where simPick says so.
func switchable(all []clause, file, text string) (string, error) {
	type edit struct {
		from, to int
		text     string
	}
	var edits []edit
	for n, c := range all {
		if c.file != file {
			continue
		}
		from, to, err := c.at(text)
		if err != nil {
			return "", err
		}
		whole := c.goes
		if i := slices.IndexFunc(edits, func(e edit) bool { return e.from == from && e.to == to }); i >= 0 {
			whole = edits[i].text // one place, missing in two ways
			edits = slices.Delete(edits, i, i+1)
		}
		edits = append(edits, edit{from, to, fmt.Sprintf("simPick(%d, %s, %s)", n, whole, c.stays)})
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	out, end := "", 0
	for _, e := range edits {
		if e.from < end {
			return "", fmt.Errorf("%s: two clauses overlap at %q", file, text[e.from:e.to])
		}
		out += text[end:e.from] + e.text
		end = e.to
	}
	return out + text[end:], nil
}

// files are those in which clauses stand, from the top of the tree.
func files(all []clause) []string {
	var names []string
	for _, c := range all {
		names = append(names, c.file)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// A clause that moved is put right here, and not found out weeks later.
func TestEveryClauseOfTheProofStandsInItsPlace(t *testing.T) {
	all := loadClauses(t)
	for _, file := range files(all) {
		text, err := os.ReadFile(path.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := switchable(all, file, string(text)); err != nil {
			t.Error(err)
		}
	}
}

func TestAClauseOfTheProofIsWhole(t *testing.T) {
	const good = "clause: c\npromise: p\nfile: f\n  if a && b {\n- a\n+ true"
	c, err := parseClause(good)
	if err != nil {
		t.Fatal(err)
	}
	out, err := switchable([]clause{c}, "f", "x\n\tif a && b {\n\t}\n")
	if want := "x\n\tif simPick(0, a, true) && b {\n\t}\n"; err != nil || out != want {
		t.Errorf("%q, %v", out, err)
	}
	for _, text := range []string{"", "if a || b {\n", "if a && b {\nif a && b {\n"} {
		if _, _, err := c.at(text); err == nil {
			t.Errorf("found in %q", text)
		}
	}
	for line := range strings.Lines(good) {
		if _, err := parseClause(strings.Replace(good, line, "", 1)); err == nil {
			t.Errorf("taken without %q", line)
		}
	}
	overlapping := c
	again, err := switchable([]clause{c, c}, "f", "if a && b {\n")
	if want := "if simPick(1, simPick(0, a, true), true) && b {\n"; err != nil || again != want {
		t.Errorf("%q, %v", again, err)
	}
	overlapping.goes = "a && b"
	if _, err := switchable([]clause{c, overlapping}, "f", "if a && b {\n"); err == nil {
		t.Error("two clauses in one place are taken")
	}
}
