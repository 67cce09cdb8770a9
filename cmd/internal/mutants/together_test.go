package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// program has functions of every form that a guard may stand in.
const program = `package main

import "fmt"

type box struct{ n int }

func (b *box) add(by int, more ...int) (int, error) {
	if by < 0 {
		return 0, fmt.Errorf("negative")
	}
	for _, m := range more {
		by += m
	}
	b.n += by
	return b.n, nil
}

func (b box) say() { fmt.Print(b.n, " ") }

func (box) nobody() bool { return true }

func last[T any](of []T) T { return of[len(of)-1] }

const limit = 3

func main() {
	b := &box{}
	n, err := b.add(-1, 2)
	fmt.Print(n, err, " ")
	b.say()
	fmt.Print(b.nobody(), last([]int{1, 2}), limit)
}
`

func TestATwinIsItsFunctionWithoutTheGuard(t *testing.T) {
	dir := t.TempDir()
	b := &bench{top: filepath.Join(dir, "tree"), scratch: dir}
	write(t, filepath.Join(b.top, "go.mod"), "module program\n\ngo 1.25\n")
	write(t, filepath.Join(b.top, "main.go"), program)
	guards := []guard{
		{name: "a method", file: "main.go", old: []string{"if by < 0 {"}, new: []string{"if by < -1 {"}},
		{name: "on one line", file: "main.go", old: []string{`func (b box) say() { fmt.Print(b.n, " ") }`}, new: []string{`func (b box) say() { fmt.Print("none ") }`}},
		{name: "no receiver", file: "main.go", old: []string{"func (box) nobody() bool { return true }"}, new: []string{"func (box) nobody() bool { return false }"}},
		{name: "generic", file: "main.go", old: []string{"func last[T any](of []T) T { return of[len(of)-1] }"}, new: []string{"func last[T any](of []T) T { return of[0] }"}},
		{name: "no function", file: "main.go", old: []string{"const limit = 3"}, new: []string{"const limit = 4"}},
	}
	all := make([]result, len(guards))
	var open []int
	for i, g := range guards {
		all[i], open = result{guard: g}, append(open, i)
	}
	if err := b.together(t.Context(), all, open); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false, false, false} {
		if all[i].together != want {
			t.Errorf("%s: with a twin %t", guards[i].name, all[i].together)
		}
	}
	binary := filepath.Join(dir, "program")
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, overlayName), "-o", binary, ".")
	build.Dir = b.top
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	for wanted, want := range map[string]string{"": "0negative 0 true23", "Mutant0": "1<nil> 1 true23", "Mutant1": "0negative none true23"} {
		run := exec.CommandContext(t.Context(), binary)
		run.Env = append(os.Environ(), wantedVariable+"="+wanted)
		said, err := run.Output()
		if err != nil || strings.ReplaceAll(string(said), " ", "") != strings.ReplaceAll(want, " ", "") {
			t.Errorf("as %q it says %q, want %q: %v", wanted, said, want, err)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyWhatWasNoticedIsNotTriedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results")
	kept, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []result{
		{mutant: "1", verdict: noticed, by: []string{"TestA"}}, {mutant: "2", verdict: unnoticed},
		{mutant: "3", verdict: noticed, by: []string{"TestB"}}, {mutant: "3", verdict: notShown},
		{mutant: "4", err: os.ErrInvalid},
	} {
		if err := kept.keep(r); err != nil {
			t.Fatal(err)
		}
	}
	kept.close()
	again, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	for mutant, want := range map[string]bool{"1": true, "2": false, "3": false, "4": false, "5": false} {
		r := result{mutant: mutant}
		if got := again.seenBefore(&r); got != want || got && !slices.Equal(r.by, []string{"TestA"}) {
			t.Errorf("mutant %s: seen before %t, by %v", mutant, got, r.by)
		}
	}
	write(t, path, "rubbish\n")
	if _, err := openResults(path); err == nil {
		t.Error("rubbish was taken for results")
	}
}

func TestTheGuardsAreSharedOutWithoutAGap(t *testing.T) {
	_, all := tableOfGuards(t)
	seen := map[string]int{}
	for _, shard := range []string{"1/3", "2/3", "3/3"} {
		chosen, err := wishes{shard: shard}.choose(all)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range chosen {
			seen[g.name]++
		}
	}
	if len(seen) != len(all) {
		t.Errorf("%d of %d guards were taken", len(seen), len(all))
	}
	for _, shard := range []string{"0/3", "4/3", "one"} {
		if _, err := (wishes{shard: shard}).choose(all); err == nil {
			t.Errorf("%q was taken", shard)
		}
	}
	var out, complaints bytes.Buffer
	if code := run(t.Context(), []string{"-list", "-only", "^fsync$"}, &out, &complaints); code != exitNoticed || !strings.Contains(out.String(), "fsync") {
		t.Errorf("exit %d: %s%s", code, out.String(), complaints.String())
	}
}
