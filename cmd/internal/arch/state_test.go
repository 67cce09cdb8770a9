package arch

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// A variable of a package may only be a name for a value: an error, what is
// made once from constants, a table that nobody writes to, a check that a type
// has its methods, an embedded file. Tests may also name what they compute, but
// write to it no more than anybody else.
func TestNoPackageHasMutableState(t *testing.T) {
	variables := map[string]map[string]bool{} // by room and name
	for _, s := range sources(t) {
		if variables[s.room] == nil {
			variables[s.room] = map[string]bool{}
		}
		for _, group := range variableGroups(s) {
			for _, spec := range group.Specs {
				value := spec.(*ast.ValueSpec)
				if !embedded(group, value) && !fixed(value) && (!s.test || len(value.Values) == 0) {
					t.Errorf("%s: variable %s of the package is more than a name for a value", s.at(value.Pos()), value.Names[0])
				}
				for _, name := range value.Names {
					variables[s.room][name.Name] = name.Name != "_"
				}
			}
		}
	}
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				for _, written := range writes(f, variables[s.room], s.test) {
					t.Errorf("%s: the package's variable %s is written to", s.at(written.Pos()), written.Name)
				}
			}
		}
	}
}

func variableGroups(s source) []*ast.GenDecl {
	var groups []*ast.GenDecl
	for _, decl := range s.file.Decls {
		if group, ok := decl.(*ast.GenDecl); ok && group.Tok == token.VAR {
			groups = append(groups, group)
		}
	}
	return groups
}

func embedded(group *ast.GenDecl, value *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{group.Doc, value.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return true
		}
	}
	return false
}

// fixed: `var _ X = ...`, an error under another name, an unexported table, or
// what comes from a call that makes something which cannot change.
func fixed(value *ast.ValueSpec) bool {
	if value.Names[0].Name == "_" {
		return true
	}
	makers := []string{
		"errors.New", "fmt.Errorf", "regexp.MustCompile", "strings.NewReplacer",
		"base32.NewEncoding", "base64.RawURLEncoding", "time.Date",
	}
	for i, v := range value.Values {
		switch v := v.(type) {
		case *ast.CallExpr:
			if !slices.Contains(makers, maker(v)) {
				return false
			}
		case *ast.SelectorExpr:
			if !strings.HasPrefix(v.Sel.Name, "Err") {
				return false
			}
		case *ast.CompositeLit:
			if value.Names[i].IsExported() {
				return false
			}
		default:
			return false
		}
	}
	return len(value.Values) > 0
}

// maker is what a call begins with, through methods that are called on its
// result: base32.NewEncoding(...).WithPadding(...).
func maker(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.CallExpr:
		f, ok := e.Fun.(*ast.SelectorExpr)
		if !ok {
			return ""
		}
		if of, ok := f.X.(*ast.Ident); ok {
			return of.Name + "." + f.Sel.Name
		}
		return maker(f.X)
	case *ast.SelectorExpr:
		if of, ok := e.X.(*ast.Ident); ok {
			return of.Name + "." + e.Sel.Name
		}
	}
	return ""
}

// writes are the places where a function assigns one of the variables or a part
// of it, hands it to something that changes its argument, or (except in a test,
// where it is how a value becomes optional) takes its address.
func writes(f *ast.FuncDecl, variables map[string]bool, test bool) []*ast.Ident {
	var found []*ast.Ident
	note := func(e ast.Expr) {
		if id := root(e); id != nil && variables[id.Name] && !declares(f, id.Name) {
			found = append(found, id)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, left := range n.Lhs {
					note(left)
				}
			}
		case *ast.IncDecStmt:
			note(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND && !test {
				note(n.X)
			}
		case *ast.CallExpr:
			if changesItsArgument(n) {
				note(n.Args[0])
			}
		}
		return true
	})
	return found
}

// root is the variable that an expression is a part of.
func root(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.SliceExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	case *ast.ParenExpr:
		return root(e.X)
	}
	return nil
}

func changesItsArgument(call *ast.CallExpr) bool {
	if len(call.Args) == 0 {
		return false
	}
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return slices.Contains([]string{"delete", "clear", "copy"}, f.Name)
	case *ast.SelectorExpr:
		name := maker(f)
		return strings.HasPrefix(name, "sort.") || strings.HasPrefix(name, "slices.Sort") || name == "slices.Reverse" || name == "maps.Copy"
	}
	return false
}

// declares reports whether a function has a parameter or a variable of this
// name, which then hides the package's.
func declares(f *ast.FuncDecl, name string) bool {
	found := false
	is := func(e ast.Expr) bool {
		id, ok := e.(*ast.Ident)
		return ok && id.Name == name
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			found = found || slices.ContainsFunc(n.Names, func(id *ast.Ident) bool { return id.Name == name })
		case *ast.ValueSpec:
			found = found || slices.ContainsFunc(n.Names, func(id *ast.Ident) bool { return id.Name == name })
		case *ast.AssignStmt:
			found = found || n.Tok == token.DEFINE && slices.ContainsFunc(n.Lhs, is)
		case *ast.RangeStmt:
			found = found || n.Tok == token.DEFINE && (is(n.Key) || n.Value != nil && is(n.Value))
		}
		return !found
	})
	return found
}
