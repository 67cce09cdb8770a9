package ingest

import (
	"context"
	"slices"
	"sync"
	"time"

	"berth/dock"
)

// Turns shares the station's processors and disk among the bays: at most so
// many segments are worked on at once, and who is next is decided by pick. A
// turn is taken when the bytes are at hand and given back when the work on
// them is done; nobody waits for a camera while holding one. Safe for
// concurrent use.
type Turns struct {
	clock dock.Clock

	mu      sync.Mutex
	free    int               // guarded by mu: turns nobody holds
	waiting []*waiter         // guarded by mu, in order of arrival
	served  map[seat]*history // guarded by mu: what each bay got lately
	rates   rates             // guarded by mu: scratch of hand
}

// TurnsPerThread is how many turns a station has for each goroutine that may
// run at once (GOMAXPROCS, see OverlapDisk): whoever holds one waits for the
// disk about as long as it works.
const TurnsPerThread = 2

// NewTurns has the given number of turns, at least one. The clock's time since
// boot measures the rates.
func NewTurns(workers int, clock dock.Clock) *Turns {
	return &Turns{clock: clock, free: max(workers, 1), served: map[seat]*history{}, rates: rates{}}
}

// waiter is one goroutine's place in the queue, used again for every turn.
type waiter struct {
	seat
	priority bool // the bay is a high-priority one
	turns    *Turns
	ready    chan struct{} // capacity 1: a turn was given
}

// place makes a place in the queue for one goroutine.
func (t *Turns) place(s seat, priority bool) *waiter {
	return &waiter{seat: s, priority: priority, turns: t, ready: make(chan struct{}, 1)}
}

// take waits for a turn, or for ctx to end. Whoever has one gives it back.
func (w *waiter) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := w.turns
	t.mu.Lock()
	t.waiting = append(t.waiting, w)
	t.hand()
	t.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.waiting, w); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
		return ctx.Err()
	}
	// The turn came at the same moment: hand it on.
	<-w.ready
	t.free++
	t.hand()
	return ctx.Err()
}

// give ends the turn, in which doneBytes of the recording were finished.
func (w *waiter) give(doneBytes int64) {
	t := w.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if doneBytes > 0 {
		now := t.clock.Now().SinceBoot
		t.historyOf(w.seat, now).add(now, doneBytes)
	}
	t.free++
	t.hand()
}

// hand gives every free turn to whom pick says. The caller holds mu.
func (t *Turns) hand() {
	for t.free > 0 && len(t.waiting) > 0 {
		t.measure()
		i := pick(t.waiting, t.rates)
		w := t.waiting[i]
		t.waiting = slices.Delete(t.waiting, i, i+1)
		t.free--
		w.ready <- struct{}{}
	}
}

// measure brings the rates up to date and forgets who got nothing within the
// window and wants nothing. The caller holds mu.
func (t *Turns) measure() {
	now := t.clock.Now().SinceBoot
	clear(t.rates)
	for _, w := range t.waiting {
		t.rates[w.seat] = t.historyOf(w.seat, now).rate(now)
	}
	for s, h := range t.served {
		rate := h.rate(now)
		if _, waits := t.rates[s]; !waits && h.total == 0 {
			delete(t.served, s)
			continue
		}
		t.rates[s] = rate
	}
}

func (t *Turns) historyOf(s seat, now time.Duration) *history {
	h, known := t.served[s]
	if !known {
		h = newHistory(now)
		t.served[s] = h
	}
	return h
}
