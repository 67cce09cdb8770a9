package journal

import (
	"context"
	"fmt"
	"time"

	"berth/dock"
)

const (
	// clockSlack is how far the clock may be behind the journal without doubt.
	clockSlack = time.Minute
	// clockLeap is how long a station may have been switched off without doubt.
	clockLeap = 5 * 365 * 24 * time.Hour
)

// timing is what the journal believes about the wall clock. The latest time
// goes on by the boot clock from a start whose wall clock was plausible, so
// that a clock that is moved later does not move it.
type timing struct {
	before  time.Time    // the latest time of earlier runs; zero for none
	start   dock.Instant // of this run, or when a person accepted the clock
	trusted bool         // start was plausible
}

func newTiming(before time.Time, start dock.Instant) timing {
	return timing{before: before, start: start, trusted: plausible(before, start.Wall) == ""}
}

// latest is what to keep for the next run.
func (t timing) latest(now dock.Instant) time.Time {
	if !t.trusted {
		return t.before
	}
	if at := t.start.Wall.Add(now.Since(t.start)); at.After(t.before) {
		return at
	}
	return t.before
}

func plausible(before, wall time.Time) string {
	switch day := "2006-01-02 15:04"; {
	case before.IsZero():
	case wall.Before(before.Add(-clockSlack)):
		return fmt.Sprintf("the station's clock says %s, and the journal had come to %s", wall.UTC().Format(day), before.UTC().Format(day))
	case wall.After(before.Add(clockLeap)):
		return fmt.Sprintf("the station's clock says %s, years after %s, to which the journal had come", wall.UTC().Format(day), before.UTC().Format(day))
	}
	return ""
}

// DoubtTime says why this wall clock cannot be right after what earlier runs
// journalled; empty if it can.
func (j *Journal) DoubtTime(wall time.Time) string {
	j.doubts.Lock()
	defer j.doubts.Unlock()
	return plausible(j.timing.before, wall)
}

// AcceptTime takes the present wall clock for right: a person looked at it. by
// and text are personal.
func (j *Journal) AcceptTime(ctx context.Context, by, text string) error {
	now := j.now()
	err := j.Write(ctx, func(tx *Tx) error {
		tx.accepted = now.Wall
		return tx.Event("clock-accepted", nil, map[string]string{"by": by, "text": text})
	})
	if err != nil {
		return fmt.Errorf("accept the clock: %w", err)
	}
	j.doubts.Lock()
	defer j.doubts.Unlock()
	j.timing = newTiming(now.Wall, now)
	return nil
}

// latestNow is what a commit keeps of the time.
func (tx *Tx) latestNow() int64 {
	if !tx.accepted.IsZero() {
		return tx.accepted.UnixNano()
	}
	tx.j.doubts.Lock()
	defer tx.j.doubts.Unlock()
	latest := tx.j.timing.latest(tx.j.now())
	if latest.IsZero() {
		return 0
	}
	return latest.UnixNano()
}
