package station

import (
	"context"
	"fmt"
	"time"

	"berth/dock"
)

// Status is the station at this moment.
func (s *Station) Status(ctx context.Context) dock.Status {
	status := dock.Status{
		Station: s.o.ID, Version: s.o.Version, Mode: dock.ModeNormal,
		Problems: append([]dock.Problem{}, s.o.Standing...),
	}
	var err error
	if status.Stores, err = s.o.Queue.Status(ctx); err != nil {
		status.Problems = append(status.Problems, dock.ProblemOf("journal-read", "the journal cannot be read: "+err.Error()))
	}
	doubts, locked := s.health.problems()
	status.Problems = append(status.Problems, doubts...)
	if locked {
		status.Mode = dock.ModeEraseLocked
	}
	now := s.o.Clock.Now().SinceBoot
	for _, b := range s.bays {
		status.Bays = append(status.Bays, b.status(now))
	}
	if free, used, err := s.o.Spool.Free(); err == nil {
		status.Spool = dock.SpoolStatus{FreeBytes: free, UsedBytes: used}
	}
	status.Problems = append(status.Problems, storeProblems(status.Stores)...)
	status.Problems = append(status.Problems, lateProblems(s.errands.open(), now)...)
	status.Healthy = healthy(status)
	return status
}

// storeProblems are the stores that cannot be used, and those that do not take
// what they are given.
func storeProblems(stores []dock.StoreStatus) []dock.Problem {
	var problems []dock.Problem
	for _, store := range stores {
		if store.WaitingFor != "" {
			problems = append(problems, dock.ProblemOf("store", fmt.Sprintf("store %s: %s", store.Store, store.WaitingFor)))
		}
	}
	return problems
}

func lateProblems(late []lateOne, now time.Duration) []dock.Problem {
	var problems []dock.Problem
	for _, one := range late {
		problems = append(problems, dock.ProblemOf("stuck", fmt.Sprintf("%s has not come back for %v", one.what, (now-one.since).Round(time.Second))))
	}
	return problems
}

func healthy(status dock.Status) bool {
	for _, p := range status.Problems {
		if !p.Advice {
			return false
		}
	}
	for _, b := range status.Bays {
		if b.State == dock.BayAttention || b.State == dock.BayNotACamera {
			return false
		}
	}
	return true
}

// status is a copy of what the bay shows, with the figures of this moment.
func (b *bay) status(now time.Duration) dock.BayStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	shown := b.shown
	if shown.State == dock.BayReading {
		if rate := b.meter.rate(now); rate > 0 {
			seconds := (shown.BytesTotal - shown.BytesDone + rate - 1) / rate
			shown.BytesPerSecond = &rate
			shown.ETASeconds = &seconds
		}
	}
	if shown.Attention == "" && b.trouble.text != "" {
		shown.Attention = b.trouble.text
		switch {
		case b.here != nil:
		case b.trouble.notACamera:
			shown.State = dock.BayNotACamera
		default:
			shown.State = dock.BayAttention
		}
	}
	return shown
}
