package station

import (
	"context"
	"fmt"
	"strings"

	"berth/dock"
)

// Hold keeps a recording on its camera until a person releases it. by says who
// asked; both texts are personal and end up encrypted.
func (s *Station) Hold(ctx context.Context, id, by, reason string) error {
	recording := dock.RecordingID(id)
	if err := s.append(ctx, recording, dock.Hold{Code: dock.HoldPerson, By: by, Text: reason}); err != nil {
		return fmt.Errorf("hold %s: %w", id, err)
	}
	return nil
}

// Release lifts the holds of a recording, or accepts an exception: whatever
// hides behind it may stay behind when the camera is emptied.
func (s *Station) Release(ctx context.Context, id, by, reason string) error {
	if strings.HasPrefix(id, "x") {
		if err := s.o.Journal.ReleaseException(ctx, dock.ExceptionID(id), by, reason); err != nil {
			return fmt.Errorf("release exception %s: %w", id, err)
		}
		s.stirred.beat()
		return nil
	}
	if err := s.append(ctx, dock.RecordingID(id), dock.Release{By: by, Text: reason}); err != nil {
		return fmt.Errorf("release %s: %w", id, err)
	}
	return nil
}

func (s *Station) append(ctx context.Context, id dock.RecordingID, body dock.FactBody) error {
	if err := s.o.Journal.Append(ctx, dock.Fact{Recording: id, Body: body}); err != nil {
		return err
	}
	s.stirred.beat()
	return nil
}
