package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"berth/dock"
	"berth/hashing"
)

// Statement computes the completeness statement of a docking and records it as
// a custody event if it differs from the docking's last one.
func (j *Journal) Statement(ctx context.Context, docking dock.DockingID) (dock.Statement, error) {
	var s dock.Statement
	err := j.Write(ctx, func(tx *Tx) error {
		d, err := tx.docking(docking)
		if err != nil {
			return err
		}
		if s, err = tx.statement(d); err != nil {
			return err
		}
		return tx.recordStatement(d, s)
	})
	if err != nil {
		return dock.Statement{}, fmt.Errorf("statement: %w", err)
	}
	return s, nil
}

func (tx *Tx) statement(d dockingRow) (dock.Statement, error) {
	s := dock.Statement{Docking: d.id, Camera: d.camera, Excepted: map[dock.ExceptionKind]int{}, Vanished: d.vanished, UsedBytes: d.used}
	var listedBytes float64 // a sum of what cameras claim; SQLite's own sum would fail at 2^63
	err := tx.QueryRow(`SELECT count(*), total(e.size), coalesce(sum(r.ingested), 0)
		FROM docking_entries e JOIN recordings r ON r.number = e.recording WHERE e.docking = ?`, d.number).Scan(&s.Listed, &listedBytes, &s.Ingested)
	if err != nil {
		return s, fmt.Errorf("count entries: %w", err)
	}
	s.ListedBytes = int64(min(listedBytes, maxNumber))
	if s.Excepted, err = tx.exceptedKinds(d); err != nil {
		return s, err
	}
	names, err := tx.namesAround(d)
	if err != nil {
		return s, err
	}
	s.Gaps, s.GapsCut = dock.Gaps(names)
	if d.used != nil {
		unaccounted := *d.used - d.accounted
		s.Unaccounted = &unaccounted
	}
	return s, nil
}

func (tx *Tx) exceptedKinds(d dockingRow) (map[dock.ExceptionKind]int, error) {
	rows, err := tx.Query(`SELECT kind, count(*) FROM exceptions WHERE docking = ? GROUP BY kind`, d.number)
	if err != nil {
		return nil, fmt.Errorf("count exceptions: %w", err)
	}
	defer rows.Close()
	kinds := map[dock.ExceptionKind]int{}
	for rows.Next() {
		var kind dock.ExceptionKind
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			return nil, fmt.Errorf("count exceptions: %w", err)
		}
		kinds[kind] = n
	}
	return kinds, rows.Err()
}

// namesAround are the names that this docking listed and those of the docking
// of the same camera before it, so that a number that is missing between the
// two shows. Where the identity is in doubt there is no docking before.
func (tx *Tx) namesAround(d dockingRow) ([]dock.RawName, error) {
	previous := d.number
	if !d.conflict {
		err := tx.QueryRow(`SELECT number FROM dockings WHERE camera = ? AND number < ? AND conflict = 0 AND listing IS NOT NULL ORDER BY number DESC LIMIT 1`,
			d.camera, d.number).Scan(&previous)
		if err != nil && !errors.Is(err, ErrNoRows) {
			return nil, fmt.Errorf("find the docking before: %w", err)
		}
	}
	rows, err := tx.Query(`SELECT DISTINCT p.event, p.sealed FROM docking_entries e JOIN personal p ON p.event = e.recording AND p.field = 'name'
		WHERE e.docking IN (?, ?)`, d.number, previous)
	if err != nil {
		return nil, fmt.Errorf("load names: %w", err)
	}
	defer rows.Close()
	var names []dock.RawName
	for rows.Next() {
		var event int64
		var sealed []byte
		if err := rows.Scan(&event, &sealed); err != nil {
			return nil, fmt.Errorf("load names: %w", err)
		}
		name, _, err := tx.j.keys.open(event, "name", sealed)
		if err != nil {
			return nil, err
		}
		names = append(names, dock.RawName(name))
	}
	return names, rows.Err()
}

func (tx *Tx) recordStatement(d dockingRow, s dock.Statement) error {
	excepted := map[string]int{}
	for kind, n := range s.Excepted {
		excepted[strings.ReplaceAll(string(kind), "-", "_")] = n
	}
	body := map[string]any{
		"camera": display(string(s.Camera)), "listed": s.Listed, "listed_bytes": s.ListedBytes, "ingested": s.Ingested,
		"excepted": excepted, "vanished": s.Vanished, "gaps": append([]dock.Gap{}, s.Gaps...), "gaps_cut": s.GapsCut,
		"used_bytes": s.UsedBytes, "unaccounted": s.Unaccounted, "complete": s.Complete(),
	}
	text, err := hashing.Canonical(body)
	if err != nil {
		return err
	}
	digest := hashing.Sum(text)
	if bytes.Equal(digest[:], d.statement) {
		return nil
	}
	if _, err := tx.write(event{kind: "statement", docking: d.id, body: body}, tx.j.now()); err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE dockings SET statement = ? WHERE number = ?`, digest[:], d.number); err != nil {
		return fmt.Errorf("record the statement: %w", err)
	}
	return nil
}
