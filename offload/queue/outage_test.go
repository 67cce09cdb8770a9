package queue_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/offload/queue"
	"berth/offload/storetest"
)

func TestStoreMissingForLongIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		first := s.spooled(1)
		s.a.SetIdentity("")
		ids := s.spooled(3)
		s.later(6 * time.Hour)
		s.expectStores(ids, "uuid-b", "uuid-b")
		status := s.status("nas")
		if status.Reachable || status.Queued != 3 || !strings.Contains(status.WaitingFor, "not the one that was commissioned") {
			t.Errorf("status %+v", status)
		}
		if stores := s.queue.Stores(); !slices.Equal(stores, []dock.StoreID{"uuid-b"}) {
			t.Errorf("commissioned stores %v", stores)
		}
		s.a.SetIdentity("uuid-a")
		s.later(6 * time.Minute)                            // no pause is longer than five
		s.expectStores(first, "uuid-a", "uuid-b", "uuid-b") // b was looked at a second time meanwhile
		s.expectStores(ids, "uuid-a", "uuid-b", "uuid-b")
	})
}

func TestOutageIsNotHammeredAndTheBacklogFollows(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		s.a.Always(storetest.Put, storetest.Fault{Before: errReset})
		ids := s.spooled(20)
		s.later(6 * time.Hour)
		// With full jitter a pause of at most 5 minutes is 2.5 on average.
		if tries := s.a.Calls(storetest.Put); tries < 70 || tries > 300 {
			t.Errorf("%d tries in 6 hours", tries)
		}
		if status := s.status("nas"); status.Reachable || !strings.Contains(status.WaitingFor, errReset.Error()) {
			t.Errorf("status %+v", status)
		}
		s.a.Always(storetest.Put, storetest.Fault{})
		s.later(11 * time.Minute)
		s.expectStores(ids, "uuid-a", "uuid-b", "uuid-b")
	})
}

func TestNewWorkDoesNotShortenAPause(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		s.a.Always(storetest.Identity, storetest.Fault{Before: errReset})
		s.later(2 * time.Hour)
		before := s.a.Calls(storetest.Identity)
		for range 20 {
			s.spooled(1)
		}
		if calls := s.a.Calls(storetest.Identity) - before; calls > 1 {
			t.Errorf("a store that is away was asked %d times at once", calls)
		}
	})
}

func TestReasonSurvivesARestart(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.a.Always(storetest.Put, storetest.Fault{Alter: storetest.FlipBit})
		s.start()
		s.spooled(1)
		s.later(time.Hour)
		s.restart()
		if got := s.status("nas").WaitingFor; !strings.Contains(got, "attempts") {
			t.Errorf("after the restart the store waits for %q", got)
		}
	})
}

func TestPausesEndWithTheBoot(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.a.Always(storetest.Put, storetest.Fault{Lie: true})
		s.start()
		ids := s.spooled(1)
		s.later(2 * time.Hour)
		s.a.Always(storetest.Put, storetest.Fault{})
		s.clock.reboot("boot-2") // its clock begins again, far before what was due
		s.restart()
		s.expectStores(ids, "uuid-a", "uuid-b", "uuid-b")
	})
}

func TestSwappedStoreGetsNothingAndCountsForNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		first := s.spooled(1)
		s.a.Reset("uuid-x")
		ids := s.spooled(2)
		s.restart()
		s.later(50 * time.Minute)
		s.expectStores(ids, "uuid-b")
		if keys := s.a.Keys(); len(keys) != 0 {
			t.Errorf("the stranger was given %v", keys)
		}
		status := s.status("nas")
		if status.Reachable || !strings.Contains(status.WaitingFor, "the store at nas is not the one that was commissioned") {
			t.Errorf("status %+v", status)
		}
		if stores := s.queue.Stores(); !slices.Equal(stores, []dock.StoreID{"uuid-b"}) {
			t.Errorf("commissioned stores %v", stores)
		}
		if err := s.queue.Accept(t.Context(), "attic", "lee", "new disk"); !errors.Is(err, queue.ErrNoStore) {
			t.Errorf("a store that is not in the config was accepted: %v", err)
		}
		// A person says that the new one is meant: it gets what the spool has.
		s.must(s.queue.Accept(t.Context(), "nas", "lee", "new disk"))
		synctest.Wait()
		s.expectStores(ids, "uuid-b", "uuid-x")
		s.expectStores(first, "uuid-a", "uuid-b", "uuid-x")
		if stores := s.queue.Stores(); !slices.Equal(stores, []dock.StoreID{"uuid-x", "uuid-b"}) {
			t.Errorf("commissioned stores %v", stores)
		}
	})
}

