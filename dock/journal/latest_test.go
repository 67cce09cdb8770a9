package journal

import (
	"testing"
	"time"

	"berth/dock"
)

// moved is the test clock with a wall clock that somebody moved.
type moved struct {
	*testClock
	by time.Duration
}

func (c *moved) Now() dock.Instant {
	now := c.testClock.Now()
	now.Wall = now.Wall.Add(c.by)
	return now
}

const years = 365 * 24 * time.Hour

func TestAClockOfAnotherTimeIsDoubtedAtTheStart(t *testing.T) {
	for name, by := range map[string]time.Duration{"20 years ago": -20 * years, "in 20 years": 20 * years, "an hour ago": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t)
			right := s.clock.Now().Wall
			if doubt := s.DoubtTime(right); doubt != "" {
				t.Fatalf("a new station doubts its clock: %s", doubt)
			}
			s.must(s.Close())
			clock := &moved{s.clock, by}
			s.opts.Clock = clock
			s.openAgain()
			if s.DoubtTime(clock.Now().Wall) == "" {
				t.Error("the clock is believed")
			}
			s.dock("cam-1")
			s.reopen() // writing with the wrong clock does not make it right
			if s.DoubtTime(clock.Now().Wall) == "" {
				t.Error("the clock is believed after a restart")
			}
			if doubt := s.DoubtTime(right.Add(time.Minute)); doubt != "" {
				t.Errorf("the right time is doubted: %s", doubt)
			}
			s.must(s.AcceptTime(s.ctx, "Sgt. Lee", "looked at my watch"))
			if doubt := s.DoubtTime(clock.Now().Wall); doubt != "" {
				t.Errorf("accepted, and doubted: %s", doubt)
			}
			s.reopen()
			if doubt := s.DoubtTime(clock.Now().Wall); doubt != "" || len(s.events("clock-accepted")) != 1 {
				t.Errorf("accepted, and doubted after a restart: %s", doubt)
			}
		})
	}
}

func TestAClockThatIsMovedWhileRunningDoesNotMoveWhatTheNextStartBelieves(t *testing.T) {
	s := newStation(t)
	clock := &moved{s.clock, 0}
	s.must(s.Close())
	s.opts.Clock = clock
	s.openAgain()
	clock.by = 20 * years
	s.clock.advance(time.Hour)
	s.dock("cam-1")
	s.must(s.Close())
	clock.by = 0
	s.openAgain()
	if doubt := s.DoubtTime(clock.Now().Wall); doubt != "" {
		t.Errorf("the right time is doubted: %s", doubt)
	}
	if s.DoubtTime(clock.Now().Wall.Add(-30*time.Minute)) == "" {
		t.Error("half an hour before the last event is believed")
	}
}
