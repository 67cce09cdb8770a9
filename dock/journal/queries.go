package journal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"berth/dock"
	"berth/hashing"
)

// Row is one recording as a person asks for it.
type Row struct {
	ID                dock.RecordingID
	Camera            dock.CameraID
	Basis             string // what Camera rests on; empty for an adopted file
	Bay               dock.BayName
	Docking           dock.DockingID // the docking that saw it first
	Name              dock.RawName   // empty if it was forgotten
	SizeBytes         int64
	SHA256            hashing.Digest // zero until it is spooled
	SealedSHA256      hashing.Digest
	Key               string
	State             dock.State
	Started           *time.Time // by the camera's clock, as the recording itself says; nil if unknown
	Docked            *time.Time // by the station's clock; nil for an adopted file
	ClockOffsetMillis *int64     // camera minus station; nil if unknown
	Receipts          []dock.Confirmation
	HeldReason        string // empty if it is not held
	Recording         dock.Recording
}

// Filter selects recordings; zero fields select everything.
type Filter struct {
	ID      dock.RecordingID
	Camera  dock.CameraID
	State   dock.State
	Docking dock.DockingID // that listed it
	Limit   int            // at most so many rows; 0 for no limit
}

// conditions collect what a query asks for; values never become query text.
type conditions struct {
	clauses []string
	args    []any
}

func (c *conditions) add(clause string, arg any) {
	c.clauses, c.args = append(c.clauses, clause), append(c.args, arg)
}

func (c *conditions) text(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

func (c *conditions) sql() string {
	if len(c.clauses) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.clauses, " AND ")
}

func limit(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" LIMIT %d", n)
}

// Recordings returns the recordings that match, the youngest first.
func (j *Journal) Recordings(ctx context.Context, f Filter) ([]Row, error) {
	var where conditions
	where.text("r.id", string(f.ID))
	where.text("r.camera", string(f.Camera))
	if f.Camera == "" {
		where.text("r.state", string(f.State))
	} else {
		where.text("+r.state", string(f.State)) // a camera has fewer recordings than a state: search by that
	}
	if f.Docking != "" {
		where.add("r.number IN (SELECT e.recording FROM docking_entries e JOIN dockings o ON o.number = e.docking WHERE o.id = ?)", f.Docking)
	}
	var found []Row
	err := j.Read(ctx, func(tx *Tx) error {
		heads, err := tx.heads(where.sql()+` ORDER BY r.number DESC`+limit(f.Limit), where.args...)
		for _, h := range heads {
			row, rowErr := tx.row(h)
			if rowErr != nil {
				return rowErr
			}
			found = append(found, row)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read recordings: %w", err)
	}
	return found, nil
}

// head is what the tables say of a recording beside its facts.
type head struct {
	number   int64
	id       dock.RecordingID
	camera   dock.CameraID
	basis    string
	docking  dock.DockingID
	bay      dock.BayName
	began    *int64
	offsetMs *int64
}

func (tx *Tx) heads(rest string, args ...any) ([]head, error) {
	rows, err := tx.Query(`SELECT r.number, r.id, r.camera, r.docking, coalesce(d.bay, ''), d.began_wall, d.clock_offset_ms,
			coalesce((SELECT json_extract(CAST(e.line AS TEXT), '$.body.basis') FROM events e WHERE e.seq = d.number), '')
		FROM recordings r LEFT JOIN dockings d ON d.id = r.docking`+rest, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var heads []head
	for rows.Next() {
		var h head
		if err := rows.Scan(&h.number, &h.id, &h.camera, &h.docking, &h.bay, &h.began, &h.offsetMs, &h.basis); err != nil {
			return nil, err
		}
		heads = append(heads, h)
	}
	return heads, rows.Err()
}

func (tx *Tx) row(h head) (Row, error) {
	r, err := tx.recording(h.number, h.id, h.camera)
	if err != nil {
		return Row{}, err
	}
	seen, _ := r.Seen()
	row := Row{
		ID: h.id, Camera: h.camera, Basis: h.basis, Bay: h.bay, Docking: h.docking, Name: seen.Name, SizeBytes: seen.SizeBytes,
		State: r.State(), ClockOffsetMillis: h.offsetMs, Receipts: r.Receipts(), Recording: r,
	}
	if h.began != nil {
		docked := time.Unix(0, *h.began).UTC()
		row.Docked = &docked
	}
	if spooled, ok := r.Spooled(); ok {
		row.SHA256, row.SealedSHA256, row.Key = spooled.SHA256, spooled.Sealed, spooled.Key
		row.Started = spooled.Media.Created
	}
	if held := r.Held(); held != nil {
		row.HeldReason = heldReason(*held)
	}
	return row, nil
}

func heldReason(h dock.Hold) string {
	reason := string(h.Code)
	if h.Text != "" {
		reason += ": " + h.Text
	}
	return reason
}

// page is how many recordings Unfinished holds at once.
const page = 200

// Unfinished calls fn for every recording that is not at rest: not sealed yet
// though its camera may have it, a file of it on the spool or about to be, or
// an erase intent without a known outcome; the oldest first. fn may use the
// journal. An error of fn ends the walk and is returned.
func (j *Journal) Unfinished(ctx context.Context, fn func(dock.Recording) error) error {
	for after := int64(0); ; {
		var recordings []dock.Recording
		err := j.Read(ctx, func(tx *Tx) error {
			heads, err := tx.heads(` WHERE r.unfinished = 1 AND r.number > ? ORDER BY r.number`+limit(page), after)
			if err != nil {
				return err
			}
			for _, h := range heads {
				r, err := tx.recording(h.number, h.id, h.camera)
				if err != nil {
					return err
				}
				recordings, after = append(recordings, r), h.number
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read unfinished recordings: %w", err)
		}
		for _, r := range recordings {
			if err := fn(r); err != nil {
				return err
			}
		}
		if len(recordings) < page {
			return nil
		}
	}
}
