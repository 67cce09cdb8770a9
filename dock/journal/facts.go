package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"berth/dock"
)

// Append adds the facts in one transaction of their own.
func (j *Journal) Append(ctx context.Context, facts ...dock.Fact) error {
	return j.Write(ctx, func(tx *Tx) error {
		for _, f := range facts {
			if _, err := tx.Append(f); err != nil {
				return err
			}
		}
		return nil
	})
}

// Append adds one fact with its custody event and brings the cached state up
// to date. It fills Seq and At of the fact that it returns. A Seen fact begins
// its recording, of the camera of its docking; every other kind needs a
// recording that exists (ErrUnknown). An EraseIntent is refused: it comes from
// Clear alone.
func (tx *Tx) Append(f dock.Fact) (dock.Fact, error) {
	switch f.Body.(type) {
	case nil:
		return f, errors.New("append fact: it says nothing")
	case dock.EraseIntent:
		return f, errors.New("append fact: an erase intent comes from a clearance alone")
	case dock.Seen:
		camera, err := tx.cameraOf(f.Docking)
		if err != nil {
			return f, fmt.Errorf("append fact seen: %w", err)
		}
		f, _, err = tx.begins(f, camera)
		return f, err
	}
	return tx.adds(f)
}

// begins adds the fact that a recording begins with.
func (tx *Tx) begins(f dock.Fact, camera dock.CameraID) (dock.Fact, int64, error) {
	f, err := tx.writeFact(f)
	if err != nil {
		return f, 0, err
	}
	c, err := tx.summarise([]dock.Fact{f})
	if err != nil {
		return f, 0, err
	}
	_, err = tx.exec(`INSERT INTO recordings (number, id, camera, docking, wanted, state, on_camera, unfinished, ingested, erasing, unconfirmed, holding, sealed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.Seq, f.Recording, camera, f.Docking, f.Body.(dock.Seen).Copies,
		c.state, c.onCamera, c.unfinished, c.ingested, c.erasing, c.unconfirmed, c.holding, c.sealed)
	if err != nil {
		return f, 0, fmt.Errorf("begin recording %s: %w", f.Recording, err)
	}
	return f, f.Seq, tx.indexFact(f, f.Seq)
}

// adds adds a fact to a recording that exists.
func (tx *Tx) adds(f dock.Fact) (dock.Fact, error) {
	number, _, err := tx.find(f.Recording)
	if err != nil {
		return f, fmt.Errorf("append fact %s: %w", f.Body.Kind(), err)
	}
	if f, err = tx.writeFact(f); err != nil {
		return f, err
	}
	if err := tx.indexFact(f, number); err != nil {
		return f, err
	}
	facts, err := tx.factsOf(number)
	if err != nil {
		return f, err
	}
	return f, tx.cache(number, facts)
}

// writeFact writes the fact's event.
func (tx *Tx) writeFact(f dock.Fact) (dock.Fact, error) {
	if f.Recording == "" {
		return f, fmt.Errorf("append fact %s: of no recording", f.Body.Kind())
	}
	f.At = tx.j.now()
	var err error
	f.Seq, err = tx.write(event{
		kind: string(f.Body.Kind()), recording: f.Recording, docking: f.Docking,
		body: f.Body, personal: f.Body.Personal(),
	}, f.At)
	return f, err
}

func (tx *Tx) indexFact(f dock.Fact, number int64) error {
	_, err := tx.exec(`INSERT INTO facts (seq, recording, kind) VALUES (?, ?, ?)`, f.Seq, number, f.Body.Kind())
	if err != nil {
		return fmt.Errorf("append fact %s: %w", f.Body.Kind(), err)
	}
	return nil
}

// find returns a recording's number and camera.
func (tx *Tx) find(id dock.RecordingID) (number int64, camera dock.CameraID, err error) {
	err = tx.QueryRow(`SELECT number, camera FROM recordings WHERE id = ?`, id).Scan(&number, &camera)
	if errors.Is(err, ErrNoRows) {
		return 0, "", fmt.Errorf("recording %s: %w", id, ErrUnknown)
	}
	return number, camera, err
}

// Recording returns the recording with all its facts. ErrUnknown if there is none.
func (tx *Tx) Recording(id dock.RecordingID) (dock.Recording, error) {
	number, camera, err := tx.find(id)
	if err != nil {
		return dock.Recording{}, err
	}
	return tx.recording(number, id, camera)
}

func (tx *Tx) recording(number int64, id dock.RecordingID, camera dock.CameraID) (dock.Recording, error) {
	facts, err := tx.factsOf(number)
	if err != nil {
		return dock.Recording{}, err
	}
	personal, err := tx.personalOf(`SELECT seq FROM facts WHERE recording = ?`, number)
	if err != nil {
		return dock.Recording{}, err
	}
	for i := range facts {
		if kept, ok := personal[facts[i].Seq]; ok {
			facts[i].Body = facts[i].Body.WithPersonal(kept)
		}
	}
	return dock.Recording{ID: id, Camera: camera, Facts: facts}, nil
}

// factsOf reads a recording's facts out of their events, without what is
// personal in them.
func (tx *Tx) factsOf(number int64) ([]dock.Fact, error) {
	rows, err := tx.Query(`SELECT e.line FROM facts f JOIN events e ON e.seq = f.seq WHERE f.recording = ? ORDER BY f.seq`, number)
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	defer rows.Close()
	var facts []dock.Fact
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("read facts: %w", err)
		}
		f, err := parseFact(text)
		if err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	return facts, rows.Err()
}

func parseFact(text []byte) (dock.Fact, error) {
	l, err := parseLine(text)
	if err != nil {
		return dock.Fact{}, err
	}
	body, err := dock.DecodeFact(dock.FactKind(l.Kind), l.Body)
	if err != nil {
		return dock.Fact{}, fmt.Errorf("%w: event %d: %w", ErrBroken, l.Seq, err)
	}
	return dock.Fact{Seq: l.Seq, Recording: l.Recording, Docking: l.Docking, At: l.instant(), Body: body}, nil
}

// personalOf opens the kept personal values of the events that the subquery names.
func (tx *Tx) personalOf(events string, args ...any) (map[int64]map[string]string, error) {
	rows, err := tx.Query(`SELECT event, field, sealed FROM personal WHERE event IN (`+events+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("read personal values: %w", err)
	}
	defer rows.Close()
	kept := map[int64]map[string]string{}
	for rows.Next() {
		var event int64
		var field string
		var sealed []byte
		if err := rows.Scan(&event, &field, &sealed); err != nil {
			return nil, fmt.Errorf("read personal values: %w", err)
		}
		value, _, err := tx.j.keys.open(event, field, sealed)
		if err != nil {
			return nil, err
		}
		if kept[event] == nil {
			kept[event] = map[string]string{}
		}
		kept[event][field] = value
	}
	return kept, rows.Err()
}

// holdingID returns the row of the holdings table that says where copies are.
func (tx *Tx) holdingID(h dock.Holding) (id int64, err error) {
	text := []byte("[]")
	if len(h) > 0 {
		if text, err = json.Marshal(h); err != nil {
			return 0, fmt.Errorf("encode holding: %w", err)
		}
	}
	err = tx.QueryRow(`SELECT id FROM holdings WHERE copies = ?`, string(text)).Scan(&id)
	if !errors.Is(err, ErrNoRows) {
		return id, err
	}
	if _, err := tx.exec(`INSERT INTO holdings (copies) VALUES (?)`, string(text)); err != nil {
		return 0, fmt.Errorf("write holding: %w", err)
	}
	err = tx.QueryRow(`SELECT id FROM holdings WHERE copies = ?`, string(text)).Scan(&id)
	return id, err
}
