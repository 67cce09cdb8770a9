package kiosk

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestAPIDocumentIsCurrent compares API.md with what the table of routes and
// the comments of the types say. UPDATE=1 in the environment writes it anew.
func TestAPIDocumentIsCurrent(t *testing.T) {
	got := document(t)
	if os.Getenv("UPDATE") != "" {
		must(t, os.WriteFile("API.md", []byte(got), 0o644))
	}
	want, err := os.ReadFile("API.md")
	must(t, err)
	if got != string(want) {
		t.Errorf("API.md is not what the code says; UPDATE=1 go test ./dock/kiosk writes it anew. It should be:\n%s", got)
	}
}

func document(t *testing.T) string {
	var b strings.Builder
	b.WriteString("# The local API\n\n" +
		"Generated from the table of routes and the types; a test compares them. HTTP over the unix socket `" + socketName + "` in the\n" +
		"station's data directory, which only its owner may open (0600). Try it: `curl --unix-socket DATA/" + socketName + " http://station/v1/status`.\n\n" +
		"| request | who may | body | answer | what it does |\n|---|---|---|---|---|\n")
	for _, r := range routes() {
		body := "none"
		if r.takes != "" {
			body = r.takes
		}
		fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s | %s |\n", r.method, r.path, r.access, body, r.gives, r.says)
	}
	b.WriteString("\nA request with an unknown field is refused. A refusal is a Failure; its code and status are one of\n\n| code | status | means |\n|---|---|---|\n")
	for _, r := range refusals() {
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", r.code, r.status, r.err)
	}
	for _, file := range []string{"routes.go", "../status.go"} {
		documentTypes(t, &b, file)
	}
	return b.String()
}

// documentTypes writes the exported types of a file: structs as tables of their
// fields, words as lists of their values.
func documentTypes(t *testing.T, b *strings.Builder, file string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	must(t, err)
	for _, decl := range parsed.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					fmt.Fprintf(b, "\n## %s\n\n%s\n", spec.Name, oneLine(group.Doc.Text()))
					if fields, ok := spec.Type.(*ast.StructType); ok {
						documentFields(t, b, fields)
					}
				}
			case *ast.ValueSpec:
				if word, ok := spec.Values[0].(*ast.BasicLit); ok && spec.Type != nil {
					b.WriteString(strings.TrimRight(fmt.Sprintf("\n- `%s` %s", strings.Trim(word.Value, `"`), oneLine(spec.Comment.Text())), " "))
				}
			}
		}
		if group.Tok == token.CONST {
			b.WriteString("\n")
		}
	}
}

func documentFields(t *testing.T, b *strings.Builder, fields *ast.StructType) {
	b.WriteString("\n| field | type | meaning |\n|---|---|---|\n")
	for _, field := range fields.Fields.List {
		tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
		if tag == "" || tag == "-" {
			t.Errorf("field %s has no name in JSON", field.Names[0])
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", tag, typeName(field.Type), oneLine(field.Doc.Text()+field.Comment.Text()))
	}
}

// typeName says in JSON's words what a field holds.
func typeName(expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.StarExpr:
		return typeName(expr.X) + " or null"
	case *ast.ArrayType:
		return "list of " + typeName(expr.Elt)
	case *ast.SelectorExpr:
		return typeName(expr.Sel)
	case *ast.Ident:
		switch expr.Name {
		case "int", "int64":
			return "number"
		case "Time":
			return "time (RFC 3339)"
		case "StationID", "BayName", "CameraID", "DockingID", "StoreID":
			return "string"
		}
		return expr.Name
	}
	return "?"
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
