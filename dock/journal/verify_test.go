package journal

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"berth/dock"
	"berth/hashing"
)

// tamper changes the closed database behind the journal's back, as somebody
// with the disk in his hands could.
func (s *station) tamper(statements ...string) {
	s.t.Helper()
	s.must(s.Close())
	db, err := sql.Open("sqlite3", s.opts.Path)
	s.must(err)
	defer db.Close()
	for _, statement := range append([]string{
		`DROP TRIGGER events_never_change`, `DROP TRIGGER events_never_go`, `DROP TRIGGER facts_never_change`, `DROP TRIGGER facts_never_go`,
		`PRAGMA foreign_keys = off`,
	}, statements...) {
		_, err := db.Exec(statement)
		s.must(err)
	}
}

func TestAnyChangeOfTheLogIsFoundWhenOpening(t *testing.T) {
	for what, statement := range map[string]string{
		"a word changed":       `UPDATE events SET line = CAST(replace(CAST(line AS TEXT), '"bay":"A1"', '"bay":"A2"') AS BLOB) WHERE seq = 2`,
		"the last one removed": `DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)`,
		"the first one gone":   `DELETE FROM events WHERE seq = 1`,
		"one in the middle":    `DELETE FROM events WHERE seq = 3`,
		"another head":         `UPDATE journal SET head = zeroblob(32)`,
		"a head cut short":     `UPDATE journal SET head = x'00'`,
		"an earlier head":      `UPDATE journal SET seq = seq - 1`,
		"a fact removed":       `DELETE FROM facts WHERE kind = 'receipt'`,
		"a fact of another":    `UPDATE facts SET kind = 'release' WHERE kind = 'second-read'`,
		"facts of another":     `UPDATE recordings SET id = id || '0'`,
		"a fact made up":       `INSERT INTO facts (seq, recording, kind) SELECT 1, max(number), 'release' FROM recordings`,
		"a line twice":         `INSERT INTO events (seq, line) SELECT max(seq) + 1, (SELECT line FROM events ORDER BY seq DESC LIMIT 1) FROM events`,
		"another number":       `UPDATE events SET seq = seq + 5 WHERE seq = (SELECT max(seq) FROM events)`,
		"a space more":         `UPDATE events SET line = CAST(CAST(line AS TEXT) || ' ' AS BLOB) WHERE seq = (SELECT max(seq) FROM events)`,
	} {
		t.Run(what, func(t *testing.T) {
			s, d, _ := cleared(t)
			s.undock(d)
			s.tamper(statement)
			readOnly, err := OpenReadOnly(s.ctx, s.opts)
			s.must(err)
			if _, err := readOnly.VerifyChain(s.ctx); !errors.Is(err, ErrBroken) {
				t.Errorf("the whole walk finds nothing: %v", err)
			}
			s.must(readOnly.Close())
			j, err := Open(s.ctx, s.opts)
			if err == nil {
				j.Close()
			}
			if !errors.Is(err, ErrBroken) {
				t.Fatalf("opened: %v", err)
			}
		})
	}
}

func TestChangeLongAgoIsFoundByTheWholeWalk(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	s.must(s.Write(s.ctx, func(tx *Tx) error {
		for range tail + 10 {
			if err := tx.Event("note", nil, nil); err != nil {
				return err
			}
		}
		return nil
	}))
	s.undock(d)
	s.tamper(`UPDATE events SET line = CAST(replace(CAST(line AS TEXT), '"bay":"A1"', '"bay":"A2"') AS BLOB) WHERE seq = 2`)
	s.openAgain() // only the end is looked at
	if _, err := s.VerifyChain(s.ctx); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
}

// TestAStrangerCanWalkTheChain uses nothing but the format's description.
func TestAStrangerCanWalkTheChain(t *testing.T) {
	s, d, _ := cleared(t)
	s.undock(d)
	prev := ""
	var seq int64
	s.must(s.Read(s.ctx, func(tx *Tx) error {
		rows, err := tx.Query(`SELECT line FROM events ORDER BY seq`)
		s.must(err)
		lines, err := column[[]byte](rows)
		for _, text := range lines {
			l, err := parseLine(text)
			s.must(err)
			seq++
			if l.Seq != seq || !strings.Contains(string(text), `"prev":"`+prev+`"`) || l.Station != "hq-dock-1" || l.Boot != "boot-1" || l.SinceBootMillis < 60_000 {
				t.Fatalf("line %d: %s", seq, text)
			}
			prev = hashing.Sum(text).String()
		}
		return err
	}))
	if chain := s.verify(); chain.Seq != seq || chain.Head.String() != prev {
		t.Fatalf("%+v", chain)
	}
}

func TestCacheEqualsWhatTheFactsAmountTo(t *testing.T) {
	s, d, p := cleared(t)
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
	s.add(d, p.Recording, dock.EraseResult{Outcome: dock.EraseUnconfirmed})
	s.checkCache()
}
