package station

import (
	"context"
	"fmt"
	"sync"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/ingest"
)

const (
	// clockStep is how far the wall clock may move against the boot clock before
	// the station doubts it.
	clockStep = time.Minute
	// firstYear is before every station; a clock without a battery says less.
	firstYear = 2024
)

// health watches what the station's own judgement rests on. Safe for
// concurrent use.
type health struct {
	clock   dock.Clock
	spool   *ingest.Spool
	journal *journal.Journal

	// past says why this wall clock cannot be right after what earlier runs
	// journalled; nil if there is nothing to compare with.
	past func(wall time.Time) string

	mu       sync.Mutex
	start    dock.Instant // guarded by mu; what the clock is compared with
	baseless bool         // guarded by mu; the clock could not be right at start
}

func newHealth(clock dock.Clock, spool *ingest.Spool, j *journal.Journal) *health {
	h := &health{clock: clock, spool: spool, journal: j, past: j.DoubtTime, start: clock.Now()}
	h.baseless = h.impossible(h.start.Wall) != ""
	return h
}

// check returns the reasons not to erase anything now. A doubt goes away by
// itself only when its cause does.
func (h *health) check() dock.Health {
	locks := h.journal.Locks()
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

// doubtClock compares the clock with what earlier runs journalled and, from the
// first moment at which it could be right, with how far the boot clock went.
func (h *health) doubtClock() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	if doubt := h.impossible(now.Wall); doubt != "" {
		return doubt
	}
	if h.baseless {
		h.start, h.baseless = now, false
	}
	// Round(0) takes the monotonic reading away: the wall clock itself is meant.
	wall := now.Wall.Round(0).Sub(h.start.Wall.Round(0))
	if drift := wall - now.Since(h.start); drift.Abs() > clockStep {
		return fmt.Sprintf("the station's clock was moved by %v while it ran", drift.Round(time.Second))
	}
	return ""
}

// impossible says why the wall clock cannot be right, whatever it did since.
func (h *health) impossible(wall time.Time) string {
	if wall.Year() < firstYear {
		return fmt.Sprintf("the station's clock says %s", wall.UTC().Format("2006-01-02"))
	}
	if h.past == nil {
		return ""
	}
	return h.past(wall)
}

// acceptClock takes the present wall clock for right, as a person says.
func (h *health) acceptClock(ctx context.Context, by, reason string) error {
	if h.doubtClock() == "" {
		return dock.ErrNotHeld
	}
	if err := h.journal.AcceptTime(ctx, by, reason); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.start = h.clock.Now()
	return nil
}

// ownLocks are the locks of the station itself that a person can lift.
func (s *Station) ownLocks() map[string]func(ctx context.Context, by, reason string) error {
	return map[string]func(ctx context.Context, by, reason string) error{
		"epoch": s.o.Journal.ReleaseEpoch,
		"clock": s.health.acceptClock,
	}
}

// problems are the doubts and shortages of this moment.
func (h *health) problems() (list []dock.Problem, locked bool) {
	for _, lock := range h.check().Locks {
		list = append(list, dock.ProblemOf(lock.Code, lock.Text))
		locked = true
	}
	if lacking, err := h.spool.Lacking(); err == nil && lacking > 0 {
		list = append(list, dock.ProblemOf("spool-full",
			fmt.Sprintf("the spool has no room for the next recording: %d MB must become free", (lacking+999_999)/1_000_000)))
	}
	return list, locked
}
