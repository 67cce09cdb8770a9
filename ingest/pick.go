package ingest

import (
	"time"

	"berth/dock"
)

// rates is what bays got lately, in bytes a second; a bay that wants a turn
// and got nothing stands there with zero.
type rates map[seat]int64

// seat tells a bay's first pulls from its second reads.
type seat struct {
	bay    dock.BayName
	second bool
}

// pick returns the index of the one who is next. First pulls go before second
// reads. A first pull whose bay got less than half the mean of the bays that
// are pulling goes before all others, so that high-priority bays slow the rest
// down but never stop them. Then high-priority bays; then who was served least
// lately; then who came first.
func pick(waiting []*waiter, served rates) int {
	mean := served.mean()
	best := 0
	for i, w := range waiting {
		if before(w, waiting[best], served, mean) {
			best = i
		}
	}
	return best
}

func before(a, b *waiter, served rates, mean int64) bool {
	if a.second != b.second {
		return b.second
	}
	rateA, rateB := served[a.seat], served[b.seat]
	starvedA, starvedB := !a.second && rateA < mean/2, !b.second && rateB < mean/2
	if starvedA != starvedB {
		return starvedA
	}
	if a.priority != b.priority && !starvedA {
		return a.priority
	}
	return rateA < rateB
}

// mean is the mean rate of the bays' first pulls.
func (r rates) mean() int64 {
	var sum, n int64
	for s, rate := range r {
		if !s.second {
			sum, n = sum+rate, n+1
		}
	}
	return sum / max(n, 1)
}

// Rates are measured over a window that slides in steps.
const (
	rateWindow = 10 * time.Second
	rateSteps  = 20
	rateStep   = rateWindow / rateSteps
	// rateSettled is the shortest time that a rate is measured over, so that
	// the first segment of a bay does not look like a torrent.
	rateSettled = time.Second
)

// history is what one seat got within the window before the latest step.
type history struct {
	began  time.Duration // since boot, when the window's first bytes could have come
	latest int64         // number of the latest step
	bytes  [rateSteps]int64
	total  int64
}

func newHistory(now time.Duration) *history {
	return &history{began: now, latest: int64(now / rateStep)}
}

// slide forgets what has left the window.
func (h *history) slide(now time.Duration) {
	step := int64(now / rateStep)
	if step-h.latest >= rateSteps {
		*h = history{began: now, latest: step}
	}
	for h.latest < step {
		h.latest++
		oldest := &h.bytes[h.latest%rateSteps]
		h.total -= *oldest
		*oldest = 0
	}
}

func (h *history) add(now time.Duration, n int64) {
	h.slide(now)
	h.bytes[h.latest%rateSteps] += n
	h.total += n
}

// rate is in bytes a second.
func (h *history) rate(now time.Duration) int64 {
	h.slide(now)
	over := min(max(now-h.began, rateSettled), rateWindow)
	return h.total * 1000 / int64(over/time.Millisecond)
}
