package arch

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestEveryPackageIsARoomOfTheHouse(t *testing.T) {
	table := rooms()
	for _, s := range sources(t) {
		if _, known := table[s.room]; !known {
			t.Errorf("%s: package %s is not in the table of rooms", s.path, s.room)
		}
	}
}

func TestImportsFollowTheTable(t *testing.T) {
	table := rooms()
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		allowed := table[s.room]
		for _, imported := range s.imports() {
			switch ours, mine := strings.CutPrefix(imported, "berth/"); {
			case mine && !slices.Contains(allowed.ours, ours):
				t.Errorf("%s imports %s, which its room may not", s.path, imported)
			case !mine && !standard(imported) && !below(imported, allowed.others):
				t.Errorf("%s imports %s, which its room may not", s.path, imported)
			}
		}
	}
}

// Tests may build what they need of the house, but never a command, and other
// modules only if they are for tests or their room's own.
func TestTestsImportNoCommand(t *testing.T) {
	table := rooms()
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		for _, imported := range s.imports() {
			if ours, mine := strings.CutPrefix(imported, "berth/"); mine {
				if strings.HasPrefix(ours, "cmd/") && !strings.HasPrefix(s.room, "cmd/") {
					t.Errorf("%s imports %s: a test of a room knows no command", s.path, imported)
				}
				continue
			}
			if !standard(imported) && !below(imported, table[s.room].others) && !below(imported, testImports()) {
				t.Errorf("%s imports %s, which neither its room nor tests may", s.path, imported)
			}
		}
	}
}

func TestDatabaseBelongsToTheJournal(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			if owner, owned := onlyIn()[imported]; owned && s.room != owner {
				t.Errorf("%s imports %s, which is for %s alone", s.path, imported, owner)
			}
		}
	}
}

func TestTheHouseIsShallow(t *testing.T) {
	table := rooms()
	var depth func(name string) (int, []string)
	depth = func(name string) (int, []string) {
		most, way := 0, []string{name}
		for _, next := range table[name].ours {
			if n, rest := depth(next); n+1 > most {
				most, way = n+1, append([]string{name}, rest...)
			}
		}
		return most, way
	}
	for name := range table {
		if n, way := depth(name); n > deepest {
			t.Errorf("%d edges, more than %d: %s", n, deepest, strings.Join(way, " -> "))
		}
	}
}

// The agency's side needs no C compiler and nothing of Linux.
func TestPortableRoomsBuildWithoutCgo(t *testing.T) {
	for _, system := range []string{"windows/amd64", "darwin/arm64", "linux/amd64"} {
		goos, goarch, _ := strings.Cut(system, "/")
		args := []string{"list", "-deps", "-f", `{{if not .Standard}}{{.ImportPath}} {{len .CgoFiles}} {{with .Error}}{{.}}{{end}}{{end}}`}
		for _, room := range portable() {
			args = append(args, "./"+room)
		}
		list := exec.CommandContext(t.Context(), "go", args...)
		list.Dir = top(t)
		list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
		out, err := list.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", system, err, out)
		}
		for line := range strings.Lines(string(out)) {
			if fields := strings.Fields(line); len(fields) > 0 && (len(fields) != 2 || fields[1] != "0") {
				t.Errorf("%s: %s", system, line)
			}
		}
	}
}
