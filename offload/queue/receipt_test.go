package queue_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/hashing"
	"berth/offload/queue"
	"berth/offload/storetest"
)

// What could be put and not read back waits like any other failure, and its
// reason can be read.
func TestPutThatCannotBeReadBackIsAFailedAttempt(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		s.a.Plant(storetest.Open, storetest.Fault{Before: errReset})
		ids := s.spooled(1)
		s.expectStores(ids, "uuid-b")
		if got := s.status("nas"); got.Queued != 1 || !strings.Contains(got.WaitingFor, errReset.Error()) {
			t.Errorf("status %+v", got)
		}
		s.later(6 * time.Minute)
		s.expectStores(ids, "uuid-a", "uuid-b")
	})
}

// A task can outlive the copy that it is about: its store was another one while
// the copy was released. It ends there, and nobody takes what is gone for rotten.
func TestWhatWasReleasedMeanwhileIsNeitherSentNorMissed(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		puts := s.a.Calls(storetest.Put)
		gate := storetest.NewGate()
		s.a.Plant(storetest.Identity, storetest.Fault{Gate: gate})
		s.later(2 * time.Minute)
		s.must(s.queue.Expect(t.Context(), "nas", "uuid-x")) // queued for it
		synctest.Wait()
		s.must(s.queue.Expect(t.Context(), "nas", "uuid-a"))
		s.must(s.queue.Reconfirm(t.Context(), ids[0])) // released
		if got := s.status("nas"); got.Queued != 1 || s.recording(ids[0]).OnSpool() {
			t.Fatalf("status %+v, on the spool: %t", got, s.recording(ids[0]).OnSpool())
		}
		s.must(s.queue.Expect(t.Context(), "nas", "uuid-x"))
		s.a.SetIdentity("uuid-x")
		gate.Open()
		s.later(10 * time.Minute)
		if got := s.status("nas"); got.Queued != 0 || s.a.Calls(storetest.Put) != puts {
			t.Errorf("status %+v after %d more Puts", got, s.a.Calls(storetest.Put)-puts)
		}
		if held := s.recording(ids[0]).Held(); held != nil {
			t.Errorf("what the stores hold is held: %+v", held)
		}
	})
}

// What one store lost says nothing about another: that one is not given again
// what it holds.
func TestLossOfOneStoreCostsNoOtherItsReceipt(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		s.a.Remove(s.key(ids[0]))
		s.b.Plant(storetest.Open, storetest.Fault{Before: errReset})
		if err := s.queue.Reconfirm(t.Context(), ids[0]); !errors.Is(err, queue.ErrRevoked) {
			t.Errorf("Reconfirm = %v, want ErrRevoked", err)
		}
		s.restart()
		s.later(6 * time.Minute)
		s.expectStores(ids, "uuid-a", "uuid-a", "uuid-b")
		if puts := s.b.Calls(storetest.Put); puts != 1 {
			t.Errorf("the other store was sent %d times what it holds", puts)
		}
	})
}

// A receipt of what was sealed before says nothing about what is sealed now:
// the store was not shown to have lost anything.
func TestReconfirmAsksNobodyForWhatHeNeverGot(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.spooled(1)
		for _, store := range []*storetest.Memory{s.a, s.b} {
			store.Always(storetest.Put, storetest.Fault{Before: errReset})
		}
		s.sealAgain(ids[0])
		if err := s.queue.Reconfirm(t.Context(), ids[0]); err != nil {
			t.Errorf("Reconfirm = %v, although no store was to have it yet", err)
		}
		if s.facts(ids[0], dock.KindReceipt) != 2 || !s.recording(ids[0]).OnSpool() {
			t.Error("a receipt was earned without a Put, or the spool copy went")
		}
	})
}

// A store that says that it got other bytes, and a spool that is sound: the
// store is tried again, and the recording is not held.
func TestStoreThatLiesAboutWhatItGotIsNoRot(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		s.a.Plant(storetest.Put, storetest.Fault{Before: &hashing.Mismatch{What: "what came", WantBytes: 5000, GotBytes: 4999}})
		ids := s.spooled(1)
		s.later(10 * time.Minute)
		if held := s.recording(ids[0]).Held(); held != nil {
			t.Errorf("a sound recording is held: %+v", held)
		}
		s.expectStores(ids, "uuid-a", "uuid-b")
	})
}
