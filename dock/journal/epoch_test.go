package journal

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth/dock"
)

// orBegin opens the journal as a station does.
func (s *station) orBegin() {
	s.t.Helper()
	j, err := OpenOrBegin(s.ctx, s.opts)
	s.must(err)
	s.Journal = j
}

func (s *station) asideFolders() []string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(s.opts.Path), "set-aside-*"))
	s.must(err)
	return found
}

// overwrite damages the database below SQLite.
func overwrite(t *testing.T, path string, at int64, with []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt(with, at)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAJournalThatCannotBeTrustedIsSetAsideAndTheNextEpochErasesNothing(t *testing.T) {
	for name, damage := range map[string]func(s *station){
		"no database any more":  func(s *station) { overwrite(s.t.(*testing.T), s.opts.Path, 0, make([]byte, 100)) },
		"a schema of garbage":   func(s *station) { overwrite(s.t.(*testing.T), s.opts.Path, 100, []byte(strings.Repeat("?", 3000))) },
		"cut off":               func(s *station) { s.must(os.Truncate(s.opts.Path, 5000)) },
		"an event changed":      func(s *station) { s.tamper(`UPDATE events SET line = x'7b7d' WHERE seq = 3`) },
		"a cached state broken": func(s *station) { s.tamper(`UPDATE recordings SET state = 'erased', on_camera = 0`) },
		"lost":                  func(s *station) { s.must(os.Remove(s.opts.Path)) },
		"emptied":               func(s *station) { s.must(os.Truncate(s.opts.Path, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _ := cleared(t)
			first := s.Epoch()
			head := s.verify()
			s.must(s.Close())
			damage(s)
			damaged, _ := os.ReadFile(s.opts.Path)
			if _, err := Open(s.ctx, s.opts); err == nil {
				t.Fatal("it was opened")
			}
			s.orBegin()
			checkNewEpoch(s, first, head.Seq, head.Head.String())
			aside := s.asideFolders()
			if len(aside) != 1 {
				t.Fatalf("set aside: %v", aside)
			}
			kept, err := os.ReadFile(filepath.Join(aside[0], "journal.db"))
			s.must(err)
			if len(damaged) > 0 && string(kept) != string(damaged) {
				t.Error("what was set aside is not what was there")
			}
			checkLockedUntilReleased(s)
		})
	}
}

// checkNewEpoch: the first event tells why, and where the last epoch had come to.
func checkNewEpoch(s *station, before Epoch, seq int64, head string) {
	s.t.Helper()
	if e := s.Epoch(); e.ID == before.ID || e.Locked == "" {
		s.t.Fatalf("epoch %+v after %+v", e, before)
	}
	events := s.events("")
	if events[0].Kind != "epoch-began" || events[0].Epoch != s.Epoch().ID {
		s.t.Fatalf("the first event is %+v", events[0])
	}
	var body struct {
		Cause    string `json:"cause"`
		Previous string `json:"previous_epoch"`
		Seq      int64  `json:"previous_seq"`
		Head     string `json:"previous_head"`
		SetAside string `json:"set_aside"`
	}
	s.must(json.Unmarshal(events[0].Body, &body))
	if body.Cause == "" || body.Previous != before.ID || body.Seq != seq || body.Head != head || body.SetAside == "" {
		s.t.Errorf("it says %s; want %s, %d, %s", events[0].Body, before.ID, seq, head)
	}
}

// checkLockedUntilReleased: everything but erasing goes on, also after a restart.
func checkLockedUntilReleased(s *station) {
	s.t.Helper()
	s.reopen()
	d := s.dock("cam-9")
	p := s.reconcile(d, listing(file("a.mp4", 10))).Items[0]
	s.store(d, p)
	s.secondRead(d, p)
	var refusal *dock.Refusal
	if _, err := s.Clear(s.ctx, request(d, p)); !errors.As(err, &refusal) || !refusal.Has("epoch") || len(refusal.Reasons) != 1 {
		s.t.Fatalf("clear in a locked epoch: %v", err)
	}
	s.must(s.ReleaseEpoch(s.ctx, "Sgt. Lee", "compared with the stores"))
	if err := s.ReleaseEpoch(s.ctx, "", ""); !errors.Is(err, dock.ErrNotHeld) {
		s.t.Errorf("released twice: %v", err)
	}
	if _, err := s.Clear(s.ctx, request(d, p)); err != nil {
		s.t.Errorf("clear after the release: %v", err)
	}
	released := s.events("epoch-released")
	if len(released) != 1 || len(released[0].Commitments) != 2 {
		s.t.Errorf("the release is journalled as %+v", released)
	}
	s.reopen()
	if len(s.Locks()) > 0 {
		s.t.Errorf("locked again: %v", s.Locks())
	}
}

func TestEveryEventNamesItsEpoch(t *testing.T) {
	s, _, _ := cleared(t)
	if e := s.Epoch(); e.ID == "" || e.Locked != "" {
		t.Fatalf("a new station's epoch is %+v", e)
	}
	s.reopen()
	for _, e := range s.events("") {
		if e.Epoch != s.Epoch().ID {
			t.Errorf("event %d is of epoch %q", e.Seq, e.Epoch)
		}
	}
	if n := len(s.events("epoch-began")); n != 1 {
		t.Errorf("%d epochs began", n)
	}
}

func TestSettingAsideThatWasCutOffIsFinished(t *testing.T) {
	s, _, _ := cleared(t)
	first, head := s.Epoch(), s.verify()
	s.must(s.Close())
	w, err := openWitness(s.opts.witnessPath(s.opts.Path))
	s.must(err)
	s.must(w.keep(note{Mark: w.kept.Mark, SetAside: "a doubt"}))
	// The log of the database is gone already, and the rest would look sound.
	s.orBegin()
	checkNewEpoch(s, first, head.Seq, head.Head.String())
	if s.Epoch().Locked != "a doubt" {
		t.Errorf("it is locked for %q", s.Epoch().Locked)
	}
}

func TestWhatAPersonCanPutRightIsNotSetAside(t *testing.T) {
	s := newStation(t)
	if _, err := OpenOrBegin(s.ctx, s.opts); !errors.Is(err, ErrLocked) {
		t.Errorf("in use: %v", err)
	}
	s.must(s.Close())
	other := s.opts
	other.DataKey[0] ^= 1
	if _, err := OpenOrBegin(s.ctx, other); !errors.Is(err, ErrKey) {
		t.Errorf("another key: %v", err)
	}
	s.tamper(`INSERT INTO journal_version (version_id, is_applied) VALUES (99, 1)`)
	if _, err := OpenOrBegin(s.ctx, s.opts); !errors.Is(err, ErrNewer) {
		t.Errorf("newer: %v", err)
	}
	if aside := s.asideFolders(); len(aside) > 0 {
		t.Errorf("set aside: %v", aside)
	}
}

func TestDamageFarBackIsFoundAfterARunThatFailed(t *testing.T) {
	s := newStation(t)
	s.must(s.Write(s.ctx, func(tx *Tx) error {
		for range tail + 200 {
			if err := tx.Event("remark", nil, nil); err != nil {
				return err
			}
		}
		return nil
	}))
	s.must(s.Close())
	s.tamper(`UPDATE events SET line = x'7b7d' WHERE seq = 5`)
	s.openAgain()
	if _, err := s.VerifyChain(s.ctx); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
	s.must(s.Close())
	s.opts.Thorough = true
	if _, err := Open(s.ctx, s.opts); !errors.Is(err, ErrBroken) {
		t.Fatalf("thorough: got %v", err)
	}
}
