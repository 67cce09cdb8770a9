package queue

import (
	"context"
	"errors"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
)

// rotten looks at the spool's own copy after a store said that other bytes came
// than were sealed. A copy that rotted is held once: no store can ever get it,
// and nobody may take the camera for secured.
func (q *Queue) rotten(ctx context.Context, id dock.RecordingID, sealed dock.Sealed, said error) (bool, error) {
	var mismatch *hashing.Mismatch
	if !errors.As(said, &mismatch) {
		return false, nil
	}
	content, err := sealed.Open()
	if err != nil {
		return false, nil // the next attempt says so
	}
	digest, _, err := hashing.Of(content)
	if err := errors.Join(err, content.Close()); err != nil || digest == sealed.Digest {
		return false, nil
	}
	err = q.opts.Journal.Write(ctx, func(tx *journal.Tx) error {
		r, err := tx.Recording(id)
		if err != nil || r.Held() != nil {
			return err
		}
		_, err = tx.Append(dock.Fact{Recording: id, Body: dock.Hold{Code: dock.HoldSpoolDiffers}})
		return err
	})
	signal(q.changed)
	return true, err
}
