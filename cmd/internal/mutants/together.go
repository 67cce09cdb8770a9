package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Most guards stand within one function. Such a function gets a twin without the
// guard beside it, in the same file, and begins with the question whether the
// twin is wanted: so one compiled program of tests serves all of them. The
// others are compiled one by one.

// wantedVariable names the mutant that a test's program shall be.
const wantedVariable = "BERTH_MUTANT"

// twin is a function without its guard.
type twin struct {
	begins int    // offset behind the brace that opens the original's body
	asks   string // what goes there
	text   string
}

// twinOf makes the twin of the one function that changed differs in from text;
// ok is false where there is no such function, or it cannot be called by the
// names of its parameters.
func twinOf(text, changed, name string) (t twin, ok bool) {
	files := token.NewFileSet()
	before, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	after, changedErr := parser.ParseFile(files, "", changed, parser.SkipObjectResolution)
	if errors.Join(err, changedErr) != nil || len(before.Decls) != len(after.Decls) {
		return t, false
	}
	offset := func(p token.Pos) int { return files.Position(p).Offset }
	for i, declared := range before.Decls {
		f, isFunc := declared.(*ast.FuncDecl)
		g, stays := after.Decls[i].(*ast.FuncDecl)
		if !isFunc || !stays || f.Name.Name != g.Name.Name || f.Body == nil || g.Body == nil {
			continue
		}
		start, end, changedEnd := offset(f.Pos()), offset(f.End()), offset(g.End())
		if start != offset(g.Pos()) || text[:start] != changed[:start] || text[end:] != changed[changedEnd:] {
			continue
		}
		call, callable := callOf(f, f.Name.Name+name)
		if !callable {
			return t, false
		}
		at := offset(g.Name.End())
		return twin{
			begins: offset(f.Body.Lbrace) + 1,
			asks:   fmt.Sprintf(" if wantedMutant == %q { %s }; ", name, call),
			text:   "\n" + changed[start:at] + name + changed[at:changedEnd] + "\n",
		}, true
	}
	return t, false
}

// callOf is the statement by which f hands over to name.
func callOf(f *ast.FuncDecl, name string) (call string, ok bool) {
	if f.Type.TypeParams != nil {
		return "", false
	}
	if f.Recv != nil {
		receiver := f.Recv.List[0].Names
		if len(receiver) == 0 || receiver[0].Name == "_" {
			return "", false
		}
		name = receiver[0].Name + "." + name
	}
	var arguments []string
	for _, field := range f.Type.Params.List {
		_, variadic := field.Type.(*ast.Ellipsis)
		for _, parameter := range field.Names {
			if parameter.Name == "_" {
				return "", false
			}
			argument := parameter.Name
			if variadic {
				argument += "..."
			}
			arguments = append(arguments, argument)
		}
		if len(field.Names) == 0 {
			return "", false
		}
	}
	call = name + "(" + strings.Join(arguments, ", ") + ")"
	if f.Type.Results == nil {
		return call + "; return", true
	}
	return "return " + call, true
}

// together makes the twins of all open mutants that can have one, and the
// overlay with all of them, which must compile.
func (b *bench) together(ctx context.Context, all []result, open []int) error {
	twins := map[string][]twin{} // by file
	for _, i := range open {
		g := all[i].guard
		text, err := os.ReadFile(filepath.Join(b.top, filepath.FromSlash(g.file)))
		if err != nil || !strings.HasSuffix(g.file, ".go") {
			continue
		}
		changed, err := g.without(string(text))
		if err != nil {
			return err
		}
		t, ok := twinOf(string(text), changed, "Mutant"+strconv.Itoa(i))
		if all[i].together = ok; ok {
			twins[g.file] = append(twins[g.file], t)
		}
	}
	replace := map[string]string{}
	command := []string{"build", "-o", os.DevNull, "-overlay", filepath.Join(b.scratch, overlayName)}
	for file, of := range twins {
		if err := b.graft(file, of, replace); err != nil {
			return err
		}
		command = append(command, "./"+path.Dir(file))
	}
	table, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.scratch, overlayName), table, 0o600); err != nil || len(twins) == 0 {
		return err
	}
	build := exec.CommandContext(ctx, "go", command...)
	build.Dir = b.top
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the mutants do not compile: %w: %s", err, said)
	}
	return nil
}

// graft writes the file with its twins, and the variable that they ask.
func (b *bench) graft(file string, twins []twin, replace map[string]string) error {
	original := filepath.Join(b.top, filepath.FromSlash(file))
	text, err := os.ReadFile(original)
	if err != nil {
		return err
	}
	slices.SortStableFunc(twins, func(a, b twin) int { return b.begins - a.begins })
	for _, t := range twins {
		text = slices.Concat(text[:t.begins], []byte(t.asks), text[t.begins:])
	}
	for _, t := range twins {
		text = append(text, t.text...)
	}
	grafted := filepath.Join(b.scratch, "together", filepath.FromSlash(file))
	asked := filepath.Join(filepath.Dir(grafted), "wanted.go")
	clause, _, _ := bytes.Cut(text[bytes.Index(append([]byte("\n"), text...), []byte("\npackage ")):], []byte("\n"))
	variable := string(clause) + "\n\nimport \"os\"\n\nvar wantedMutant = os.Getenv(\"" + wantedVariable + "\")\n"
	replace[original] = grafted
	replace[filepath.Join(filepath.Dir(original), "wanted_mutant.go")] = asked
	return errors.Join(os.MkdirAll(filepath.Dir(grafted), 0o700), os.WriteFile(grafted, text, 0o600), os.WriteFile(asked, []byte(variable), 0o600))
}

// build compiles a package's tests with an overlay.
func (b *bench) build(ctx context.Context, pkg, overlay, binary string) error {
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./"+pkg)
	build.Dir = b.top
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("the tests of %s do not compile: %w: %s", pkg, err, said)
	}
	return nil
}

// shared is the program of a package's tests that can be every mutant with a
// twin; allPass makes it.
func (b *bench) shared(pkg string) string {
	return filepath.Join(b.scratch, "together", filepath.FromSlash(pkg), "tests")
}
