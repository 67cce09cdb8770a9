//go:build linux && amd64

package faults

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// sweep is one test's trials: what is tried, where and how many at once.
type sweep struct {
	name     string
	agency   agency
	base     string // directory for the houses, empty for the system's
	build    builder
	patience time.Duration
	atOnce   int
	total    int // operations of a life without faults
	modes    []string
	about    int // how many trials where not all are asked for
	results  *results
}

// run tries all that is planned and not in the results yet.
func (s *sweep) run(t *testing.T) {
	t.Helper()
	seed := *flagSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	part, err := parseShard(*flagShard)
	if err == nil {
		s.results, err = openResults(*flagResults)
	}
	if err != nil {
		t.Fatal(err)
	}
	plan := sample(s.total, seed, s.modes, s.about, part)
	left := slices.DeleteFunc(slices.Clone(plan), func(f fault) bool { return s.results.kept[s.key(f)] })
	t.Logf("%d operations, %d faults, %d of them tried before; again: -faults.seed %d", s.total, len(plan), len(plan)-len(left), seed)
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(s.atOnce)
	for _, f := range left {
		group.Go(func() error {
			over := *flagFor > 0 && time.Since(began) > *flagFor
			if over || t.Failed() && !*flagAll && *flagEvery == 0 {
				return nil
			}
			s.check(t, trial{fault: f, seed: seed, total: s.total, patience: s.patience})
			return nil
		})
	}
	if err := errors.Join(group.Wait(), s.results.close()); err != nil {
		t.Fatal(err)
	}
	t.Logf("in %v, %s", time.Since(began).Round(time.Second), s.results)
}

// key is what is the same about a trial whenever it is tried.
func (s *sweep) key(f fault) string { return fmt.Sprintf("%s %d %s", s.name, f.k, f.mode) }

// result is one line of the results file.
type result struct {
	Trial  string `json:"trial"` // the sweep, the operation's number, and the kind of fault
	Seed   uint64 `json:"seed"`
	Hit    string `json:"hit"` // the operation, empty if the station was at rest before it
	End    string `json:"end"`
	Broken string `json:"broken,omitempty"` // the promise
}

func (s *sweep) result(tr trial, out outcome, where string, err error) result {
	end := map[int]string{exitAtRest: "came to rest", exitFailed: "gave up", exitBusy: "was still at it"}[out.ending.code]
	switch {
	case out.ending.killed:
		end = "was killed"
	case end == "":
		end = fmt.Sprintf("ended with %d", out.ending.code)
	}
	if out.hit == (operation{}) {
		where, end = "", end+" before the fault"
	}
	r := result{Trial: s.key(tr.fault), Seed: tr.seed, Hit: where, End: tr.fault.mode + ": the station " + end}
	if err != nil {
		r.Broken = err.Error()
	}
	return r
}

// results counts what trials came to and keeps it in a file, if there is one,
// so that a sweep can be taken up again. Safe for concurrent use by trials.
type results struct {
	kept map[string]bool // trials of earlier runs that broke no promise

	mu     sync.Mutex
	file   *os.File       // guarded by mu; nil for none
	count  map[string]int // guarded by mu
	broken int            // guarded by mu
}

func openResults(path string) (*results, error) {
	r := &results{kept: map[string]bool{}, count: map[string]int{}}
	if path == "" {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line result
		if json.Unmarshal(lines.Bytes(), &line) == nil { // the last one may be half a line
			r.kept[line.Trial] = line.Broken == ""
		}
	}
	r.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return r, errors.Join(err, lines.Err())
}

func (r *results) add(line result) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count[line.End]++
	if line.Broken != "" {
		r.broken++
	}
	if r.file == nil {
		return nil
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = r.file.Write(append(text, '\n'))
	}
	return err
}

func (r *results) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

func (r *results) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	fmt.Fprintf(&text, "%d broken promises\n", r.broken)
	for _, key := range slices.Sorted(maps.Keys(r.count)) {
		fmt.Fprintf(&text, "%5d %s\n", r.count[key], key)
	}
	return text.String()
}

// shard is one of several parts of the work.
type shard struct{ i, of int }

func parseShard(text string) (s shard, err error) {
	if n, err := fmt.Sscanf(text, "%d/%d", &s.i, &s.of); n != 2 || err != nil || s.i < 1 || s.i > s.of {
		return s, fmt.Errorf("-faults.shard %s is not i/n with i from 1 to n", text)
	}
	return s, nil
}

func (s shard) has(k int) bool { return k%s.of == s.i-1 }
