package station

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"berth/dock"
	"berth/usb"
)

// ErrSafeMode refuses what needs a journal.
var ErrSafeMode = errors.New("the station is in safe mode: recordings stay on the cameras")

// safeMode is what a person releases to have the station try again.
const safeMode = "safe-mode"

// Released ends Safe.Run: a person asked to try a normal start again.
type Released struct {
	Code   string // why it was in safe mode
	By     string // personal
	Reason string // personal
}

func (r *Released) Error() string { return "safe mode was released: " + r.Code }

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
	release chan *Released // holds one

	mu   sync.Mutex
	bays []dock.BayStatus // guarded by mu
}

// NewSafe makes a station in safe mode; why is the reason and what to do.
func NewSafe(id dock.StationID, version string, why dock.Problem, bays []Bay, bus usb.Bus, log *slog.Logger) *Safe {
	why.Text = "safe mode, recordings stay on the cameras: " + why.Text
	s := &Safe{id: id, version: version, why: why, bus: bus, log: log, release: make(chan *Released, 1)}
	for _, b := range bays {
		s.bays = append(s.bays, dock.BayStatus{Bay: b.Name, State: dock.BayEmpty})
	}
	return s
}

// Run watches the bays until ctx ends, or a person asks to try again: then it
// returns *Released.
func (s *Safe) Run(ctx context.Context) error {
	s.log.Error("safe mode", "code", s.why.Code, "why", s.why.Text, "do", s.why.Do)
	for {
		if attached, problems, err := s.bus.Attached(ctx); err == nil {
			s.see(attached, problems)
		}
		select {
		case <-ctx.Done():
			return nil
		case released := <-s.release:
			s.log.Warn("safe mode is released: a normal start is tried again", "code", released.Code)
			return released
		case <-s.bus.Changed():
		}
	}
}

func (s *Safe) see(attached []dock.Attachment, problems []usb.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	news := false
	for i := range s.bays {
		now := dock.BayStatus{Bay: s.bays[i].Bay, State: dock.BayEmpty}
		for _, p := range problems {
			if p.Bay == now.Bay && p.NotACamera {
				now.State, now.Attention = dock.BayNotACamera, p.Text
			}
		}
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

// Release of "safe-mode" ends Run, for another try; everything else is refused
// with ErrSafeMode.
func (s *Safe) Release(_ context.Context, id, by, reason string) error {
	if id != safeMode {
		return fmt.Errorf("release %q: %w", id, ErrSafeMode)
	}
	select {
	case s.release <- &Released{Code: s.why.Code, By: by, Reason: reason}:
	default: // somebody asked already
	}
	return nil
}
