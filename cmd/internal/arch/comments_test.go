package arch

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// A package says what it is for, what it promises and what it never does: that
// takes more than a line.
func TestEveryPackageSaysWhatItPromises(t *testing.T) {
	doc := map[string]string{}
	for _, s := range sources(t) {
		if !s.test {
			doc[s.room] += s.file.Doc.Text()
		}
	}
	for name, text := range doc {
		if len(text) < 150 || strings.Count(text, ".") < 2 {
			t.Errorf("the package comment of %s says too little: %q", name, text)
		}
	}
}

// Every export is documented, a method of an interface where the interface is.
func TestEveryExportIsDocumented(t *testing.T) {
	all := sources(t)
	promised := interfaceMethods(all)
	for _, s := range all {
		if s.test || s.file.Name.Name == "main" {
			continue
		}
		for _, decl := range s.file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Doc == nil && decl.Name.IsExported() && exportedReceiver(decl) && !(decl.Recv != nil && promised[decl.Name.Name]) {
					t.Errorf("%s: %s has no comment", s.at(decl.Pos()), decl.Name)
				}
			case *ast.GenDecl:
				undocumented(t, s, decl)
			}
		}
	}
}

// interfaceMethods are the names that some interface of ours or a well-known
// one of the standard library explains.
func interfaceMethods(all []source) map[string]bool {
	names := map[string]bool{}
	for _, name := range []string{
		"Error", "Unwrap", "Is", "String", "Read", "ReadAt", "Write", "WriteTo", "Close", "Seek",
		"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "Len", "Less", "Swap",
	} {
		names[name] = true
	}
	for _, s := range all {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				for _, method := range i.Methods.List {
					for _, name := range method.Names {
						names[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return names
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	exported := true
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}

// undocumented wants a comment at each exported type, and at each exported
// constant or variable or at their group.
func undocumented(t *testing.T, s source, group *ast.GenDecl) {
	if group.Tok == token.IMPORT {
		return
	}
	for _, spec := range group.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && group.Doc == nil && spec.Doc == nil {
				t.Errorf("%s: %s has no comment", s.at(spec.Pos()), spec.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && group.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					t.Errorf("%s: %s has no comment", s.at(name.Pos()), name)
				}
			}
		}
	}
}
