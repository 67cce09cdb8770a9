//go:build linux && amd64

package faults

import (
	"context"
	"math"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// rule is one thing that goes wrong with operations whose text, with paths
// below the house, matches.
type rule struct {
	what  *regexp.Regexp
	from  int           // the first of them that is meant, counted from 1
	times int           // how many of them, 0 for all until lift
	errno syscall.Errno // refused with this
	park  bool          // or hangs until lift
	do    func()        // or is done after this; nil for nothing

	seen, met int // guarded by the meddler's mu
}

// fails is a rule that refuses the first times operations, all for 0.
func fails(what string, errno syscall.Errno, times int) *rule {
	return &rule{what: regexp.MustCompile(what), from: 1, times: times, errno: errno}
}

// once is a rule that refuses the first operation after n others of another kind.
func once(what string, errno syscall.Errno, n int, others string) []*rule {
	r := fails(what, errno, 1)
	r.from = math.MaxInt
	count := &rule{what: regexp.MustCompile(others), from: n, times: 1, do: func() { r.from = r.seen + 1 }}
	return []*rule{count, r}
}

// meddler directs one run of the real program: it watches as a watcher does,
// and makes things go wrong by its rules. Safe for concurrent use.
type meddler struct {
	mu    sync.Mutex
	watch *watcher        // guarded by mu
	rules []*rule         // guarded by mu
	moved time.Duration   // guarded by mu
	reads map[string]bool // guarded by mu: paths of the files that were read
}

func newMeddler(ctx context.Context, h *house, rules []*rule) *meddler {
	return &meddler{watch: &watcher{ctx: ctx, house: h}, rules: rules, reads: map[string]bool{}}
}

func (m *meddler) before(o operation) verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.kind == opRead {
		m.reads[o.path] = true
	} else {
		m.watch.before(o)
	}
	text := m.watch.shown(o)
	for _, r := range m.rules {
		if !r.what.MatchString(text) {
			continue
		}
		if r.seen++; r.seen < r.from || r.times > 0 && r.seen-r.from >= r.times {
			continue
		}
		r.met++
		if r.do != nil {
			r.do()
		}
		return verdict{errno: r.errno, skip: r.errno != 0, park: r.park}
	}
	return verdict{}
}

func (m *meddler) after(o operation, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.kind != opRead {
		m.watch.after(o, ok)
	}
}

func (m *meddler) cut() {}

func (m *meddler) parks() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rules {
		if r.park {
			return true
		}
	}
	return false
}

func (m *meddler) clock() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.moved
}

// setClock moves the clock on the wall.
func (m *meddler) setClock(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moved = by
}

// lift ends all rules: from now on everything works.
func (m *meddler) lift() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rules = nil
}

// met is how often the rule was applied.
func (m *meddler) met(r *rule) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return r.met
}

// didRead reports whether the program read from the file.
func (m *meddler) didRead(path string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads[path]
}

// watched is what was done too early, if anything.
func (m *meddler) watched() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.watch.err()
}
