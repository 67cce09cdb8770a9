package ingest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth/dock"
)

// tick is a clock that stands until a test moves it.
type tick struct{ now atomic.Int64 }

func (c *tick) Now() dock.Instant {
	since := time.Duration(c.now.Load())
	return dock.Instant{Wall: time.Date(2026, 3, 4, 23, 30, 0, 0, time.UTC).Add(since), Boot: "boot", SinceBoot: since}
}

func (c *tick) pass(d time.Duration) { c.now.Add(int64(d)) }

func first(bay string) *waiter        { return &waiter{seat: seat{bay: dock.BayName(bay)}} }
func high(bay string) *waiter         { return &waiter{seat: seat{bay: dock.BayName(bay)}, priority: true} }
func second(bay string) *waiter       { return &waiter{seat: seat{bay: dock.BayName(bay), second: true}} }
func got(pairs ...any) rates          { return ratesOf(false, pairs...) }
func again(bay string, r int64) rates { return rates{{bay: dock.BayName(bay), second: true}: r} }

func ratesOf(second bool, pairs ...any) rates {
	r := rates{}
	for i := 0; i < len(pairs); i += 2 {
		r[seat{bay: dock.BayName(pairs[i].(string)), second: second}] = int64(pairs[i+1].(int))
	}
	return r
}

func TestPickPutsPriorityThenFirstPullsThenSecondReads(t *testing.T) {
	for _, c := range []struct {
		promise string
		waiting []*waiter
		served  rates
		want    int
	}{
		{"the only one", []*waiter{second("A")}, rates{}, 0},
		{"a first pull goes before a second read", []*waiter{second("A"), first("B")}, got("B", 900), 1},
		{"a first pull goes before a high-priority bay's second read",
			[]*waiter{{seat: seat{"A", true}, priority: true}, first("B")}, got("B", 900), 1},
		{"a high-priority bay goes before one that got less", []*waiter{first("A"), high("B")}, got("A", 600, "B", 900), 1},
		{"the least served of equals goes first", []*waiter{first("A"), first("B"), first("C")}, got("A", 700, "B", 600, "C", 800), 1},
		{"the least served of high-priority bays goes first", []*waiter{high("A"), high("B")}, got("A", 700, "B", 600), 1},
		{"of equals who came first goes first", []*waiter{first("B"), first("A")}, got("A", 5, "B", 5), 0},
		{"below half the mean goes before high priority", []*waiter{high("A"), first("B")}, got("A", 1000, "B", 300), 1},
		{"exactly half the mean is enough", []*waiter{high("A"), first("B")}, got("A", 900, "B", 300), 0},
		{"of several below half the mean the one with least goes first",
			[]*waiter{high("A"), first("B"), first("C")}, got("A", 9000, "B", 300, "C", 200), 2},
		{"below half the mean, priority does not matter", []*waiter{high("B"), first("C")}, got("A", 9000, "B", 300, "C", 200), 1},
		{"bays that pull without waiting count in the mean", []*waiter{high("A"), first("B")}, got("A", 400, "B", 390, "C", 4000), 1},
		{"second reads do not count in the mean", []*waiter{high("A"), first("B")},
			rates{{bay: "A"}: 400, {bay: "B"}: 390, {bay: "C", second: true}: 9000}, 0},
		{"a second read is never raised by the floor", []*waiter{second("A"), first("B")}, got("B", 9000), 1},
		{"the least served of second reads goes first", []*waiter{second("A"), second("B")}, again("A", 9), 1},
	} {
		if got := pick(c.waiting, c.served); got != c.want {
			t.Errorf("%s: picked %d, want %d", c.promise, got, c.want)
		}
	}
}

func TestHistoryForgetsWhatLeftTheWindow(t *testing.T) {
	h := newHistory(0)
	for s := range 20 {
		h.add(time.Duration(s)*time.Second, 1000)
	}
	if got := h.rate(19 * time.Second); got != 1000 {
		t.Errorf("a steady 1000 bytes a second are measured as %d", got)
	}
	if got := h.rate(24 * time.Second); got < 400 || got > 600 {
		t.Errorf("5 of 10 quiet seconds: %d bytes a second, want about 500", got)
	}
	if got := h.rate(40 * time.Second); got != 0 {
		t.Errorf("after a quiet window: %d bytes a second", got)
	}
	h.add(40*time.Second, 1000)
	if got := h.rate(42 * time.Second); got != 500 {
		t.Errorf("a bay that has pulled for 2 s is measured over %v, not its own time", got)
	}
}

