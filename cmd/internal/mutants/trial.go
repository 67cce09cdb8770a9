package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	atOnce   = 2     // tests of so many mutants run at the same time
	wholeRun = "10m" // all tests of one package that are named anywhere
	longest  = "2m"  // the tests of one mutant in one package
	waited   = "30s" // the same where waiting for ever is what shows that the guard is missing
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
	mutant  string // digest of the guard's entry and of the source without it
	verdict verdict
	by      []string // the tests that noticed
	// together: the tests' shared program can be this mutant.
	together bool
	err      error // the table or the tree is not in order
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
	top     string // of a copy of the tree
	scratch string
}

// try copies the tree, runs the tests of all guards with none missing, and then
// without each one that kept does not know yet. It tells each result as soon as
// it is there, one after the other.
func try(ctx context.Context, top string, guards []guard, kept *results, tell func(result) error) ([]result, error) {
	scratch, err := os.MkdirTemp("", "mut-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	b := &bench{top: filepath.Join(scratch, "tree"), scratch: scratch}
	if err := copyTree(ctx, top, b.top); err != nil {
		return nil, err
	}
	all := make([]result, len(guards))
	var open []int // those to be tried
	for i, g := range guards {
		if all[i], err = b.mutate(strconv.Itoa(i), g); err != nil {
			return nil, err
		}
		if kept.seenBefore(&all[i]) {
			err = tell(all[i])
		} else {
			open = append(open, i)
		}
		if err != nil {
			return all, err
		}
	}
	if err := b.together(ctx, all, open); err != nil {
		return nil, err
	}
	if err := b.allPass(ctx, all, open); err != nil {
		return nil, err
	}
	var group sync.WaitGroup
	var telling sync.Mutex
	var untold error // guarded by telling
	turns := make(chan struct{}, atOnce)
	for _, i := range open {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			if ctx.Err() != nil {
				return
			}
			b.try(ctx, strconv.Itoa(i), &all[i])
			telling.Lock()
			defer telling.Unlock()
			untold = errors.Join(untold, kept.keep(all[i]), tell(all[i]))
		})
	}
	group.Wait()
	broken := 0
	for _, r := range all {
		if r.err != nil {
			broken++
		}
	}
	if broken > 0 {
		untold = errors.Join(untold, fmt.Errorf("%d guards could not be tried; see above", broken))
	}
	return all, errors.Join(untold, ctx.Err())
}

// copyTree copies what git has or would take, so that nobody who works on in
// the tree meanwhile changes what is tried.
func copyTree(ctx context.Context, from, to string) error {
	ask := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	ask.Dir = from
	said, err := ask.Output()
	if err != nil {
		return fmt.Errorf("ask git what the tree is: %w", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(said), "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and git does not know it yet
		}
		if err != nil {
			return err
		}
		content, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), content, info.Mode().Perm())
		}
		if err != nil {
			return fmt.Errorf("copy the tree: %w", err)
		}
	}
	return nil
}

// allPass makes the shared programs of tests: a test that fails or is missing in
// one that is no mutant shows nothing.
func (b *bench) allPass(ctx context.Context, all []result, open []int) error {
	wanted := map[string][]string{}
	for _, i := range open {
		for _, t := range all[i].guard.tests {
			wanted[t.pkg] = append(wanted[t.pkg], t.names...)
		}
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	var failures []error // guarded by mu
	turns := make(chan struct{}, atOnce)
	for pkg, names := range wanted {
		slices.Sort(names)
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			if err := b.passes(ctx, tests{pkg, slices.Compact(names)}); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, err)
			}
		})
	}
	group.Wait()
	return errors.Join(failures...)
}

