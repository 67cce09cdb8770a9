package journal

import (
	"context"
	"errors"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
)

func TestNothingIsKeptOfAFailedTransaction(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	before := s.verify()
	boom := errors.New("boom")
	err := s.Write(s.ctx, func(tx *Tx) error {
		if _, err := tx.Append(dock.Fact{Recording: "r1", Docking: d.ID, Body: dock.Seen{Name: "A"}}); err != nil {
			return err
		}
		return boom
	})
	if err != boom {
		t.Fatalf("the function's error came back as %v", err)
	}
	if s.verify() != before {
		t.Fatal("the chain moved")
	}
	if err := s.Append(s.ctx, dock.Fact{Recording: "r1", Docking: d.ID, Body: dock.Spooled{}}); !errors.Is(err, ErrUnknown) {
		t.Fatalf("the recording exists: %v", err)
	}
}

func TestPanicRollsBackAndFreesTheTurn(t *testing.T) {
	s := newStation(t)
	func() {
		defer func() { recover() }()
		s.Write(s.ctx, func(tx *Tx) error {
			s.must(tx.Event("note", nil, nil))
			panic("boom")
		})
	}()
	s.dock("cam-7")
	if len(s.events("note")) != 0 {
		t.Fatal("an event of a panic was kept")
	}
	s.verify()
}

func TestASwallowedStatementErrorPreventsTheCommit(t *testing.T) {
	s := newStation(t)
	err := s.Write(s.ctx, func(tx *Tx) error {
		s.must(tx.Event("note", nil, nil))
		tx.Exec(`INSERT INTO nowhere VALUES (1)`)
		if _, err := tx.Exec(`INSERT INTO holdings (copies) VALUES ('x')`); err == nil {
			t.Error("a statement ran after a failed one")
		}
		return nil
	})
	if err == nil || len(s.events("note")) != 0 {
		t.Fatal("committed after a failed statement")
	}
}

func TestASwallowedStatementErrorOfARoomPreventsTheCommit(t *testing.T) {
	s := newStation(t)
	err := s.Write(s.ctx, func(tx *Tx) error {
		if _, err := tx.Exec(`INSERT INTO holdings (copies) VALUES ('x')`); err != nil {
			return err
		}
		tx.Exec(`INSERT INTO nowhere VALUES (1)`)
		return nil
	})
	if err == nil || s.count(`SELECT count(*) FROM holdings WHERE copies = 'x'`) != 0 {
		t.Fatal("committed after a failed statement")
	}
}

func TestCancelledBeforeTheCommit(t *testing.T) {
	s := newStation(t)
	ctx, cancel := context.WithCancel(s.ctx)
	err := s.Write(ctx, func(tx *Tx) error {
		cancel()
		return tx.Event("note", nil, nil)
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrCommit) || len(s.events("note")) != 0 {
		t.Fatalf("got %v", err)
	}
	if err := s.Write(ctx, func(*Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	s.dock("cam-7")
}

func TestFactsAndEventsAreNeverChanged(t *testing.T) {
	s, _, _ := cleared(t)
	for _, query := range []string{
		`UPDATE events SET line = x'7b7d'`, `DELETE FROM events WHERE seq = 1`, `INSERT OR REPLACE INTO events (seq, line) VALUES (1, x'7b7d')`,
		`UPDATE facts SET kind = 'seen'`, `DELETE FROM facts`, `REPLACE INTO facts SELECT seq, recording, 'hold' FROM facts`,
		`UPDATE personal SET sealed = x''`,
	} {
		err := s.Write(s.ctx, func(tx *Tx) error {
			_, err := tx.Exec(query)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "never") {
			t.Errorf("%s: %v", query, err)
		}
	}
	s.verify()
}

func TestFailedCommitEndsAllWriting(t *testing.T) {
	opts, clock := testOptions(t)
	opts.Rooms = []Room{queueRoom(map[string]string{"00001_jobs.sql": `-- +goose Up
CREATE TABLE queue_jobs (id INTEGER PRIMARY KEY, event INTEGER REFERENCES events (seq) DEFERRABLE INITIALLY DEFERRED) STRICT;
`})}
	s := openStation(t, opts, clock)
	err := s.Write(s.ctx, func(tx *Tx) error { // fails at COMMIT and not before
		_, err := tx.Exec(`INSERT INTO queue_jobs (event) VALUES (999999)`)
		return err
	})
	if !errors.Is(err, ErrCommit) {
		t.Fatalf("got %v", err)
	}
	err = s.BeginDocking(s.ctx, Docking{ID: "d1", Attachment: dock.Attachment{Bay: "A1", Generation: 1}, Info: dock.CameraInfo{ID: "c"}})
	if !errors.Is(err, ErrCommit) {
		t.Fatalf("writing went on: %v", err)
	}
	s.reopen()
	s.dock("cam-7")
	s.verify()
}

// TestDiskErrorIsErrCommit makes the kernel refuse the write itself, by a
// limit on the size of files: at the commit, and amid a transaction that is
// larger than SQLite's cache.
func TestDiskErrorIsErrCommit(t *testing.T) {
	for name, events := range map[string]int{"at the commit": 1, "amid the transaction": 16} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t)
			signal.Ignore(syscall.SIGXFSZ)
			defer signal.Reset(syscall.SIGXFSZ)
			var old unix.Rlimit
			s.must(unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
			s.must(unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 64 << 10, Max: old.Max}))
			err := s.Write(s.ctx, func(tx *Tx) (err error) {
				for range events {
					err = errors.Join(err, tx.Event("note", map[string]any{"text": strings.Repeat("x", 1<<20)}, nil))
				}
				return err
			})
			s.must(unix.Setrlimit(unix.RLIMIT_FSIZE, &old))
			if !errors.Is(err, ErrCommit) {
				t.Fatalf("got %v", err)
			}
			if err := s.Append(s.ctx); !errors.Is(err, ErrCommit) {
				t.Fatalf("writing went on: %v", err)
			}
			s.reopen()
			s.verify()
		})
	}
}

