package dock

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write REASONS.md anew")

func TestReasonsAreWrittenDownAsTheCodeHasThem(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("# What a station says about itself\n\n" +
		"Made from the code by `go test ./dock -run Reasons -update`; do not edit. The codes are stable.\n" +
		"`berth status --json` gives each problem as `{code, text, do, advice}`.\n")
	kind := ReasonKind("")
	for _, r := range Reasons() {
		if r.Kind != kind {
			kind = r.Kind
			fmt.Fprintf(&doc, "\n## %s\n\n%s\n\n| code | means | what to do |\n|---|---|---|\n", capital(string(kind)), aboutKind(kind))
		}
		means := r.Means
		if r.Advice {
			means += " (Advice: the station is healthy.)"
		}
		fmt.Fprintf(&doc, "| `%s` | %s | %s |\n", r.Code, means, r.Do)
	}
	if *update {
		if err := os.WriteFile("REASONS.md", []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("REASONS.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != doc.String() {
		t.Error("REASONS.md is not what the code says; run: go test ./dock -run Reasons -update, and read the difference")
	}
}

func aboutKind(kind ReasonKind) string {
	switch kind {
	case ReasonSafe:
		return "The station sees cameras come and go and says why it does nothing: it neither ingests nor erases. Recordings stay on the cameras."
	case ReasonLock:
		return "Nothing is erased from any camera. Recordings are still secured and forwarded."
	case ReasonProblem:
		return "The station works, and somebody should see to this."
	}
	return "One recording, or one camera, is not erased at the moment. The bay says so as long as it matters."
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func TestEveryCodeIsThereOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Reasons() {
		if r.Code == "" || r.Means == "" || seen[r.Code] {
			t.Errorf("%+v is incomplete, or there twice", r)
		}
		if r.Do == "" && r.Kind != ReasonClause {
			t.Errorf("%s does not say what to do", r.Code)
		}
		seen[r.Code] = true
	}
}

// Every code that is written anywhere is a row of the table, and every row is
// used; no problem is made but from the table.
func TestEveryCodeInTheProgramIsInTheTable(t *testing.T) {
	known, used := map[string]bool{}, map[string]bool{}
	for _, r := range Reasons() {
		known[r.Code] = true
	}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == filepath.Join("..", "dock", "reasons.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil // somebody is writing it
		}
		ast.Inspect(file, func(n ast.Node) bool {
			code, ok := codeIn(n)
			if ok && !known[code] {
				t.Errorf("%s: code %q is not in the table", files.Position(n.Pos()), code)
			}
			used[code] = true
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for code := range known {
		if !used[code] {
			t.Errorf("code %q is in the table, and nothing says it", code)
		}
	}
}

// codeIn finds dock.ProblemOf("code", ...), refuse("code", ...) and the Code of
// a Problem or a Lock.
func codeIn(n ast.Node) (code string, ok bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if name := lastName(n.Fun); (name == "ProblemOf" || name == "refuse") && len(n.Args) > 1 {
			return text(n.Args[0])
		}
	case *ast.CompositeLit:
		name := lastName(n.Type)
		if name != "Problem" && name != "Lock" {
			return "", false
		}
		for _, elt := range n.Elts {
			if kv, isKV := elt.(*ast.KeyValueExpr); isKV && lastName(kv.Key) == "Code" {
				return text(kv.Value)
			}
		}
	}
	return "", false
}

func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// text is a literal's; what is only passed on was a literal somewhere else.
func text(e ast.Expr) (string, bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}
