package journal

import (
	"context"
	"encoding/json"
	"fmt"

	"berth/dock"
)

// Progress is how far one recording has come.
type Progress struct {
	Ingested bool // sealed and verified on the station, now or earlier
	Stored   bool // as many copies as were and are asked for
	Held     bool
	Erased   bool // confirmed
}

// DockingProgress returns the progress of everything that a docking listed.
// Receipts count as policy says now.
func (j *Journal) DockingProgress(ctx context.Context, docking dock.DockingID, policy dock.Policy) (map[dock.RecordingID]Progress, error) {
	progress := map[dock.RecordingID]Progress{}
	err := j.Read(ctx, func(tx *Tx) error {
		rows, err := tx.Query(`
			SELECT r.id, r.state, r.ingested, e.wanted, h.id, h.copies
			FROM dockings d
			JOIN docking_entries e ON e.docking = d.number
			JOIN recordings r ON r.number = e.recording
			JOIN holdings h ON h.id = r.holding
			WHERE d.id = ?`, string(docking))
		if err != nil {
			return err
		}
		defer rows.Close()
		copiesOf := map[int64]int{} // by holding: there are few, and many recordings share one
		for rows.Next() {
			var id dock.RecordingID
			var state dock.State
			var ingested bool
			var wanted int
			var holding int64
			var kept []byte
			if err := rows.Scan(&id, &state, &ingested, &wanted, &holding, &kept); err != nil {
				return err
			}
			copies, known := copiesOf[holding]
			if !known {
				var held dock.Holding
				if err := json.Unmarshal(kept, &held); err != nil {
					return fmt.Errorf("decode holding %d: %w", holding, err)
				}
				copies = held.CopiesIn(policy.Stores)
				copiesOf[holding] = copies
			}
			progress[id] = Progress{
				Ingested: ingested, Stored: ingested && copies >= max(wanted, policy.Copies, 1),
				Held: state == dock.StateHeld, Erased: state == dock.StateErased,
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("look up progress of docking %s: %w", docking, err)
	}
	return progress, nil
}