func TestManyWritersAndReadersAtOnce(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				id := dock.NewRecordingID()
				if err := s.Append(s.ctx, dock.Fact{Recording: id, Docking: d.ID, Body: dock.Seen{Name: "A", Copies: 1}}); err != nil {
					t.Error(err)
				}
				if _, err := s.Recordings(s.ctx, Filter{ID: id}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := s.count(`SELECT count(*) FROM recordings`); n != 80 {
		t.Fatalf("%d recordings", n)
	}
	s.verify()
}

func TestReadSeesOneSnapshot(t *testing.T) {
	s := newStation(t)
	s.must(s.Read(s.ctx, func(tx *Tx) error {
		var before, after int
		s.must(tx.QueryRow(`SELECT count(*) FROM events`).Scan(&before))
		s.dock("cam-7")
		s.must(tx.QueryRow(`SELECT count(*) FROM events`).Scan(&after))
		if before != after {
			t.Errorf("%d events, then %d", before, after)
		}
		return nil
	}))
}

func TestAppendRefusals(t *testing.T) {
	s, d, p := cleared(t)
	for what, f := range map[string]dock.Fact{
		"no body":             {Recording: p.Recording},
		"no recording":        {Body: dock.Seen{Name: "A"}},
		"a recording twice":   {Recording: p.Recording, Docking: d.ID, Body: dock.Seen{Name: "A"}},
		"an unknown docking":  {Recording: "r-new", Docking: "d-none", Body: dock.Seen{Name: "A"}},
		"a recording unknown": {Recording: "r-none", Body: dock.Spooled{}},
	} {
		if err := s.Append(s.ctx, f); err == nil || errors.Is(err, ErrCommit) {
			t.Errorf("%s: %v", what, err)
		}
	}
	err := s.Write(s.ctx, func(tx *Tx) error { return tx.Event("erase-intent", nil, nil) })
	if err == nil {
		t.Error("an event passed itself off as a fact")
	}
	s.verify()
}

func TestAppendReturnsTheFactAsItWillBeRead(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	s.clock.advance(1_234_567_891)
	var f dock.Fact
	s.must(s.Write(s.ctx, func(tx *Tx) (err error) {
		f, err = tx.Append(dock.Fact{Recording: "r1", Docking: d.ID, Body: dock.Seen{Name: "A", SizeBytes: 5, Copies: 1}})
		return err
	}))
	if got := s.recording("r1").Facts[0]; got != f {
		t.Fatalf("wrote %+v, read %+v", f, got)
	}
}
