//go:build linux && amd64

package faults

import (
	"os"
	"path/filepath"
	"testing"
)

// A sweep that was cut off goes on where it was, and tries again what broke a
// promise or was not written down whole.
func TestASweepIsTakenUpAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results")
	r, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []result{{Trial: "operation 1 once"}, {Trial: "operation 2 once", Broken: "a promise"}, {Trial: "operation 3 once"}} {
		if err := r.add(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text[:len(text)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err = openResults(path); err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if len(r.kept) != 2 || !r.kept["operation 1 once"] || r.kept["operation 2 once"] {
		t.Errorf("kept: %v", r.kept)
	}
}

// Every operation belongs to one of the parts, and to no two.
func TestPartsOfASweepAreTheWhole(t *testing.T) {
	tried := map[int]int{}
	for _, text := range []string{"1/3", "2/3", "3/3"} {
		part, err := parseShard(text)
		if err != nil {
			t.Fatal(err)
		}
		for k := 1; k <= 100; k++ {
			if part.has(k) {
				tried[k]++
			}
		}
	}
	for k := 1; k <= 100; k++ {
		if tried[k] != 1 {
			t.Errorf("operation %d belongs to %d parts", k, tried[k])
		}
	}
	for _, wrong := range []string{"", "0/3", "4/3", "x"} {
		if _, err := parseShard(wrong); err == nil {
			t.Errorf("%q is a part", wrong)
		}
	}
}
