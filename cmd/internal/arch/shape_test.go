package arch

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	longestFile     = 500 // lines, tests too
	longestFunction = 80  // lines, from func to its last brace
)

func TestTopLevelIsFixed(t *testing.T) {
	entries, err := os.ReadDir(top(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, ".") && !ignored(name) && !slices.Contains(topLevel(), name) {
			t.Errorf("%s stands at the top level", name)
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > longestFile {
			t.Errorf("%s has %d lines, more than %d", s.path, s.lines, longestFile)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; n > longestFunction {
				t.Errorf("%s: %s has %d lines, more than %d", s.at(f.Pos()), f.Name, n, longestFunction)
			}
		}
	}
}

func TestThereIsNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: an init function runs before anybody asked", s.at(f.Pos()))
			}
		}
	}
}

// Only the journal gives a kept receipt its life back: anybody else could forge one.
func TestReceiptsAreRestoredByTheJournalAlone(t *testing.T) {
	for _, s := range sources(t) {
		if s.room == "dock" || s.room == "dock/journal" || s.room == "cmd/internal/arch" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == "RestoreReceipt" {
				t.Errorf("%s: %s", s.at(id.Pos()), id.Name)
			}
			return true
		})
	}
}

// A sleep is a guess at when something happens. Tests wait for the thing
// itself, or let a synctest bubble keep the time.
func TestNobodySleeps(t *testing.T) {
	for _, s := range sources(t) {
		if slices.Contains(s.imports(), "testing/synctest") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.SelectorExpr)
			if !ok || call.Sel.Name != "Sleep" {
				return true
			}
			if of, ok := call.X.(*ast.Ident); ok && of.Name == "time" {
				t.Errorf("%s: time.Sleep", s.at(call.Pos()))
			}
			return true
		})
	}
}

func TestNothingIsLeftForLater(t *testing.T) {
	// A loop over a variable called now begins like a promise to come back.
	words := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|not imple` + `mented|unimple` + `mented|for n` + `ow( [^:=<,]|[^ \w]|$)|place` + `holder)`)
	for _, name := range files(t) {
		switch {
		case strings.HasSuffix(name, ".go"), strings.HasSuffix(name, ".sh"), strings.HasPrefix(name, ".ci/"), path.Base(name) == "Makefile":
		default:
			continue
		}
		text, err := os.ReadFile(filepath.Join(top(t), name))
		if err != nil {
			t.Fatal(err)
		}
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			if found := words.FindString(line); found != "" {
				t.Errorf("%s:%d: %q", name, number, found)
			}
		}
	}
}
