package journal

import (
	"errors"
	"os"
	"testing"

	"berth/dock"
)

// backup is a copy of a closed journal's database.
func (s *station) backup() []byte {
	s.t.Helper()
	content, err := os.ReadFile(s.opts.Path)
	s.must(err)
	return content
}

func (s *station) restore(content []byte) {
	s.t.Helper()
	os.Remove(s.opts.Path + "-wal")
	os.Remove(s.opts.Path + "-shm")
	s.must(os.WriteFile(s.opts.Path, content, 0o600))
}

func TestAnOlderCopyOfTheJournalIsNoticed(t *testing.T) {
	s, d, p := cleared(t)
	s.must(s.Close())
	old := s.backup()
	s.openAgain()
	s.dock("cam-8")
	s.must(s.Close())
	newest := s.backup()

	s.restore(old)
	if _, err := Open(s.ctx, s.opts); !errors.Is(err, ErrWitness) {
		t.Fatalf("the older copy was opened: %v", err)
	}
	s.restore(newest)
	s.openAgain() // the true one still is

	// Another station wrote to the older copy, until it was as long.
	s.must(s.Close())
	witness, err := os.ReadFile(s.opts.witnessPath(s.opts.Path))
	s.must(err)
	s.restore(old)
	s.must(os.Remove(s.opts.witnessPath(s.opts.Path)))
	s.openAgain()
	for range 20 {
		s.dock("cam-7")
	}
	s.must(s.Close())
	s.must(os.WriteFile(s.opts.witnessPath(s.opts.Path), witness, 0o600))
	if _, err := Open(s.ctx, s.opts); !errors.Is(err, ErrWitness) {
		t.Fatalf("the copy that went on was opened: %v", err)
	}
	s.orBegin()
	if _, err := s.Clear(s.ctx, request(d, p)); err == nil {
		t.Error("what another epoch knew cleared an erase")
	}
}

// A station that is killed writes no last witness: what allowed an erase, or
// was stated to an officer, is witnessed when it happens.
func TestWhatAllowedAnEraseIsWitnessedAtOnce(t *testing.T) {
	for name, act := range map[string]func(s *station, d Docking, p dock.Planned) error{
		"an intent to erase": func(s *station, d Docking, p dock.Planned) error {
			_, err := s.Clear(s.ctx, request(d, p))
			return err
		},
		"a statement": func(s *station, d Docking, _ dock.Planned) error {
			_, err := s.Statement(s.ctx, d.ID)
			return err
		},
		"a start": func(s *station, _ Docking, _ dock.Planned) error {
			s.reopen()
			return nil
		},
		"many small things": func(s *station, _ Docking, _ dock.Planned) error {
			for range witnessEvery {
				s.must(s.Write(s.ctx, func(tx *Tx) error { return tx.Event("remark", nil, nil) }))
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, d, p := cleared(t)
			before := readWitness(t, s.opts)
			s.must(act(s, d, p))
			after := readWitness(t, s.opts)
			if after.Seq <= before.Seq {
				t.Errorf("the witness stays at event %d", before.Seq)
			}
			events := s.events("")
			if int64(len(events)) < after.Seq {
				t.Errorf("the witness is ahead of the journal: %d of %d", after.Seq, len(events))
			}
		})
	}
}

func readWitness(t *testing.T, o Options) note {
	t.Helper()
	w, err := openWitness(o.witnessPath(o.Path))
	if err != nil || w.damage != "" {
		t.Fatal(err, w)
	}
	return w.kept
}

func TestADamagedWitnessLocksAndSetsNothingAside(t *testing.T) {
	s, d, p := cleared(t)
	s.must(s.Close())
	s.must(os.WriteFile(s.opts.witnessPath(s.opts.Path), []byte("{"), 0o600))
	s.orBegin()
	if len(s.asideFolders()) > 0 || s.Epoch().Locked == "" {
		t.Fatalf("epoch %+v, set aside %v", s.Epoch(), s.asideFolders())
	}
	var refusal *dock.Refusal
	if _, err := s.Clear(s.ctx, request(d, p)); !errors.As(err, &refusal) || !refusal.Has("epoch") {
		t.Errorf("clear: %v", err)
	}
	s.reopen() // the witness is whole again, the doubt stays
	if s.Epoch().Locked == "" {
		t.Error("a restart lifted the doubt")
	}
	s.must(s.ReleaseEpoch(s.ctx, "", "looked"))
}

func TestAWitnessThatCannotBeWrittenStopsErasingOnly(t *testing.T) {
	s, d, p := cleared(t)
	inTheWay := s.opts.witnessPath(s.opts.Path) + ".new"
	s.must(os.Mkdir(inTheWay, 0o700))
	if _, err := s.Statement(s.ctx, d.ID); err != nil {
		t.Fatalf("it stopped more than erasing: %v", err)
	}
	var refusal *dock.Refusal
	if _, err := s.Clear(s.ctx, request(d, p)); !errors.As(err, &refusal) || !refusal.Has("witness") {
		t.Errorf("clear: %v", err)
	}
	s.must(os.Remove(inTheWay))
	// The camera in the bay must not wait for another one to be docked.
	s.clock.advance(witnessPause)
	if locks := s.Locks(); len(locks) > 0 {
		t.Errorf("still locked when it can be written: %v", locks)
	}
	if _, err := s.Clear(s.ctx, request(d, p)); err != nil {
		t.Error(err)
	}
}

func BenchmarkWitness(b *testing.B) {
	w, err := openWitness(b.TempDir() + "/head")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := w.keep(note{}); err != nil {
			b.Fatal(err)
		}
	}
}
