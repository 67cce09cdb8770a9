package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// tablePath is where the table stands, from the top of the tree.
const tablePath = "cmd/internal/mutants/TABLE.md"

const (
	tableTop = `# What notices a missing guard

Written by ` + "`go run ./cmd/internal/mutants -write`" + `, which takes the guards in the folder
` + "`guards`" + ` away, one at a time, and runs the tests beside them. Each line is a guard, what it
protects, where it stands, and the tests that failed without it.
`
	tableHead = `
| guard | protects | in | noticed by |
|---|---|---|---|
`
)

// renderTable has a section for each kind. by says which tests noticed, by the
// name of the guard.
func renderTable(guards []guard, by map[string]string) string {
	var b strings.Builder
	b.WriteString(tableTop)
	for _, kind := range kinds() {
		fmt.Fprintf(&b, "\n## %s\n%s", strings.ToUpper(kind[:1])+kind[1:], tableHead)
		for _, g := range guards {
			if g.kind == kind {
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", g.name, g.protects, g.file, by[g.name])
			}
		}
	}
	b.WriteString(redundant)
	return b.String()
}

// noticedBy reads the last column of a table that renderTable wrote.
func noticedBy(table string) map[string]string {
	by := map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) == 4 {
			by[strings.TrimPrefix(cells[0], "| ")] = strings.TrimSuffix(cells[3], " |")
		}
	}
	return by
}

// writeTable puts what was seen of one guard into the table and keeps what it
// says of the others.
func writeTable(path string, all []guard, r result) error {
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	by := noticedBy(string(before))
	switch r.verdict {
	case noticed:
		by[r.guard.name] = strings.Join(r.by, ", ")
	case unnoticed:
		delete(by, r.guard.name)
	case untried, notShown: // it was shown elsewhere, or will be
	}
	return os.WriteFile(path, []byte(renderTable(all, by)), 0o644)
}
