package queue_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/offload/storetest"
)

func TestReleaseCutShortIsFinishedAtTheStart(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		s.spool.fail(errors.New("killed"))
		s.must(s.queue.Reconfirm(t.Context(), ids[0]))
		if s.recording(ids[0]).OnSpool() || s.spool.files() != 1 {
			t.Fatal("the copy was not released in the journal first")
		}
		s.restart()
		if s.spool.files() != 1 {
			t.Fatal("the copy went although it cannot be removed")
		}
		s.spool.fail(nil)
		s.restart()
		if s.spool.files() != 0 {
			t.Error("the released copy is still there after a restart")
		}
		var listed int
		s.must(s.journal.Read(t.Context(), func(tx *journal.Tx) error {
			return tx.QueryRow(`SELECT count(*) FROM offload_releases`).Scan(&listed)
		}))
		if listed != 0 {
			t.Errorf("%d copies that are gone are still on the list", listed)
		}
		if got := s.facts(ids[0], dock.KindSpoolReleased); got != 1 {
			t.Errorf("released %d times", got)
		}
	})
}

// A removal that the disk does not acknowledge is no warning: the caller has to
// end the process.
func TestReleaseThatIsNotAcknowledgedIsNotPassedOver(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		s.spool.fail(dock.ErrSync)
		if err := s.queue.Reconfirm(t.Context(), ids[0]); !errors.Is(err, dock.ErrSync) {
			t.Errorf("reconfirming went on with %v", err)
		}
		s.spool.fail(nil)
	})
}

func TestSpoolCopyStaysUntilEveryStoreHoldsIt(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.copies = 1
		s.must(s.journal.Close())
		s.boot()
		gate := storetest.NewGate()
		s.a.Always(storetest.Put, storetest.Fault{Gate: gate})
		s.start()
		ids := s.spooled(1)
		s.must(s.queue.Reconfirm(t.Context(), ids[0]))
		s.must(s.queue.Reconfirm(t.Context(), ids[0]))
		s.later(3 * time.Hour)
		if !s.recording(ids[0]).OnSpool() {
			t.Fatal("the copy went before the second store had one")
		}
		gate.Open()
		synctest.Wait()
		s.must(s.queue.Reconfirm(t.Context(), ids[0]))
		if s.recording(ids[0]).OnSpool() {
			t.Error("the copy stayed although both stores were looked at twice")
		}
	})
}

func TestSpoolCopyStaysWhenTheStoresLeaveTheConfig(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		s.targets = nil
		s.restart()
		s.must(s.queue.Reconfirm(t.Context(), ids[0]))
		s.later(3 * time.Hour)
		if !s.recording(ids[0]).OnSpool() {
			t.Error("the spool copy went although nobody looks after the others")
		}
	})
}

func TestSpoolCopyStaysWithoutTheCopiesAskedFor(t *testing.T) {
	for name, arrange := range map[string]func(*station){
		"too few stores":  func(s *station) { s.copies = 3 },
		"one device":      func(s *station) { s.b.SetPlace(dock.Place{Device: "memory:uuid-a"}) },
		"spool's device":  func(s *station) { s.b.SetPlace(dock.Place{Device: "disk:sda", OnSpool: true}) },
		"no store at all": func(s *station) { s.targets = nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *station) {
				arrange(s)
				s.must(s.journal.Close())
				s.boot()
				s.start()
				ids := s.spooled(1)
				for range 3 {
					s.must(s.queue.Reconfirm(t.Context(), ids[0]))
				}
				s.later(3 * time.Hour)
				if !s.recording(ids[0]).OnSpool() {
					t.Error("the spool copy went")
				}
			})
		})
	}
}

// TestSpoolIsFreedWithoutAnybodyAsking: nothing is ever erased where the config
// says so, and the spool must not fill up all the same.
func TestSpoolIsFreedWithoutAnybodyAsking(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(3)
		s.later(50 * time.Minute)
		if s.facts(ids[0], dock.KindReceipt) != 2 {
			t.Error("the later check came at once")
		}
		if s.spool.files() != len(ids) {
			t.Error("one look at each store was enough to give up the spool's copies")
		}
		s.later(time.Hour)
		for _, id := range ids {
			if s.recording(id).OnSpool() {
				t.Errorf("%s still takes up the spool", id)
			}
		}
		if s.spool.files() != 0 {
			t.Errorf("%d files on the spool", s.spool.files())
		}
	})
}

func TestLaterCheckFindsWhatWasLost(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		s.a.Remove(s.key(ids[0]))
		s.later(90 * time.Minute)
		if s.facts(ids[0], dock.KindReceiptRevoked) != 1 {
			t.Error("the loss was not found")
		}
		if stores := s.stores(ids[0]); len(stores) != 2 {
			t.Errorf("receipts of %v", stores)
		}
	})
}
