package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"berth/dock"
)

// ExceptionRow is one thing on a camera that did not become a recording.
type ExceptionRow struct {
	ID        dock.ExceptionID
	Docking   dock.DockingID
	Camera    dock.CameraID
	Bay       dock.BayName
	Kind      dock.ExceptionKind
	Name      dock.RawName // empty if it was forgotten
	SizeBytes int64
	Detail    string
	Blocking  bool // it may hold content and nobody released it
	Seen      time.Time
	// ReleasedBy and ReleaseText say who released it and why, also where the
	// release came from an earlier docking; empty if nobody did.
	ReleasedBy, ReleaseText string
}

// ExceptionFilter selects exceptions; zero fields select everything.
type ExceptionFilter struct {
	ID       dock.ExceptionID
	Docking  dock.DockingID
	Camera   dock.CameraID
	Blocking bool // only those that stop erasing
	Limit    int  // at most so many rows; 0 for no limit
}

// exceptionKey is what makes two exceptions of a docking the same one.
type exceptionKey struct {
	kind dock.ExceptionKind
	name string // token
	size int64
}

func (r *reconciliation) exceptionName(name dock.RawName) []byte {
	return r.tx.j.keys.tokenOf("exception", string(r.docking.camera), string(name))
}

// exceptions records those that are new to the docking, and lets go of those
// whose name can be read as an entry by now.
func (r *reconciliation) exceptions(plan dock.Plan) error {
	kept, blocking, err := r.keptExceptions()
	if err != nil {
		return err
	}
	for _, x := range plan.Exceptions {
		key := exceptionKey{x.Kind, string(r.exceptionName(x.Name)), believable(x.SizeBytes)}
		if kept[key] {
			continue
		}
		kept[key] = true
		if err := r.exception(x, key); err != nil {
			return fmt.Errorf("record an exception: %w", err)
		}
	}
	if !blocking {
		return nil
	}
	for _, m := range plan.Matches {
		_, err := r.tx.exec(`UPDATE exceptions SET blocking = 0 WHERE docking = ? AND name = ? AND blocking = 1`, r.docking.number, r.exceptionName(m.Entry.Name))
		if err != nil {
			return fmt.Errorf("resolve exceptions: %w", err)
		}
	}
	return nil
}

func (r *reconciliation) keptExceptions() (kept map[exceptionKey]bool, blocking bool, err error) {
	rows, err := r.tx.Query(`SELECT kind, name, size, blocking FROM exceptions WHERE docking = ?`, r.docking.number)
	if err != nil {
		return nil, false, fmt.Errorf("load the docking's exceptions: %w", err)
	}
	defer rows.Close()
	kept = map[exceptionKey]bool{}
	for rows.Next() {
		var key exceptionKey
		var blocks bool
		if err := rows.Scan(&key.kind, &key.name, &key.size, &blocks); err != nil {
			return nil, false, fmt.Errorf("load the docking's exceptions: %w", err)
		}
		kept[key] = true
		blocking = blocking || blocks
	}
	return kept, blocking, rows.Err()
}

// exception records a new one. A person's release of the same thing on the
// same camera still holds, unless the camera may be another one.
func (r *reconciliation) exception(x dock.Exception, key exceptionKey) error {
	var released *int64
	if !r.docking.conflict {
		err := r.tx.QueryRow(`SELECT released FROM exceptions WHERE camera = ? AND kind = ? AND name = ? AND size = ? AND released IS NOT NULL ORDER BY number DESC LIMIT 1`,
			r.docking.camera, key.kind, []byte(key.name), key.size).Scan(&released)
		if err != nil && !errors.Is(err, ErrNoRows) {
			return err
		}
	}
	id, detail := dock.NewExceptionID(), display(x.Detail)
	seq, err := r.tx.write(event{kind: "exception", docking: r.docking.id, personal: map[string]string{"name": string(x.Name)}, body: map[string]any{
		"exception": id, "kind": key.kind, "size": key.size, "detail": detail, "released_by_event": released,
	}}, r.tx.j.now())
	if err != nil {
		return err
	}
	_, err = r.tx.exec(`INSERT INTO exceptions (number, id, docking, camera, kind, name, size, detail, blocking, released) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		seq, id, r.docking.number, r.docking.camera, key.kind, []byte(key.name), key.size, detail, x.Kind.MayHoldContent() && released == nil, released)
	return err
}

// ReleaseException records that a named person looked at the exception and
// does not want it to stop erasing. It holds for the same kind, name and size
// on the same camera in later dockings too. ErrUnknown if there is none.
func (j *Journal) ReleaseException(ctx context.Context, id dock.ExceptionID, by, text string) error {
	if strings.TrimSpace(by) == "" {
		return errors.New("release an exception: somebody must be named who releases it")
	}
	return j.Write(ctx, func(tx *Tx) error {
		var docking dock.DockingID
		err := tx.QueryRow(`SELECT d.id FROM exceptions x JOIN dockings d ON d.number = x.docking WHERE x.id = ?`, id).Scan(&docking)
		if errors.Is(err, ErrNoRows) {
			return fmt.Errorf("exception %s: %w", id, ErrUnknown)
		}
		if err != nil {
			return fmt.Errorf("release exception %s: %w", id, err)
		}
		seq, err := tx.write(event{kind: "exception-released", docking: docking,
			body: map[string]any{"exception": id}, personal: map[string]string{"by": by, "text": text}}, tx.j.now())
		if err == nil {
			_, err = tx.exec(`UPDATE exceptions SET blocking = 0, released = ? WHERE id = ?`, seq, id)
		}
		if err != nil {
			return fmt.Errorf("release exception %s: %w", id, err)
		}
		return nil
	})
}

// Exceptions returns the exceptions that match, the youngest first.
func (j *Journal) Exceptions(ctx context.Context, f ExceptionFilter) ([]ExceptionRow, error) {
	var found []ExceptionRow
	err := j.Read(ctx, func(tx *Tx) error {
		var err error
		found, err = tx.exceptions(f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read exceptions: %w", err)
	}
	return found, nil
}

func (tx *Tx) exceptions(f ExceptionFilter) ([]ExceptionRow, error) {
	var where conditions
	where.text("x.id", string(f.ID))
	where.text("d.id", string(f.Docking))
	where.text("x.camera", string(f.Camera))
	if f.Blocking {
		where.clauses = append(where.clauses, "x.blocking = 1") // as its index has it
	}
	rows, err := tx.Query(`SELECT x.number, x.released, e.line, x.id, d.id, x.camera, d.bay, x.kind, x.size, x.detail, x.blocking
		FROM exceptions x JOIN dockings d ON d.number = x.docking JOIN events e ON e.seq = x.number`+
		where.sql()+` ORDER BY x.number DESC`+limit(f.Limit), where.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []ExceptionRow
	for rows.Next() {
		var x ExceptionRow
		var number int64
		var released *int64
		var text []byte
		if err := rows.Scan(&number, &released, &text, &x.ID, &x.Docking, &x.Camera, &x.Bay, &x.Kind, &x.SizeBytes, &x.Detail, &x.Blocking); err != nil {
			return nil, err
		}
		l, err := parseLine(text)
		if err != nil {
			return nil, err
		}
		personal, err := tx.personalOf(`?, ?`, number, released)
		if err != nil {
			return nil, err
		}
		x.Seen, x.Name = l.At, dock.RawName(personal[number]["name"])
		if released != nil {
			x.ReleasedBy, x.ReleaseText = personal[*released]["by"], personal[*released]["text"]
		}
		found = append(found, x)
	}
	return found, rows.Err()
}
