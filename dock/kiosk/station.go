package kiosk

import (
	"context"
	"errors"

	"berth/dock"
)

// Station is what the API asks of the running station. All methods are safe
// for concurrent use.
type Station interface {
	// Status is a snapshot. It answers at once, from memory: it waits for no
	// camera, no store and no disk. A camera's id stands in it as the camera
	// gave it; the API escapes it.
	Status(ctx context.Context) dock.Status
	// Hold keeps a recording from being erased until somebody releases it. by
	// says who asked, reason why; both are personal. ErrUnknownID if there is
	// no such recording. It returns once the hold is journalled.
	Hold(ctx context.Context, id, by, reason string) error
	// Release lifts what keeps a recording, or an exception of a docking, from
	// letting its camera be erased; id names either. ErrUnknownID if there is
	// neither, ErrNotHeld if nothing is to be lifted.
	Release(ctx context.Context, id, by, reason string) error
	// AcceptStore takes the store that is now at a configured place for the one
	// that is expected there; id is its name. ErrUnknownID if there is none.
	AcceptStore(ctx context.Context, id, by, reason string) error
}

// The refusals that a client can tell apart. Station returns the first two,
// possibly wrapped; the client returns all of them.
var (
	ErrUnknownID  = dock.ErrUnknownID
	ErrNotHeld    = dock.ErrNotHeld
	ErrDenied     = errors.New("not permitted")
	ErrRequest    = errors.New("request refused")     // malformed, too large, or not in the table
	ErrFailed     = errors.New("the station failed")  // it tried, and could not
	ErrBusy       = errors.New("the station is busy") // too many watchers
	ErrNotRunning = errors.New("no station answers")  // nobody listens, or it went away
)

// presentable returns a status as it may leave the station: lists are lists
// even if empty, and a camera's word about itself is escaped, so that it cannot
// fool a terminal or a page and stays distinct whatever bytes it has.
func presentable(s dock.Status) dock.Status {
	bays := make([]dock.BayStatus, len(s.Bays))
	copy(bays, s.Bays)
	for i := range bays {
		bays[i].Camera = dock.CameraID(dock.RawName(bays[i].Camera).Display())
	}
	s.Bays = bays
	if s.Problems == nil {
		s.Problems = []dock.Problem{}
	}
	if s.Stores == nil {
		s.Stores = []dock.StoreStatus{}
	}
	return s
}