func (b *bench) passes(ctx context.Context, t tests) error {
	shared := b.shared(t.pkg)
	err := os.MkdirAll(filepath.Dir(shared), 0o700)
	if err == nil {
		err = b.build(ctx, t.pkg, filepath.Join(b.scratch, overlayName), shared)
	}
	if err != nil {
		return err
	}
	seen, err := b.test(ctx, "whole/"+t.pkg, shared, "", wholeRun, t)
	if err != nil {
		return err
	}
	if len(seen.failed) > 0 || seen.crashed {
		return fmt.Errorf("the tests of %s fail with every guard in place: %s", t.pkg, strings.Join(seen.failed, ", "))
	}
	for _, name := range t.names {
		if !slices.Contains(seen.ran, name) {
			return fmt.Errorf("%s has no test %s", t.pkg, name)
		}
	}
	return nil
}

// try runs the tests of one mutant and fills its result in.
func (b *bench) try(ctx context.Context, place string, r *result) {
	limit := longest
	if r.guard.hangs {
		limit = waited
	}
	r.verdict = notShown
	for _, t := range r.guard.tests {
		if len(r.by) > 0 {
			break
		}
		binary, wanted := b.shared(t.pkg), "Mutant"+place
		var err error
		if !r.together {
			binary, wanted = filepath.Join(b.scratch, place, "tests"), ""
			err = b.build(ctx, t.pkg, filepath.Join(b.scratch, place, overlayName), binary)
		}
		var seen seen
		if err == nil {
			seen, err = b.test(ctx, place, binary, wanted, limit, t)
		}
		if err == nil && seen.hung && !r.guard.hangs {
			err = fmt.Errorf("the tests of %s did not end within %s", t.pkg, limit)
		}
		switch {
		case err != nil:
			r.verdict, r.err = untried, err
			return
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
}

// overlayName is the file that tells the compiler what to take in whose place.
const overlayName = "overlay.json"

// mutate writes the file without the guard, and an overlay that has the
// compiler take it in place of the real one.
func (b *bench) mutate(place string, g guard) (result, error) {
	original := filepath.Join(b.top, filepath.FromSlash(g.file))
	text, err := os.ReadFile(original)
	if err != nil {
		return result{}, err
	}
	without, err := g.without(string(text))
	if err != nil {
		return result{}, err
	}
	dir := filepath.Join(b.scratch, place)
	mutant := filepath.Join(dir, filepath.Base(g.file))
	table, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutant}})
	if err != nil {
		return result{}, err
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "%s\n%v\n%s", g.file, g.tests, without))
	return result{guard: g, mutant: hex.EncodeToString(digest[:])}, errors.Join(os.MkdirAll(dir, 0o700),
		os.WriteFile(mutant, []byte(without), 0o600), os.WriteFile(filepath.Join(dir, overlayName), table, 0o600))
}

// seen is what a test binary said.
type seen struct {
	ran, failed, skipped []string // tests at the top
	crashed, hung        bool
}

// test runs those of a package's tests that are wanted, with the package's
// directory for a working directory as `go test` does.
func (b *bench) test(ctx context.Context, place, binary, wanted, limit string, t tests) (seen, error) {
	temp := filepath.Join(b.scratch, place, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return seen{}, err
	}
	said, err := b.start(ctx, t, binary, temp, wanted, limit)
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) {
		return seen{}, errors.Join(ctx.Err(), err)
	}
	found := read(string(said))
	found.crashed = err != nil && len(found.failed) == 0
	if len(found.ran) == 0 {
		return seen{}, fmt.Errorf("%s has no test %s: %s", t.pkg, strings.Join(t.names, ", "), said)
	}
	return found, os.RemoveAll(temp)
}

// start runs the tests. What they mount is seen by nobody else and ends with
// them, where the system lets us ask for that.
func (b *bench) start(ctx context.Context, t tests, binary, temp, wanted, limit string) ([]byte, error) {
	for _, apart := range []uintptr{syscall.CLONE_NEWNS, 0} {
		test := exec.CommandContext(ctx, binary, "-test.v", "-test.failfast", "-test.timeout="+limit, "-test.run=^("+strings.Join(t.names, "|")+")$")
		test.Dir = filepath.Join(b.top, filepath.FromSlash(t.pkg))
		test.Env = append(os.Environ(), "TMPDIR="+temp, wantedVariable+"="+wanted)
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