func TestStoreSwappedDuringAnAttemptEarnsNothing(t *testing.T) {
	for _, op := range []storetest.Op{storetest.Put, storetest.Place, storetest.Open} {
		t.Run(string(op), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *station) {
				s.start()
				s.a.Plant(op, storetest.Fault{Then: func() { s.a.SetIdentity("uuid-x") }})
				ids := s.spooled(1)
				s.later(20 * time.Minute)
				s.expectStores(ids, "uuid-b")
				s.a.SetIdentity("uuid-a")
				s.later(20 * time.Minute)
				s.expectStores(ids, "uuid-a", "uuid-b")
			})
		})
	}
}

func TestStoreReplacedDuringAnAttemptStillGetsTheRecording(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		gate := storetest.NewGate()
		s.a.Plant(storetest.Identity, storetest.Fault{}, storetest.Fault{Gate: gate})
		ids := s.spooled(1) // stored and read back; the last question is open
		s.must(s.queue.Expect(t.Context(), "nas", "uuid-x"))
		synctest.Wait()
		gate.Open() // it was the old store all the time
		synctest.Wait()
		if got := s.status("nas"); got.Queued != 1 || got.ID != "uuid-x" {
			t.Errorf("status %+v", got)
		}
		s.a.Reset("uuid-x")
		s.later(10 * time.Minute)
		s.expectStores(ids, "uuid-b", "uuid-x")
	})
}

func TestStoreThatCameBackIsNotGivenWhatItHolds(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		s.must(s.queue.Expect(t.Context(), "nas", "uuid-x"))
		synctest.Wait()
		if got := s.status("nas"); got.Queued != 1 || got.Reachable {
			t.Errorf("status %+v", got)
		}
		s.must(s.queue.Expect(t.Context(), "nas", "uuid-a"))
		s.later(10 * time.Minute)
		if got := s.status("nas"); got.Queued != 0 || !got.Reachable {
			t.Errorf("status %+v", got)
		}
		s.expectStores(ids, "uuid-a", "uuid-b")
	})
}

func TestRecordingSealedAnewMeanwhileIsStoredAnew(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		gate := storetest.NewGate()
		s.a.Plant(storetest.Put, storetest.Fault{Gate: gate})
		ids := s.spooled(1)
		s.sealAgain(ids[0])
		s.queue.Wake()
		synctest.Wait()
		gate.Open()
		s.later(10 * time.Minute)
		r := s.recording(ids[0])
		intent, _ := r.Spooled()
		for _, confirmation := range r.Receipts() {
			if got := confirmation.Receipt.Record(); got.SealedSHA256 != intent.Sealed {
				t.Errorf("%s confirms %s, sealed is %s", got.Store, got.SealedSHA256, intent.Sealed)
			}
		}
		s.expectStores(ids, "uuid-a", "uuid-b", "uuid-b") // b had the first one already
	})
}

func TestOneStoreUnderTwoNamesCountsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.targets[1].Store = s.a
		s.must(s.journal.Close())
		s.boot()
		s.start()
		ids := s.spooled(1)
		s.later(10 * time.Minute)
		s.expectStores(ids, "uuid-a")
		waiting := s.status("nas").WaitingFor + s.status("cloud").WaitingFor
		if !strings.Contains(waiting, "is the same as the store at") {
			t.Errorf("the stores wait for %q", waiting)
		}
		if len(s.queue.Stores()) != 1 {
			t.Errorf("commissioned stores %v", s.queue.Stores())
		}
		for _, name := range []string{"nas", "cloud"} {
			if s.status(name).ID == "" {
				if err := s.queue.Expect(t.Context(), name, "uuid-a"); err == nil {
					t.Errorf("Expect took the store of another name for %s too", name)
				}
			}
		}
	})
}

func TestStoreThatWasNeverCommissionedSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.a.Reset("")
		s.start()
		ids := s.spooled(1)
		if got := s.status("nas"); got.ID != "" || got.Reachable || !strings.Contains(got.WaitingFor, "never commissioned") {
			t.Errorf("status %+v", got)
		}
		s.a.Reset("uuid-a")
		s.later(6 * time.Minute)
		s.expectStores(ids, "uuid-a", "uuid-b")
	})
}

func TestJournalThatFailsEndsTheQueue(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		s.seal(1)
		s.must(s.journal.Close())
		s.queue.Wake()
		if err := <-s.ended; err == nil {
			t.Error("Run went on without a journal")
		}
		s.ended = nil
	})
}

func TestChangedTellsOfReceiptsAndOutages(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		<-s.queue.Changed() // both stores were found
		s.spooled(1)
		<-s.queue.Changed()
		s.a.Always(storetest.Identity, storetest.Fault{Before: errReset})
		s.later(2 * time.Minute)
		<-s.queue.Changed()
		if status := s.status("nas"); status.Reachable {
			t.Errorf("status %+v", status)
		}
	})
}
