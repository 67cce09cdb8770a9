package journal

import (
	"context"
	"errors"
	"fmt"

	"berth/dock"
	"berth/hashing"
)

// Adoption is a whole sealed file on the spool that the journal does not know.
type Adoption struct {
	Key         string
	Sealed      hashing.Digest // of the whole file, computed now
	SealedBytes int64
	Copies      int // what the config asks for
}

// Adopt makes a recording of camera "" out of a sealed file: it is forwarded
// and listed like any other, and since no camera lists it, never erased. What
// only its seal knows (name, size and digest of the content) stays unknown. A
// file that is known already gives the recording that it belongs to.
func (j *Journal) Adopt(ctx context.Context, a Adoption) (dock.RecordingID, error) {
	if a.Key == "" || a.Sealed.IsZero() || a.SealedBytes <= 0 {
		return "", errors.New("adopt a sealed file: key, digest or size is missing")
	}
	var id dock.RecordingID
	err := j.Write(ctx, func(tx *Tx) error {
		err := tx.QueryRow(`SELECT id FROM recordings WHERE sealed = ? ORDER BY number LIMIT 1`, a.Sealed[:]).Scan(&id)
		if !errors.Is(err, ErrNoRows) {
			return err
		}
		id = dock.NewRecordingID()
		for _, body := range []dock.FactBody{
			dock.Seen{Copies: max(a.Copies, 1)},
			dock.SpoolIntent{Key: a.Key, Sealed: a.Sealed, SealedBytes: a.SealedBytes, Media: dock.Media{Status: "unknown"}},
			dock.Spooled{Sealed: a.Sealed},
		} {
			if _, err := tx.Append(dock.Fact{Recording: id, Body: body}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("adopt a sealed file: %w", err)
	}
	return id, nil
}
