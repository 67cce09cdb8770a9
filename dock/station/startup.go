package station

import (
	"context"
	"errors"
	"fmt"

	"berth/dock"
)

// ErrStart: what an earlier run left could not be taken up. Nothing was served.
var ErrStart = errors.New("the station could not start")

// Doubtful reports an error of Run after which nothing that this process holds
// about its disk can be believed: it must end, and the next one looks again.
func Doubtful(err error) bool { return fatal(err) }

// takeUp walks what an earlier run left unfinished through the functions of
// the normal path: the spool first, then recordings that were told to go from
// a camera nobody saw again.
func (s *Station) takeUp(ctx context.Context) error {
	recovered, err := s.o.Puller.Recover(ctx)
	if err != nil {
		return fmt.Errorf("recover the spool: %w", err)
	}
	s.o.Log.Info("spool recovered", "result", recovered)
	var open []dock.RecordingID
	err = s.o.Journal.Unfinished(ctx, func(r dock.Recording) error {
		if docking, onRecord := r.Erasing(); docking != "" && !onRecord {
			open = append(open, r.ID)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("walk unfinished recordings: %w", err)
	}
	for _, id := range open {
		err := s.o.Journal.Append(ctx, dock.Fact{Recording: id, Body: dock.EraseResult{
			Outcome: dock.EraseUnconfirmed, Detail: "the station or the camera went away before a listing could tell",
		}})
		if err != nil {
			return fmt.Errorf("journal an unconfirmed erase: %w", err)
		}
	}
	return nil
}
