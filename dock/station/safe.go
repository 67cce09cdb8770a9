package station

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"berth/dock"
	"berth/usb"
)

// ErrSafeMode refuses what needs a journal.
var ErrSafeMode = errors.New("the station is in safe mode: recordings stay on the cameras")

// Safe is the station that does not trust itself: it sees cameras come and go
// and says plainly that nothing is taken from them, and why. It opens no
// camera, no journal and no store. Its methods are safe for concurrent use.
type Safe struct {
	id      dock.StationID
	version string
	why     dock.Problem
	bus     usb.Bus
	log     *slog.Logger
	changed pulse

	mu   sync.Mutex
	bays []dock.BayStatus // guarded by mu
}

// NewSafe makes a station in safe mode; why is the reason and what to do.
func NewSafe(id dock.StationID, version string, why dock.Problem, bays []Bay, bus usb.Bus, log *slog.Logger) *Safe {
	s := &Safe{id: id, version: version, why: why, bus: bus, log: log}
	for _, b := range bays {
		s.bays = append(s.bays, dock.BayStatus{Bay: b.Name, State: dock.BayEmpty})
	}
	return s
}

// Run watches the bays until ctx ends.
func (s *Safe) Run(ctx context.Context) error {
	s.log.Error("safe mode", "code", s.why.Code, "why", s.why.Text, "do", s.why.Do)
	for {
		if attached, _, err := s.bus.Attached(ctx); err == nil {
			s.see(attached)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.bus.Changed():
		}
	}
}

func (s *Safe) see(attached []dock.Attachment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := false
	for i := range s.bays {
		now := dock.BayStatus{Bay: s.bays[i].Bay, State: dock.BayEmpty}
		for _, at := range attached {
			if at.Bay == now.Bay {
				now.State = dock.BayAttention
				now.Attention = "recordings stay on this camera: the station is in safe mode"
			}
		}
		news = news || now != s.bays[i]
		s.bays[i] = now
	}
	if news {
		s.changed.beat()
	}
}

// Status says which bays hold a camera, and why nothing is done.
func (s *Safe) Status(context.Context) dock.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return dock.Status{
		Station: s.id, Version: s.version, Mode: dock.ModeSafe, Problems: []dock.Problem{s.why},
		Bays: append([]dock.BayStatus{}, s.bays...), Stores: []dock.StoreStatus{},
	}
}

// Changed returns a channel that is closed at the next change of Status.
func (s *Safe) Changed() <-chan struct{} { return s.changed.next() }

// Hold refuses with ErrSafeMode.
func (s *Safe) Hold(context.Context, string, string, string) error { return ErrSafeMode }

// AcceptStore refuses with ErrSafeMode.
func (s *Safe) AcceptStore(context.Context, string, string, string) error { return ErrSafeMode }

// Release refuses with ErrSafeMode.
func (s *Safe) Release(context.Context, string, string, string) error { return ErrSafeMode }