// hall runs Turns in virtual time: every bay wants the next turn as soon as it
// has given the last one back, and a turn takes a millisecond.
type hall struct {
	clock   *tick
	turns   *Turns
	held    []*waiter
	done    map[seat]int64
	pausing map[*waiter]time.Duration // bays whose camera is slow: when the next segment is there
	pause   map[*waiter]time.Duration
}

const segment = 1 << 20

func newHall(workers int) *hall {
	h := &hall{clock: &tick{}, done: map[seat]int64{}, pausing: map[*waiter]time.Duration{}, pause: map[*waiter]time.Duration{}}
	h.turns = NewTurns(workers, h.clock)
	return h
}

func (h *hall) enter(w *waiter) *waiter {
	w.turns, w.ready = h.turns, make(chan struct{}, 1)
	h.want(w)
	return w
}

func (h *hall) want(w *waiter) {
	h.turns.mu.Lock()
	defer h.turns.mu.Unlock()
	h.turns.waiting = append(h.turns.waiting, w)
	h.turns.hand()
}

func (h *hall) run(all []*waiter, d time.Duration, each func()) {
	for end := h.clock.Now().SinceBoot + d; h.clock.Now().SinceBoot < end; {
		for _, w := range all {
			select {
			case <-w.ready:
				h.held = append(h.held, w)
			default:
			}
		}
		h.clock.pass(time.Millisecond)
		now := h.clock.Now().SinceBoot
		served := h.held
		h.held = nil
		for _, w := range served {
			w.give(segment)
			h.done[w.seat] += segment
			h.pausing[w] = now + h.pause[w]
		}
		for _, w := range all {
			if at, pausing := h.pausing[w]; pausing && at <= now {
				delete(h.pausing, w)
				h.want(w)
			}
		}
		if each != nil {
			each()
		}
	}
}

func TestNoBayStaysBelowHalfTheMeanBesideHighPriorityBays(t *testing.T) {
	for _, workers := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			h := newHall(workers)
			var all []*waiter
			for i := range 3 {
				all = append(all, h.enter(high(fmt.Sprint("H", i))))
			}
			for i := range 5 {
				all = append(all, h.enter(first(fmt.Sprint("N", i))))
			}
			h.run(all, 12*time.Second, nil)
			h.run(all, 20*time.Second, func() {
				now := h.clock.Now().SinceBoot
				var sum int64
				for _, w := range all {
					sum += h.turns.served[w.seat].rate(now)
				}
				mean := sum / int64(len(all))
				for _, w := range all {
					// Turns that are running are not counted yet: allow a few segments in the window.
					if rate := h.turns.served[w.seat].rate(now); rate < mean/2-mean/10 {
						t.Fatalf("at %v bay %s gets %d of a mean of %d bytes a second", now, w.bay, rate, mean)
					}
				}
			})
			// A bay that gives its turn back is not in the queue at that moment, so
			// with more turns ordinary bays get some of the high ones' as well.
			if h.done[all[0].seat] < h.done[all[7].seat]*3/2 {
				t.Errorf("a high-priority bay got %d bytes, an ordinary one %d", h.done[all[0].seat], h.done[all[7].seat])
			}
		})
	}
}

func TestABayThatComesLateDoesNotStopTheOthers(t *testing.T) {
	h := newHall(1)
	all := []*waiter{h.enter(first("A")), h.enter(first("B"))}
	h.run(all, 15*time.Second, nil)
	before := h.done[all[0].seat]
	all = append(all, h.enter(first("C")))
	h.run(all, 3*time.Second, nil)
	if got := h.done[all[0].seat] - before; got < 100*segment {
		t.Errorf("bay A got %d segments in the 3 s after bay C came", got/segment)
	}
	if h.done[all[2].seat] < 500*segment {
		t.Errorf("bay C got %d segments in its first 3 s", h.done[all[2].seat]/segment)
	}
}

