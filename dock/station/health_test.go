package station

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// movedClock is the kernel's clock, moved by somebody.
type movedClock struct {
	dock.Clock

	mu sync.Mutex
	by time.Duration // guarded by mu
}

func (c *movedClock) Now() dock.Instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Clock.Now()
	now.Wall = now.Wall.Round(0).Add(c.by)
	return now
}

func (c *movedClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by = by
}

const year = 365 * 24 * time.Hour

// moved gives the house a clock that can be moved.
func (h *house) moved() *movedClock {
	c := &movedClock{Clock: h.clock}
	h.clock = c
	return c
}

// problem waits for a status with this code, or without it.
func (h *house) problem(code string, there bool) dock.Problem {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	for {
		changed := h.station.Changed()
		status := h.station.Status(ctx)
		var found *dock.Problem
		for i := range status.Problems {
			if status.Problems[i].Code == code {
				found = &status.Problems[i]
			}
		}
		switch {
		case found == nil && !there:
			return dock.Problem{}
		case found != nil && there:
			return *found
		}
		select {
		case <-changed:
		case <-ctx.Done():
			h.t.Fatalf("problem %s: want %v, status %+v", code, there, status)
		}
	}
}

func TestAClockMovedWhileRunningStopsErasingAndNothingElse(t *testing.T) {
	for name, by := range map[string]time.Duration{"20 years back": -20 * year, "20 years ahead": 20 * year} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "A1")
			clock := h.moved()
			h.start()
			clock.move(by)
			if status := h.station.Status(t.Context()); status.Mode != dock.ModeEraseLocked {
				t.Errorf("mode is %s", status.Mode)
			}
			h.camera("cam", map[string][]byte{"a.mp4": random(5000)})
			h.dock("cam", "A1")
			h.waitState("A1", dock.BayStored)
			if left := h.onCamera("cam", "A1"); len(left) != 1 {
				t.Errorf("left on the camera: %v", left)
			}
			h.problem("clock", true)
			clock.move(0) // it is right again
			h.problem("clock", false)
			h.waitState("A1", dock.BayReady)
		})
	}
}

func TestAClockBeforeTheJournalStopsErasingUntilItIsRightOrAccepted(t *testing.T) {
	for name, by := range map[string]time.Duration{"20 years back": -20 * year, "20 years ahead": 20 * year, "a day back": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "A1")
			clock := h.moved()
			h.start()
			h.stop()
			clock.move(by)
			h.camera("cam", map[string][]byte{"a.mp4": random(5000)})
			h.dock("cam", "A1")
			h.start()
			h.waitState("A1", dock.BayStored)
			h.problem("clock", true)
			if by == -24*time.Hour { // a person says that it is right now
				h.must(h.station.Release(t.Context(), "clock", "Sgt. Lee", "it was a day ahead before"))
			} else { // it is set
				clock.move(0)
			}
			h.problem("clock", false)
			h.waitState("A1", dock.BayReady)
			if err := h.station.Release(t.Context(), "clock", "", ""); err == nil {
				t.Error("a clock that nobody doubts was accepted")
			}
		})
	}
}

func TestAFullSpoolPausesIngestAndGoesOnByItself(t *testing.T) {
	h := newHouse(t, "A1")
	h.must(os.Mkdir(h.path("data"), 0o700))
	if err := unix.Mount("none", h.path("data"), "tmpfs", 0, "size=48m"); err != nil {
		t.Skipf("no small disk here: %v", err)
	}
	t.Cleanup(func() { h.must(unix.Unmount(h.path("data"), unix.MNT_DETACH)) })
	h.start()
	free, _, err := h.station.o.Spool.Free()
	h.must(err)
	h.must(os.WriteFile(h.path("data", "ballast"), make([]byte, free-6<<20), 0o600))
	h.camera("cam", map[string][]byte{"large.mp4": random(8 << 20), "small.mp4": random(5000)})
	h.dock("cam", "A1")
	if p := h.problem("spool-full", true); p.Do == "" || p.Advice {
		t.Errorf("problem: %+v", p)
	}
	h.wait("A1", "in need of a person", func(b dock.BayStatus) bool {
		return b.State == dock.BayAttention && strings.Contains(b.Attention, "no room") && b.RecordingsDone == 1
	})
	if status := h.station.Status(t.Context()); status.Healthy || status.Mode != dock.ModeNormal {
		t.Errorf("healthy %v, mode %s", status.Healthy, status.Mode)
	}
	h.must(os.Remove(h.path("data", "ballast")))
	h.problem("spool-full", false)
	h.waitState("A1", dock.BayReady)
}

// The journal's own doubt shows in the status, and a person lifts it.
func TestAnEpochThatBeganAnewIsLockedUntilAPersonReleasesIt(t *testing.T) {
	h := newHouse(t, "A1")
	h.start()
	h.stop()
	h.must(os.WriteFile(h.path("data", "journal", "journal.db"), random(8192), 0o600))
	h.camera("cam", map[string][]byte{"a.mp4": random(5000)})
	h.dock("cam", "A1")
	h.start()
	h.waitState("A1", dock.BayStored)
	if p := h.problem("epoch", true); p.Do == "" {
		t.Errorf("problem: %+v", p)
	}
	h.must(h.station.Release(t.Context(), "epoch", "Sgt. Lee", "new disk"))
	h.problem("epoch", false)
	h.waitState("A1", dock.BayReady)
}
