package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// source is one Go file of the tree.
type source struct {
	path  string // from the top of the tree, with slashes
	room  string // its directory
	test  bool
	lines int
	file  *ast.File
	fset  *token.FileSet
}

// at names a place for a message.
func (s source) at(pos token.Pos) string {
	position := s.fset.Position(pos)
	return s.path + ":" + itoa(position.Line)
}

// top is the directory with go.mod.
func top(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above this test")
		}
		dir = parent
	}
}

// ignored are directories at the top that `make` fills.
func ignored(name string) bool { return name == "bin" || name == "demo" }

// files lists everything that belongs to the tree, from its top, with slashes.
func files(t *testing.T) []string {
	t.Helper()
	root := top(t)
	var all []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if rel == ".git" || rel == ".cache" || ignored(rel) || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		all = append(all, filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sources parses every Go file of the tree, whatever system it is for.
func sources(t *testing.T) []source {
	t.Helper()
	root := top(t)
	var all []source
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(root, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, source{
			path: name, room: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
			lines: fset.File(file.Pos()).LineCount(), file: file, fset: fset,
		})
	}
	if len(all) < 50 {
		t.Fatalf("found %d Go files: this is not the tree", len(all))
	}
	return all
}

// imports are the paths that a file imports.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// below reports whether an import is one of the packages or below one.
func below(imported string, packages []string) bool {
	return slices.ContainsFunc(packages, func(p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") })
}

// standard reports whether an import is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && first != "berth"
}
