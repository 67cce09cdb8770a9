package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func tableOfGuards(t *testing.T) (top string, all []guard) {
	t.Helper()
	top, err := topOfTree()
	if err != nil {
		t.Fatal(err)
	}
	if all, err = loadGuards(); err != nil {
		t.Fatal(err)
	}
	return top, all
}

// A guard that moved is put right here, and not found out weeks later.
func TestEveryGuardStandsWhereTheTableSays(t *testing.T) {
	top, all := tableOfGuards(t)
	for _, g := range all {
		text, err := os.ReadFile(filepath.Join(top, g.file))
		if err != nil {
			t.Error(err)
			continue
		}
		if without, err := g.without(string(text)); err != nil {
			t.Error(err)
		} else if without == string(text) {
			t.Errorf("guard %q: taking it away changes nothing", g.name)
		}
	}
}

func TestEveryTestOfTheTableExists(t *testing.T) {
	top, all := tableOfGuards(t)
	known := map[string]string{}
	for _, g := range all {
		for _, of := range g.tests {
			if _, read := known[of.pkg]; !read {
				known[of.pkg] = testNames(t, filepath.Join(top, of.pkg))
			}
			for _, name := range of.names {
				if !strings.Contains(known[of.pkg], " "+name+" ") {
					t.Errorf("guard %q: %s has no test %s", g.name, of.pkg, name)
				}
			}
		}
	}
}

func testNames(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := " "
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllSubmatch(text, -1) {
			names += string(match[1]) + " "
		}
	}
	return names
}

func TestTableListsExactlyTheGuards(t *testing.T) {
	top, all := tableOfGuards(t)
	text, err := os.ReadFile(filepath.Join(top, tablePath))
	if err != nil {
		t.Fatal(err)
	}
	by := noticedBy(string(text))
	if string(text) != renderTable(all, by) {
		t.Errorf("%s is not what the guards say; run go run ./cmd/internal/mutants -write", tablePath)
	}
	for _, g := range all {
		if by[g.name] == "" {
			t.Errorf("no test was seen to notice that the guard %q is missing", g.name)
		}
	}
}

func TestEveryKindOfGuardIsThere(t *testing.T) {
	_, all := tableOfGuards(t)
	for _, kind := range kinds() {
		if !slices.ContainsFunc(all, func(g guard) bool { return g.kind == kind }) {
			t.Errorf("there is no guard of the kind %q", kind)
		}
	}
}

func TestAPlaceThatIsNotThereOnceIsStale(t *testing.T) {
	g := guard{name: "the check", file: "a.go", old: []string{"if a {", "return b"}, new: []string{"if false {", "return b"}}
	whole := "\tif a {\n\t\treturn b\n\t}\n"
	if without, err := g.without("x\n" + whole); err != nil || without != "x\nif false {\nreturn b\n\t}\n" {
		t.Errorf("%q, %v", without, err)
	}
	for _, text := range []string{"", "\tif a {\n\t\treturn c\n", whole + whole} {
		if _, err := g.without(text); err == nil || !strings.Contains(err.Error(), "stale") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAGuardOfTheTableIsWhole(t *testing.T) {
	const good = "guard: g\nkind: fsync\nprotects: p\nfile: f\ntests: dock TestA TestB\n- a\n  b\n+ c"
	g, err := parseGuard(good)
	if err != nil || !slices.Equal(g.old, []string{"a", "b"}) || !slices.Equal(g.new, []string{"b", "c"}) || len(g.tests[0].names) != 2 {
		t.Errorf("%+v, %v", g, err)
	}
	for _, line := range []string{"guard: g\n", "kind: fsync\n", "protects: p\n", "file: f\n", "tests: dock TestA TestB\n"} {
		if _, err := parseGuard(strings.Replace(good, line, "", 1)); err == nil {
			t.Errorf("taken without %q", line)
		}
	}
	for _, bad := range []string{"mood: good\n" + good, strings.Replace(good, "fsync", "fsink", 1), strings.Replace(good, " TestA TestB", "", 1)} {
		if _, err := parseGuard(bad); err == nil {
			t.Errorf("taken: %q", bad)
		}
	}
}

func TestWhatTheTestsSaidIsUnderstood(t *testing.T) {
	s := read("=== RUN   TestA\n=== RUN   TestA/sub\n--- FAIL: TestA (0.10s)\n    --- FAIL: TestA/sub (0.00s)\n=== RUN   TestB\n--- SKIP: TestB (0.00s)\n")
	if !slices.Equal(s.ran, []string{"TestA", "TestB"}) || !slices.Equal(s.failed, []string{"TestA"}) || !slices.Equal(s.skipped, []string{"TestB"}) || s.hung {
		t.Errorf("%+v", s)
	}
	if s := read("=== RUN   TestA\npanic: test timed out after 2m0s\n"); !s.hung {
		t.Errorf("%+v", s)
	}
}
