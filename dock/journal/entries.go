package journal

import (
	"bytes"
	"database/sql"
	"fmt"

	"berth/dock"
)

// entry is what the latest listing of a docking had of a recording.
type entry struct {
	object, handle []byte
	size           int64
	present        bool
}

func (k keys) entryOf(e dock.Entry) entry {
	return entry{object: []byte(e.Identity), handle: k.tokenOf("handle", string(e.Handle)), size: e.SizeBytes, present: true}
}

func (a entry) equal(b entry) bool {
	return bytes.Equal(a.object, b.object) && bytes.Equal(a.handle, b.handle) && a.size == b.size && a.present == b.present
}

// entries brings what is kept of the docking's listing up to date, touching
// only what differs.
func (r *reconciliation) entries(items []dock.Planned) error {
	kept, err := r.keptEntries()
	if err != nil {
		return err
	}
	for _, item := range items {
		number := r.numbers[item.Recording]
		listed := r.tx.j.keys.entryOf(item.Entry)
		before, known := kept[number]
		delete(kept, number)
		switch {
		case !known:
			_, err = r.tx.exec(`INSERT INTO docking_entries (docking, recording, object, handle, size, present, on_camera, wanted, holding)
				SELECT ?, number, ?, ?, ?, 1, on_camera, wanted, holding FROM recordings WHERE number = ?`,
				r.docking.number, listed.object, listed.handle, listed.size, number)
		case !before.equal(listed):
			_, err = r.tx.exec(`UPDATE docking_entries SET object = ?, handle = ?, size = ?, present = 1 WHERE docking = ? AND recording = ?`,
				listed.object, listed.handle, listed.size, r.docking.number, number)
		}
		if err != nil {
			return fmt.Errorf("record an entry: %w", err)
		}
	}
	for number, before := range kept {
		if !before.present {
			continue
		}
		if _, err := r.tx.exec(`UPDATE docking_entries SET present = 0 WHERE docking = ? AND recording = ?`, r.docking.number, number); err != nil {
			return fmt.Errorf("record an absent entry: %w", err)
		}
	}
	return nil
}

func (r *reconciliation) keptEntries() (map[int64]entry, error) {
	rows, err := r.tx.Query(`SELECT recording, object, handle, size, present FROM docking_entries WHERE docking = ?`, r.docking.number)
	if err != nil {
		return nil, fmt.Errorf("load the docking's entries: %w", err)
	}
	defer rows.Close()
	kept := map[int64]entry{}
	for rows.Next() {
		var number int64
		var e entry
		if err := rows.Scan(&number, &e.object, &e.handle, &e.size, &e.present); err != nil {
			return nil, fmt.Errorf("load the docking's entries: %w", err)
		}
		kept[number] = e
	}
	return kept, rows.Err()
}

// column reads rows of one column and closes them.
func column[T any](rows *sql.Rows) ([]T, error) {
	defer rows.Close()
	var values []T
	for rows.Next() {
		var value T
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}
