package journal

import (
	"context"
	"errors"
	"fmt"

	"berth/dock"
)

// Docking is one stay of one camera in one bay.
type Docking struct {
	ID         dock.DockingID
	Attachment dock.Attachment
	Info       dock.CameraInfo
	Began      dock.Instant
	// ClockOffsetMillis is camera minus station; nil where it is not known.
	ClockOffsetMillis *int64
	// Conflict: two docked cameras claim this identity.
	Conflict bool
}

// BeginDocking records that a camera was docked and identified. The name of
// its folder is not stored at all, and its officer never in clear.
func (j *Journal) BeginDocking(ctx context.Context, d Docking) error {
	if d.ID == "" || d.Info.ID == "" || d.Attachment.Generation == 0 {
		return errors.New("begin docking: docking, camera or attachment has no identity")
	}
	personal := map[string]string{}
	if d.Info.Officer != "" {
		personal["officer"] = d.Info.Officer
	}
	return j.Write(ctx, func(tx *Tx) error {
		seq, err := tx.write(event{kind: "docking-began", docking: d.ID, personal: personal, body: map[string]any{
			"bay": d.Attachment.Bay, "generation": d.Attachment.Generation,
			"camera": display(string(d.Info.ID)), "basis": display(d.Info.Basis),
			"model": display(d.Info.Model), "profile": display(d.Info.Profile),
			"clock_offset_ms": d.ClockOffsetMillis, "conflict": d.Conflict,
		}}, tx.j.now())
		if err != nil {
			return fmt.Errorf("begin docking: %w", err)
		}
		_, err = tx.exec(`INSERT INTO dockings (number, id, camera, bay, generation, began_wall, clock_offset_ms, conflict) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			seq, d.ID, d.Info.ID, d.Attachment.Bay, int64(d.Attachment.Generation), d.Began.Wall.UnixNano(), d.ClockOffsetMillis, d.Conflict)
		if err != nil {
			return fmt.Errorf("begin docking %s: %w", d.ID, err)
		}
		return nil
	})
}

// display makes what a camera says about itself fit for the custody log.
func display(s string) string { return dock.RawName(s).Display() }

// EndDocking records that the camera left, and why the docking ended. Ending
// it again changes nothing. ErrUnknown if it never began.
func (j *Journal) EndDocking(ctx context.Context, id dock.DockingID, reason string) error {
	return j.Write(ctx, func(tx *Tx) error {
		d, err := tx.docking(id)
		if err != nil || d.ended {
			return err
		}
		return tx.endDocking(d, reason)
	})
}

func (tx *Tx) endDocking(d dockingRow, reason string) error {
	seq, err := tx.write(event{kind: "docking-ended", docking: d.id, body: map[string]any{"reason": display(reason)}}, tx.j.now())
	if err == nil {
		_, err = tx.exec(`UPDATE dockings SET ended = ? WHERE number = ?`, seq, d.number)
	}
	if err != nil {
		return fmt.Errorf("end docking %s: %w", d.id, err)
	}
	return nil
}

// endLeftOpen ends what the last process could not end.
func (tx *Tx) endLeftOpen() error {
	rows, err := tx.Query(`SELECT id FROM dockings WHERE ended IS NULL ORDER BY number`)
	if err != nil {
		return fmt.Errorf("end open dockings: %w", err)
	}
	open, err := column[dock.DockingID](rows)
	if err != nil {
		return fmt.Errorf("end open dockings: %w", err)
	}
	for _, id := range open {
		d, err := tx.docking(id)
		if err != nil {
			return err
		}
		if err := tx.endDocking(d, "the station stopped"); err != nil {
			return err
		}
	}
	return nil
}

// MarkConflict records that another docked camera claims the same identity.
// Nothing is erased in this docking any more, and its recordings are never
// taken for those of another docking. Marking again changes nothing.
func (j *Journal) MarkConflict(ctx context.Context, id dock.DockingID) error {
	return j.Write(ctx, func(tx *Tx) error {
		d, err := tx.docking(id)
		if err != nil || d.conflict {
			return err
		}
		if _, err = tx.write(event{kind: "identity-conflict", docking: id, body: map[string]any{}}, tx.j.now()); err != nil {
			return err
		}
		if _, err := tx.exec(`UPDATE dockings SET conflict = 1 WHERE number = ?`, d.number); err != nil {
			return fmt.Errorf("mark conflict of %s: %w", id, err)
		}
		return nil
	})
}

// dockingRow is what later decisions need of a docking.
type dockingRow struct {
	number     int64
	id         dock.DockingID
	camera     dock.CameraID
	bay        dock.BayName
	generation dock.Generation
	conflict   bool
	ended      bool
	settled    bool
	clean      bool
	used       *int64
	accounted  int64
	vanished   int
	listing    []byte
	statement  []byte
}

func (tx *Tx) docking(id dock.DockingID) (dockingRow, error) {
	d := dockingRow{id: id}
	var generation int64
	err := tx.QueryRow(`SELECT number, camera, bay, generation, conflict, ended IS NOT NULL, settled, clean, used, accounted, vanished, listing, statement
		FROM dockings WHERE id = ?`, id).Scan(&d.number, &d.camera, &d.bay, &generation, &d.conflict, &d.ended,
		&d.settled, &d.clean, &d.used, &d.accounted, &d.vanished, &d.listing, &d.statement)
	if errors.Is(err, ErrNoRows) {
		return dockingRow{}, fmt.Errorf("docking %s: %w", id, ErrUnknown)
	}
	d.generation = dock.Generation(generation)
	return d, err
}

// cameraOf is the camera of a docking; of none at all, none.
func (tx *Tx) cameraOf(id dock.DockingID) (dock.CameraID, error) {
	if id == "" {
		return "", nil
	}
	d, err := tx.docking(id)
	return d.camera, err
}
