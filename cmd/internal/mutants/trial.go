package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

const (
	atOnce  = 2     // tests of so many mutants run at the same time
	longest = "2m"  // the tests of one mutant in one package
	waited  = "30s" // the same where waiting for ever is what shows that the guard is missing
)

// verdict is what became of a mutant.
type verdict int

const (
	untried   verdict = iota // the table or the tree is not in order
	unnoticed                // every test passed without the guard
	noticed
	notShown // every test that could have noticed was skipped on this machine
)

// result is what the tests of one guard showed.
type result struct {
	guard   guard
	verdict verdict
	by      []string // the tests that noticed
	err     error    // the table or the tree is not in order
}

func (r result) String() string {
	switch {
	case r.err != nil:
		return fmt.Sprintf("ERROR     %s: %v", r.guard.name, r.err)
	case r.verdict == noticed:
		return fmt.Sprintf("noticed   %s: by %s", r.guard.name, strings.Join(r.by, ", "))
	case r.verdict == notShown:
		return fmt.Sprintf("NOT SHOWN %s: its tests are skipped on this machine", r.guard.name)
	}
	return fmt.Sprintf("SURVIVED  %s (%s)", r.guard.name, r.guard.file)
}

// bench is where mutants are compiled and their tests run.
type bench struct {
	top     string
	scratch string
}

// try runs the tests of all guards with none missing, and then without each one.
// It tells each result as soon as it is there, one after the other.
func try(ctx context.Context, top string, guards []guard, tell func(result) error) ([]result, error) {
	scratch, err := os.MkdirTemp("", "mut-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	b := &bench{top: top, scratch: scratch}
	if err := b.allPass(ctx, guards); err != nil {
		return nil, err
	}
	results := make([]result, len(guards))
	var group sync.WaitGroup
	var telling sync.Mutex
	var untold error // guarded by telling
	turns := make(chan struct{}, atOnce)
	for i, g := range guards {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			results[i] = b.try(ctx, strconv.Itoa(i), g)
			telling.Lock()
			defer telling.Unlock()
			untold = errors.Join(untold, tell(results[i]))
		})
	}
	group.Wait()
	broken := 0
	for _, r := range results {
		if r.err != nil {
			broken++
		}
	}
	if broken > 0 {
		untold = errors.Join(untold, fmt.Errorf("%d guards could not be tried; see above", broken))
	}
	return results, untold
}

// allPass: a test that fails or is missing without any mutant shows nothing.
func (b *bench) allPass(ctx context.Context, guards []guard) error {
	wanted := map[string][]string{}
	for _, g := range guards {
		for _, t := range g.tests {
			wanted[t.pkg] = append(wanted[t.pkg], t.names...)
		}
	}
	var errs []error
	for pkg, names := range wanted {
		slices.Sort(names)
		names = slices.Compact(names)
		seen, err := b.test(ctx, "whole", "", longest, tests{pkg, names})
		if err == nil && (len(seen.failed) > 0 || seen.crashed) {
			err = fmt.Errorf("the tests of %s fail with every guard in place: %s", pkg, strings.Join(seen.failed, ", "))
		}
		for _, name := range names {
			if err == nil && !slices.Contains(seen.ran, name) {
				err = fmt.Errorf("%s has no test %s", pkg, name)
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (b *bench) try(ctx context.Context, place string, g guard) result {
	r := result{guard: g, verdict: notShown}
	overlay, err := b.overlay(place, g)
	if err != nil {
		return result{guard: g, err: err}
	}
	limit := longest
	if g.hangs {
		limit = waited
	}
	for _, t := range g.tests {
		seen, err := b.test(ctx, place, overlay, limit, t)
		if err == nil && seen.hung && !g.hangs {
			err = fmt.Errorf("the tests of %s did not end within %s", t.pkg, limit)
		}
		switch {
		case err != nil:
			return result{guard: g, err: err}
		case len(seen.failed) > 0:
			r.by = append(r.by, seen.failed...)
		case seen.crashed:
			r.by = append(r.by, seen.ran[len(seen.ran)-1])
		case len(seen.skipped) < len(t.names) && r.verdict == notShown:
			r.verdict = unnoticed
		}
	}
	if len(r.by) > 0 {
		r.verdict = noticed
	}
	return r
}

// overlay writes the file without its guard and tells the compiler to take it
// in place of the real one.
func (b *bench) overlay(place string, g guard) (string, error) {
	original := filepath.Join(b.top, filepath.FromSlash(g.file))
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	without, err := g.without(string(text))
	if err != nil {
		return "", err
	}
	dir := filepath.Join(b.scratch, place)
	mutant := filepath.Join(dir, filepath.Base(g.file))
	table, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutant}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(mutant, []byte(without), 0o600), os.WriteFile(path, table, 0o600))
}

// seen is what a test binary said.
type seen struct {
	ran, failed, skipped []string // tests at the top
	crashed, hung        bool
}

// test compiles the package's tests and runs those that are wanted, with the
// package's directory for a working directory as `go test` does.
func (b *bench) test(ctx context.Context, place, overlay, limit string, t tests) (seen, error) {
	dir := filepath.Join(b.scratch, place)
	temp := filepath.Join(dir, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return seen{}, err
	}
	binary := filepath.Join(dir, "tests")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./"+t.pkg)
	build.Dir = b.top
	if said, err := build.CombinedOutput(); err != nil {
		return seen{}, fmt.Errorf("the tests of %s do not compile: %w: %s", t.pkg, err, said)
	}
	said, err := b.start(ctx, t, binary, temp, limit)
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		return seen{}, errors.Join(ctx.Err(), err)
	}
	found := read(string(said))
	found.crashed = err != nil && len(found.failed) == 0
	if len(found.ran) == 0 {
		return seen{}, fmt.Errorf("%s has no test %s: %s", t.pkg, strings.Join(t.names, ", "), said)
	}
	return found, errors.Join(os.Remove(binary), os.RemoveAll(temp))
}

// start runs the tests. What they mount is seen by nobody else and ends with
// them, where the system lets us ask for that.
func (b *bench) start(ctx context.Context, t tests, binary, temp, limit string) ([]byte, error) {
	for _, apart := range []uintptr{syscall.CLONE_NEWNS, 0} {
		test := exec.CommandContext(ctx, binary, "-test.v", "-test.timeout="+limit, "-test.run=^("+strings.Join(t.names, "|")+")$")
		test.Dir = filepath.Join(b.top, filepath.FromSlash(t.pkg))
		test.Env = append(os.Environ(), "TMPDIR="+temp)
		test.SysProcAttr = &syscall.SysProcAttr{Unshareflags: apart}
		said, err := test.CombinedOutput()
		if apart == 0 || !errors.Is(err, syscall.EPERM) {
			return said, err
		}
	}
	return nil, nil
}

// read understands what a test binary prints with -test.v.
func read(said string) seen {
	names := func(pattern string) []string {
		var all []string
		for _, match := range regexp.MustCompile(`(?m)^`+pattern+`(\w+)(?: \(|$)`).FindAllStringSubmatch(said, -1) {
			all = append(all, match[1])
		}
		return all
	}
	s := seen{ran: names(`=== RUN   `), failed: names(`--- FAIL: `), skipped: names(`--- SKIP: `)}
	slices.Sort(s.failed)
	s.failed = slices.Compact(s.failed)
	s.hung = strings.Contains(said, "panic: test timed out")
	return s
}
