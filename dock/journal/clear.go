package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"berth/dock"
)

// ClearRequest asks whether one object of one docking may be erased now.
type ClearRequest struct {
	Docking   dock.DockingID
	Recording dock.RecordingID
	Entry     dock.Entry // the object as this attachment lists it now
	Policy    dock.Policy
	Health    dock.Health
}

// maxCounted bounds how many of the things that stand against a clearance are
// counted: one is enough to refuse, and the number is only for people.
const maxCounted = 1000

// Clear applies the erase rule to what the journal holds and, in the same
// transaction, records the intent to erase. A refusal is a *dock.Refusal and
// leaves nothing behind. Its cost does not grow with the camera's contents.
func (j *Journal) Clear(ctx context.Context, r ClearRequest) (dock.Clearance, error) {
	var clearance dock.Clearance
	err := j.Write(ctx, func(tx *Tx) error {
		c, err := tx.caseOf(r)
		if err != nil {
			return fmt.Errorf("clear %s: %w", r.Recording, err)
		}
		if clearance, err = dock.Clear(c); err != nil {
			return err
		}
		spooled, _ := c.Recording.Spooled()
		_, err = tx.adds(dock.Fact{Recording: r.Recording, Docking: r.Docking, Body: dock.EraseIntent{
			Object: r.Entry.Identity, SHA256: spooled.SHA256, Generation: c.Docking.Attachment.Generation,
		}})
		return err
	})
	if err != nil {
		return dock.Clearance{}, err
	}
	return clearance, nil
}

// The questions whose cost must not grow with the camera's contents; a test
// looks at how SQLite answers them.
const (
	nextGroup = `SELECT wanted, holding FROM docking_entries WHERE docking = ? AND on_camera = 1 AND (wanted, holding) > (?, ?)
		ORDER BY wanted, holding LIMIT 1`
	countGroup    = `SELECT count(*) FROM (SELECT 1 FROM docking_entries WHERE docking = ? AND on_camera = 1 AND wanted = ? AND holding = ? LIMIT ?)`
	countBlocking = `SELECT count(*) FROM (SELECT 1 FROM exceptions WHERE docking = ? AND blocking = 1 LIMIT ?)`
	listedEntry   = `SELECT e.object, e.handle, e.size, e.present FROM docking_entries e JOIN recordings r ON r.number = e.recording
		WHERE e.docking = ? AND r.id = ?`
	otherDocking = `SELECT EXISTS (SELECT 1 FROM dockings WHERE camera = ? AND ended IS NULL AND number <> ?)`
)

// caseOf loads what the erase rule looks at.
func (tx *Tx) caseOf(r ClearRequest) (dock.Case, error) {
	c := dock.Case{Now: tx.j.opts.Clock.Now(), Policy: r.Policy, Health: r.Health, Entry: r.Entry}
	c.Health.Locks = append(slices.Clone(r.Health.Locks), tx.j.Locks()...)
	d, err := tx.docking(r.Docking)
	if err != nil {
		return c, err
	}
	if c.Recording, err = tx.Recording(r.Recording); err != nil {
		return c, err
	}
	if c.Listed, err = tx.listedAs(d, r); err != nil {
		return c, err
	}
	c.Docking, err = tx.dockingCheck(d, r.Policy)
	return c, err
}

func (tx *Tx) dockingCheck(d dockingRow, p dock.Policy) (check dock.DockingCheck, err error) {
	if d.ended {
		return check, nil // the zero check is that of a camera that is not docked
	}
	check = dock.DockingCheck{
		ID: d.id, Attachment: dock.Attachment{Bay: d.bay, Generation: d.generation},
		Camera: d.camera, Listed: d.settled, Clean: d.clean, Conflict: d.conflict,
	}
	if !check.Conflict {
		// The station marks conflicts; this sees one that it has not marked yet.
		err = tx.QueryRow(otherDocking, d.camera, d.number).Scan(&check.Conflict)
		if err != nil {
			return check, fmt.Errorf("look for another docking of the camera: %w", err)
		}
	}
	err = tx.QueryRow(countBlocking, d.number, maxCounted).Scan(&check.Blocking)
	if err != nil {
		return check, fmt.Errorf("count exceptions: %w", err)
	}
	check.BelowCopies, err = tx.belowCopies(d, p)
	return check, err
}

// belowCopies counts the recordings of the docking that are still on the
// camera and in fewer stores than asked for. Recordings with the same copies
// in the same stores stand together in the index, so that each such group is
// judged once; there are few.
func (tx *Tx) belowCopies(d dockingRow, p dock.Policy) (below int, err error) {
	wanted, holding := -1, int64(-1)
	for below < maxCounted {
		err := tx.QueryRow(nextGroup, d.number, wanted, holding).Scan(&wanted, &holding)
		if errors.Is(err, ErrNoRows) {
			return below, nil
		}
		if err != nil {
			return 0, fmt.Errorf("count recordings below copies: %w", err)
		}
		have, err := tx.copiesIn(holding, p.Stores)
		if err != nil {
			return 0, err
		}
		if have >= max(wanted, p.Copies, 1) {
			continue
		}
		var n int
		err = tx.QueryRow(countGroup, d.number, wanted, holding, maxCounted-below).Scan(&n)
		if err != nil {
			return 0, fmt.Errorf("count recordings below copies: %w", err)
		}
		below += n
	}
	return below, nil
}

func (tx *Tx) copiesIn(holding int64, stores []dock.StoreID) (int, error) {
	var text string
	if err := tx.QueryRow(`SELECT copies FROM holdings WHERE id = ?`, holding).Scan(&text); err != nil {
		return 0, fmt.Errorf("read holding %d: %w", holding, err)
	}
	var h dock.Holding
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return 0, fmt.Errorf("%w: holding %d: %w", ErrBroken, holding, err)
	}
	return h.CopiesIn(stores), nil
}

// listedAs reports whether the docking's latest listing has exactly this
// object as this recording.
func (tx *Tx) listedAs(d dockingRow, r ClearRequest) (bool, error) {
	var kept entry
	err := tx.QueryRow(listedEntry, d.number, r.Recording).Scan(&kept.object, &kept.handle, &kept.size, &kept.present)
	if errors.Is(err, ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the listing: %w", err)
	}
	return kept.equal(tx.j.keys.entryOf(r.Entry)), nil
}
