package main

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed guards/*.guards
var guardFiles embed.FS

// redundant ends the table: the guards that cannot be shown one at a time.
//
//go:embed guards/redundant.md
var redundant string

// guard is one line, or a few, that a promise rests on.
type guard struct {
	name     string
	kind     string // of kinds
	protects string
	file     string // from the top of the tree
	tests    []tests
	old      []string // lines, without the space around them
	new      []string
	hangs    bool // without the guard the tests may wait for ever: that is noticed too
}

// tests are those of one package that must notice.
type tests struct {
	pkg   string // its directory from the top of the tree
	names []string
}

// kinds are the guards that must be there, in the order of the table.
func kinds() []string {
	return []string{
		"fsync", "directory sync", "hash or tag", "read-back", "erase rule", "before an erase", "receipt",
		"create-only", "store identity", "journal", "custody chain", "sealed format", "paths", "recovery", "secrets",
	}
}

// loadGuards reads the table of guards.
func loadGuards() ([]guard, error) {
	names, err := fs.Glob(guardFiles, "guards/*.guards")
	if err != nil {
		return nil, err
	}
	var all []guard
	known := map[string]bool{}
	for _, name := range names {
		text, err := guardFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
			g, err := parseGuard(block)
			if err == nil && known[g.name] {
				err = fmt.Errorf("guard %q is there twice", g.name)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			known[g.name] = true
			all = append(all, g)
		}
	}
	slices.SortStableFunc(all, func(a, b guard) int {
		return slices.Index(kinds(), a.kind) - slices.Index(kinds(), b.kind)
	})
	return all, nil
}

// parseGuard reads one block: fields, then what goes (-), what comes in its
// place (+), and what stays around it, line by line.
func parseGuard(block string) (guard, error) {
	var g guard
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		code := strings.TrimSpace(line[1:])
		switch line[0] {
		case '-':
			g.old = append(g.old, code)
		case '+':
			g.new = append(g.new, code)
		case ' ':
			g.old, g.new = append(g.old, code), append(g.new, code)
		default:
			if err := g.field(line); err != nil {
				return g, err
			}
		}
	}
	switch {
	case g.name == "" || g.protects == "" || g.file == "" || len(g.tests) == 0 || len(g.old) == 0:
		return g, fmt.Errorf("guard %q lacks its name, its promise, its file, its tests or its place", g.name)
	case !slices.Contains(kinds(), g.kind):
		return g, fmt.Errorf("guard %q: there is no kind %q", g.name, g.kind)
	case strings.Contains(g.name+g.protects, "|"):
		return g, fmt.Errorf("guard %q: no '|' goes into the table", g.name)
	}
	return g, nil
}

func (g *guard) field(line string) error {
	name, value, _ := strings.Cut(line, ": ")
	switch name {
	case "guard":
		g.name = value
	case "kind":
		g.kind = value
	case "protects":
		g.protects = value
	case "file":
		g.file = value
	case "hangs":
		g.hangs = value == "yes"
	case "tests":
		words := strings.Fields(value)
		if len(words) < 2 {
			return fmt.Errorf("guard %q: %q names no test", g.name, line)
		}
		g.tests = append(g.tests, tests{pkg: words[0], names: words[1:]})
	default:
		return fmt.Errorf("guard %q: %q says nothing", g.name, line)
	}
	return nil
}

// without returns text without the guard. Its place must be there exactly once.
func (g guard) without(text string) (string, error) {
	lines := strings.Split(text, "\n")
	at, found := 0, 0
	for i := 0; i+len(g.old) <= len(lines); i++ {
		if slices.EqualFunc(lines[i:i+len(g.old)], g.old, func(line, old string) bool { return strings.TrimSpace(line) == old }) {
			at, found = i, found+1
		}
	}
	if found != 1 {
		return "", fmt.Errorf("the table is stale: %s has the place of the guard %q %d times, not once", g.file, g.name, found)
	}
	return strings.Join(slices.Concat(lines[:at], g.new, lines[at+len(g.old):]), "\n"), nil
}
