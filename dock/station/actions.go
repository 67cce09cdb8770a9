package station

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"berth/dock"
	"berth/dock/journal"
	"berth/offload/queue"
)

// Hold keeps a recording on its camera until a person releases it. by says who
// asked; both texts are personal and end up encrypted. dock.ErrUnknownID if
// there is no such recording.
func (s *Station) Hold(ctx context.Context, id, by, reason string) error {
	err := s.o.Journal.Append(ctx, dock.Fact{
		Recording: dock.RecordingID(id), Body: dock.Hold{Code: dock.HoldPerson, By: by, Text: reason},
	})
	return s.answered("hold", id, err)
}

// Release lifts the holds of a recording or a lock of the station itself
// ("epoch", "clock"), or accepts an exception: whatever
// hides behind it may stay behind when the camera is emptied. dock.ErrUnknownID
// if there is neither, dock.ErrNotHeld if nothing holds the recording.
func (s *Station) Release(ctx context.Context, id, by, reason string) error {
	if release := s.ownLocks()[id]; release != nil {
		return s.answered("release", id, release(ctx, by, reason))
	}
	if strings.HasPrefix(id, "x") {
		return s.answered("release exception", id, s.o.Journal.ReleaseException(ctx, dock.ExceptionID(id), by, reason))
	}
	err := s.o.Journal.Write(ctx, func(tx *journal.Tx) error {
		recording, err := tx.Recording(dock.RecordingID(id))
		if err != nil {
			return err
		}
		hold := recording.Held()
		if hold == nil {
			return dock.ErrNotHeld
		}
		if _, err := tx.Append(dock.Fact{Recording: recording.ID, Body: dock.Release{By: by, Text: reason}}); err != nil || hold.Code == dock.HoldPerson {
			return err
		}
		// What was sealed and what the camera holds are not the same: what was
		// sealed stays as it is, and the camera's is read as another recording.
		_, err = tx.Append(dock.Fact{Recording: recording.ID, Body: dock.Vanished{Reason: dock.VanishReadAnew}})
		return err
	})
	return s.answered("release", id, err)
}

// AcceptStore takes the store that is now at a configured place for the one that
// is expected there. dock.ErrUnknownID if the config has no store of this name.
func (s *Station) AcceptStore(ctx context.Context, name, by, reason string) error {
	return s.answered("accept store", name, s.o.Queue.Accept(ctx, name, by, reason))
}

// answered wakes the dockings that may go on now, and says what was refused in
// the caller's words.
func (s *Station) answered(what, id string, err error) error {
	switch {
	case err == nil:
		s.stirred.beat()
		return nil
	case errors.Is(err, journal.ErrUnknown), errors.Is(err, queue.ErrNoStore):
		return fmt.Errorf("%s %q: %w", what, id, dock.ErrUnknownID)
	}
	return fmt.Errorf("%s %q: %w", what, id, err)
}