func TestSecondReadsGetEverythingThatFirstPullsLeave(t *testing.T) {
	h := newHall(1)
	slow := first("A") // its camera needs 9 ms for a segment
	h.pause[slow] = 9 * time.Millisecond
	all := []*waiter{h.enter(slow), h.enter(second("B")), h.enter(second("C"))}
	h.run(all, 10*time.Second, nil)
	pulled, reread := h.done[all[0].seat], h.done[all[1].seat]+h.done[all[2].seat]
	if pulled < 900*segment {
		t.Errorf("the slow camera got %d segments, 10 ms each, beside second reads in 10 s", pulled/segment)
	}
	if reread < 8500*segment {
		t.Errorf("second reads got only %d of the 9000 turns that nobody else wanted", reread/segment)
	}
	if b, c := h.done[all[1].seat], h.done[all[2].seat]; b-c > segment || c-b > segment {
		t.Errorf("second reads are not served alike: %d and %d", b/segment, c/segment)
	}
	busy := []*waiter{h.enter(first("D")), h.enter(first("E"))}
	h.run(append(all, busy...), 20*time.Millisecond, nil)
	before := h.done[all[1].seat] + h.done[all[2].seat]
	h.run(append(all, busy...), time.Second, nil)
	if got := h.done[all[1].seat] + h.done[all[2].seat] - before; got != 0 {
		t.Errorf("second reads got %d segments while first pulls waited", got/segment)
	}
}

func TestNeverMoreTurnsThanWorkers(t *testing.T) {
	const workers, bays, each = 3, 12, 50
	turns := NewTurns(workers, &tick{})
	var at, most atomic.Int64
	var group sync.WaitGroup
	for bay := range bays {
		group.Go(func() {
			w := turns.place(seat{bay: dock.BayName(fmt.Sprint(bay)), second: bay%3 == 0}, bay%4 == 0)
			for range each {
				if err := w.take(t.Context()); err != nil {
					t.Error(err)
					return
				}
				now := at.Add(1)
				for {
					if old := most.Load(); now <= old || most.CompareAndSwap(old, now) {
						break
					}
				}
				at.Add(-1)
				w.give(segment)
			}
		})
	}
	group.Wait()
	if most.Load() > workers {
		t.Errorf("%d turns at once, at most %d", most.Load(), workers)
	}
	if turns.free != workers || len(turns.waiting) != 0 {
		t.Errorf("at the end %d turns are free and %d wait", turns.free, len(turns.waiting))
	}
}

func TestWaitingForATurnEndsWithItsContextAndLosesNoTurn(t *testing.T) {
	turns := NewTurns(1, &tick{})
	holder := turns.place(seat{bay: "A"}, false)
	if err := holder.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		w := turns.place(seat{bay: "B"}, false)
		outcome := make(chan error, 1)
		go func() { outcome <- w.take(ctx) }()
		turns.mu.Lock()
		for len(turns.waiting) == 0 {
			turns.mu.Unlock()
			runtime.Gosched()
			turns.mu.Lock()
		}
		// The context ends, and the turn comes before the waiter can say so.
		cancel()
		turns.free++
		turns.hand()
		turns.mu.Unlock()
		if err := <-outcome; err == nil {
			w.give(segment)
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		turns.mu.Lock()
		free := turns.free
		turns.mu.Unlock()
		if free != 1 {
			t.Fatal("a turn was lost")
		}
		if err := holder.take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	holder.give(0)
	if turns.free != 1 || len(turns.waiting) != 0 {
		t.Errorf("at the end %d turns are free and %d wait", turns.free, len(turns.waiting))
	}
}

func TestTurnsForgetBaysThatAreIdle(t *testing.T) {
	clock := &tick{}
	turns := NewTurns(1, clock)
	for i := range 100 {
		w := turns.place(seat{bay: dock.BayName(fmt.Sprint(i))}, false)
		if err := w.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.give(segment)
		clock.pass(time.Second)
	}
	if len(turns.served) > 12 {
		t.Errorf("%d bays are remembered, of which 10 were served in the window", len(turns.served))
	}
}
