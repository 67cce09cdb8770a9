package queue_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/offload/queue"
	"berth/offload/storetest"
)

func TestReconfirmReadsEveryStoreAgainAndFreesTheSpool(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(2)
		if s.spool.files() != 2 {
			t.Fatal("one look at the stores was enough to give up the spool copy")
		}
		s.later(time.Minute)
		s.must(s.queue.Reconfirm(t.Context(), ids[0]))
		r := s.recording(ids[0])
		for _, confirmation := range r.Receipts() {
			if confirmation.Times != 2 || confirmation.At.Since(confirmation.First) < time.Minute {
				t.Errorf("confirmation %+v", confirmation)
			}
		}
		if r.OnSpool() || s.spool.files() != 1 {
			t.Errorf("the spool still has the copy: %d files", s.spool.files())
		}
		if !s.recording(ids[1]).OnSpool() {
			t.Error("the other recording lost its copy too")
		}
		// Afterwards the stores are all there is, and can still be asked.
		s.must(s.queue.Reconfirm(t.Context(), ids[0]))
	})
}

func TestStoreThatLostTheRecordingLosesItsReceiptAndGetsItAgain(t *testing.T) {
	for name, damage := range map[string]func(*station, string){
		"gone":      func(s *station, key string) { s.a.Remove(key) },
		"flipped":   func(s *station, key string) { s.a.Corrupt(key, storetest.FlipBit) },
		"truncated": func(s *station, key string) { s.a.Corrupt(key, storetest.Truncate) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *station) {
				s.start()
				ids := s.spooled(1)
				damage(s, s.key(ids[0]))
				if err := s.queue.Reconfirm(t.Context(), ids[0]); !errors.Is(err, queue.ErrRevoked) {
					t.Errorf("Reconfirm = %v, want ErrRevoked", err)
				}
				if s.facts(ids[0], dock.KindReceiptRevoked) != 1 || s.spool.files() != 1 {
					t.Error("the receipt was not revoked, or the spool copy went")
				}
				if name != "gone" { // what is there is never replaced
					s.later(time.Hour)
					s.a.Remove(s.key(ids[0]))
				}
				s.later(6 * time.Minute)
				if stores := s.stores(ids[0]); len(stores) != 2 {
					t.Errorf("receipts of %v", stores)
				}
				if !s.recording(ids[0]).OnSpool() {
					t.Error("the spool copy went before the store was looked at again")
				}
			})
		})
	}
}

func TestStoreThatCannotBeAskedKeepsItsReceipt(t *testing.T) {
	for name, fault := range map[string]func(*station){
		"unreachable": func(s *station) { s.a.Always(storetest.Open, storetest.Fault{Before: errReset}) },
		"missing":     func(s *station) { s.a.SetIdentity("") },
		"swapped":     func(s *station) { s.a.Reset("uuid-x") },
		"swapping": func(s *station) {
			s.a.Plant(storetest.Open, storetest.Fault{Then: func() { s.a.SetIdentity("uuid-x") }})
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *station) {
				s.start()
				ids := s.spooled(1)
				fault(s)
				if err := s.queue.Reconfirm(t.Context(), ids[0]); err == nil || errors.Is(err, queue.ErrRevoked) {
					t.Errorf("Reconfirm = %v", err)
				}
				for _, confirmation := range s.recording(ids[0]).Receipts() {
					if record := confirmation.Receipt.Record(); record.Store == "uuid-a" && confirmation.Times != 1 {
						t.Errorf("a store that was not asked confirmed %d times", confirmation.Times)
					}
				}
				if s.facts(ids[0], dock.KindReceiptRevoked) != 0 || !s.recording(ids[0]).OnSpool() {
					t.Error("the receipt was revoked, or the spool copy went")
				}
			})
		})
	}
}

func TestHangingStoreDoesNotKeepAnotherFromBeingReconfirmed(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		gate := storetest.NewGate()
		s.a.Always(storetest.Open, storetest.Fault{Gate: gate})
		done := make(chan error)
		go func() { done <- s.queue.Reconfirm(t.Context(), ids[0]) }()
		synctest.Wait()
		if got := s.facts(ids[0], dock.KindReceipt); got != 3 {
			t.Errorf("%d receipts while one store hangs, want 3", got)
		}
		gate.Open()
		s.must(<-done)
	})
}

func TestUnknownRecordingCannotBeReconfirmed(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		if err := s.queue.Reconfirm(t.Context(), "rnone"); !errors.Is(err, journal.ErrUnknown) {
			t.Errorf("Reconfirm = %v, want ErrUnknown", err)
		}
	})
}

func TestReconfirmAtTheSameTimeRevokesOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		s.a.Remove(s.key(ids[0]))
		gate, later := storetest.NewGate(), storetest.NewGate()
		s.a.Plant(storetest.Open, storetest.Fault{Gate: gate}, storetest.Fault{Gate: gate})
		s.a.Plant(storetest.Put, storetest.Fault{Gate: later})
		done := make(chan error)
		for range 2 {
			go func() { done <- s.queue.Reconfirm(t.Context(), ids[0]) }()
		}
		synctest.Wait()
		gate.Open()
		if err := errors.Join(<-done, <-done); !errors.Is(err, queue.ErrRevoked) {
			t.Errorf("Reconfirm = %v, want ErrRevoked", err)
		}
		if got := s.facts(ids[0], dock.KindReceiptRevoked); got != 1 {
			t.Errorf("revoked %d times", got)
		}
		later.Open()
		synctest.Wait()
		if got := s.stores(ids[0]); len(got) != 2 {
			t.Errorf("receipts of %v", got)
		}
	})
}
