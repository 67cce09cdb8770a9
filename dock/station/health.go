package station

import (
	"fmt"
	"sync"
	"time"

	"berth/dock"
	"berth/ingest"
)

// clockStep is how far the wall clock may move against the boot clock before
// the station doubts it.
const clockStep = time.Minute

// health watches what the station's own judgement rests on. Safe for
// concurrent use.
type health struct {
	clock dock.Clock
	spool *ingest.Spool

	mu    sync.Mutex
	start dock.Instant // guarded by mu; what the clock is compared with
}

func newHealth(clock dock.Clock, spool *ingest.Spool) *health {
	return &health{clock: clock, spool: spool, start: clock.Now()}
}

// check returns the reasons not to erase anything now. A doubt goes away by
// itself only when its cause does.
func (h *health) check() dock.Health {
	var locks []dock.Lock
	if text := h.doubtClock(); text != "" {
		locks = append(locks, dock.Lock{Code: "clock", Text: text})
	}
	if free, _, err := h.spool.Free(); err != nil {
		locks = append(locks, dock.Lock{Code: "disk", Text: "the spool's disk cannot be asked: " + err.Error()})
	} else if free <= 0 {
		locks = append(locks, dock.Lock{Code: "disk", Text: "the spool's disk is full"})
	}
	return dock.Health{Locks: locks}
}

// doubtClock compares how far both clocks have moved since the start.
func (h *health) doubtClock() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	if now.Wall.Year() < 2024 {
		return fmt.Sprintf("the station's clock says %s", now.Wall.UTC().Format("2006-01-02"))
	}
	// Round(0) takes the monotonic reading away: the wall clock itself is meant.
	wall := now.Wall.Round(0).Sub(h.start.Wall.Round(0))
	if drift := wall - now.Since(h.start); drift.Abs() > clockStep {
		return fmt.Sprintf("the station's clock was moved by %v while it ran; restart the station when it is right", drift.Round(time.Second))
	}
	return ""
}
