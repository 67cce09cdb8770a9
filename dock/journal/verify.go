package journal

import (
	"context"
	"fmt"

	"berth/dock"
	"berth/hashing"
)

// tail is how many events are walked again whenever the journal is opened.
const tail = 1000

// VerifyChain walks every custody event from the first and returns the chain's
// head. It checks each line's place, that facts and events match each other,
// and each commitment whose value is kept. Any doubt is ErrBroken.
func (j *Journal) VerifyChain(ctx context.Context) (hashing.Chain, error) {
	var chain hashing.Chain
	err := j.Read(ctx, func(tx *Tx) error {
		var err error
		chain, err = tx.walk(hashing.Chain{})
		return err
	})
	if err != nil {
		return hashing.Chain{}, fmt.Errorf("verify the custody chain: %w", err)
	}
	return chain, nil
}

// checkTail walks the last events and compares with the head that was kept.
func (tx *Tx) checkTail() error {
	start := hashing.Chain{Seq: max(tx.chain.Seq-tail, 0)}
	if start.Seq > 0 {
		var text []byte
		if err := tx.QueryRow(`SELECT line FROM events WHERE seq = ?`, start.Seq).Scan(&text); err != nil {
			return fmt.Errorf("%w: read event %d: %w", ErrBroken, start.Seq, err)
		}
		start.Head = hashing.Sum(text)
	}
	_, err := tx.walk(start)
	return err
}

// walk follows the chain from after start to its end.
func (tx *Tx) walk(start hashing.Chain) (hashing.Chain, error) {
	chain := start
	rows, err := tx.Query(`SELECT e.seq, e.line, coalesce(r.id, ''), coalesce(f.kind, '')
		FROM events e LEFT JOIN facts f ON f.seq = e.seq LEFT JOIN recordings r ON r.number = f.recording
		WHERE e.seq > ? ORDER BY e.seq`, start.Seq)
	if err != nil {
		return chain, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var text []byte
		var recording dock.RecordingID
		var kind dock.FactKind
		if err := rows.Scan(&seq, &text, &recording, &kind); err != nil {
			return chain, err
		}
		if err := chain.Follow(text); err != nil {
			return chain, fmt.Errorf("%w: %w", ErrBroken, err)
		}
		if err := tx.checkEvent(seq, text, recording, kind); err != nil {
			return chain, err
		}
	}
	if err := rows.Err(); err != nil {
		return chain, err
	}
	kept, err := tx.keptChain()
	if err != nil {
		return chain, err
	}
	if chain != kept {
		return chain, fmt.Errorf("%w: the events end at %d, the journal says %d", ErrBroken, chain.Seq, kept.Seq)
	}
	return chain, nil
}

// checkEvent compares one event with what stands beside it.
func (tx *Tx) checkEvent(seq int64, text []byte, recording dock.RecordingID, kind dock.FactKind) error {
	l, err := parseLine(text)
	if err != nil {
		return err
	}
	if l.Seq != seq {
		return fmt.Errorf("%w: event %d says that it is %d", ErrBroken, seq, l.Seq)
	}
	_, notFact := dock.DecodeFact(dock.FactKind(l.Kind), l.Body)
	isFact := notFact == nil
	if isFact != (kind != "") || isFact && (dock.FactKind(l.Kind) != kind || l.Recording != recording) {
		return fmt.Errorf("%w: event %d and the facts do not agree", ErrBroken, seq)
	}
	return tx.checkCommitments(l)
}

func (tx *Tx) checkCommitments(l line) error {
	rows, err := tx.Query(`SELECT field, sealed FROM personal WHERE event = ?`, l.Seq)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var field string
		var sealed []byte
		if err := rows.Scan(&field, &sealed); err != nil {
			return err
		}
		_, commitment, err := tx.j.keys.open(l.Seq, field, sealed)
		if err != nil {
			return err
		}
		if commitment != l.Commitments[field] {
			return fmt.Errorf("%w: %s of event %d is not what the event is committed to", ErrBroken, field, l.Seq)
		}
	}
	return rows.Err()
}

// checkAll looks at every page of the database and every event, after a run
// that could not believe them.
func (j *Journal) checkAll(ctx context.Context) error {
	var verdict string
	err := j.Read(ctx, func(tx *Tx) error { return tx.QueryRow(`PRAGMA quick_check(1)`).Scan(&verdict) })
	if err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrBroken, verdict)
	}
	_, err = j.VerifyChain(ctx)
	return err
}
