package queue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"berth/dock"
	"berth/offload"
	"berth/offload/storetest"
)

var errReset = errors.New("connection reset")

func TestEveryStoreGetsEveryRecordingOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		before := s.seal(3)
		s.start()
		after := s.spooled(2)
		s.expectStores(append(before, after...), "uuid-a", "uuid-b")
		for _, name := range []string{"nas", "cloud"} {
			status := s.status(name)
			want := dock.StoreStatus{Store: name, ID: status.ID, Reachable: true}
			if status != want || status.ID == "" {
				t.Errorf("status %+v, want %+v", status, want)
			}
		}
		if stores := s.queue.Stores(); !slices.Equal(stores, []dock.StoreID{"uuid-a", "uuid-b"}) {
			t.Errorf("commissioned stores %v", stores)
		}
		s.restart()
		s.later(6 * time.Hour)
		if got := s.a.Calls(storetest.Put); got != 5 {
			t.Errorf("%d Puts for 5 recordings", got)
		}
	})
}

func TestBacklogBeyondOnePageArrives(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		first := s.seal(70)
		s.start()
		second := s.spooled(70)
		s.expectStores(append(first, second...), "uuid-a", "uuid-b")
	})
}

func TestLostWakeCostsOnlyTime(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.start()
		ids := s.seal(1)
		s.later(2 * time.Minute)
		s.expectStores(ids, "uuid-a", "uuid-b")
	})
}

// recorder notes the order of Puts.
type recorder struct {
	*storetest.Memory
	mu   sync.Mutex
	keys []string
}

func (r *recorder) Put(ctx context.Context, sealed dock.Sealed) (dock.Version, error) {
	r.mu.Lock()
	r.keys = append(r.keys, sealed.Key)
	r.mu.Unlock()
	return r.Memory.Put(ctx, sealed)
}

func TestOldestGoesFirst(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		r := &recorder{Memory: s.a}
		s.targets[0].Store = r
		s.must(s.journal.Close())
		s.boot()
		var want []string
		for _, id := range s.seal(20) {
			want = append(want, s.key(id))
		}
		s.start()
		if !slices.Equal(r.keys, want) {
			t.Errorf("stored in the order %v, want %v", r.keys, want)
		}
	})
}

func TestNilErrorOfPutEarnsNothing(t *testing.T) {
	for name, fault := range map[string]storetest.Fault{
		"lie": {Lie: true}, "flip": {Alter: storetest.FlipBit}, "cut": {Alter: storetest.Truncate},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *station) {
				s.a.Always(storetest.Put, fault)
				s.start()
				ids := s.spooled(1)
				s.later(30 * time.Minute)
				s.expectStores(ids, "uuid-b")
				status := s.status("nas")
				if status.Queued != 1 || status.QueuedBytes != 5000 || !strings.Contains(status.WaitingFor, string(ids[0])) {
					t.Errorf("status %+v", status)
				}
				// What lies there is not replaced; once a person took it away, it goes on.
				s.a.Always(storetest.Put, storetest.Fault{})
				s.a.Remove(s.key(ids[0]))
				s.later(10 * time.Minute)
				s.expectStores(ids, "uuid-a", "uuid-b")
			})
		})
	}
}

func TestFlipOnTheWayBackEarnsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		s.a.Plant(storetest.Open, storetest.Fault{Alter: storetest.FlipBit})
		s.start()
		ids := s.spooled(1)
		s.later(10 * time.Minute)
		s.expectStores(ids, "uuid-a", "uuid-b")
		if got := s.a.Calls(storetest.Open); got < 2 {
			t.Errorf("the store was asked %d times", got)
		}
	})
}

func TestLostReplyDoublesNothing(t *testing.T) {
	for _, op := range []storetest.Op{storetest.Identity, storetest.Put, storetest.Place, storetest.Open} {
		t.Run(string(op), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *station) {
				s.start()
				s.a.Plant(op, storetest.Fault{After: errReset}, storetest.Fault{Before: errReset}, storetest.Fault{After: errReset})
				ids := s.spooled(3)
				s.later(10 * time.Minute)
				s.expectStores(ids, "uuid-a", "uuid-b")
			})
		})
	}
}

func TestKilledAnywhereLosesAndDoublesNothing(t *testing.T) {
	for _, op := range []storetest.Op{storetest.Identity, storetest.Put, storetest.Place, storetest.Open} {
		for calls := range 5 {
			t.Run(string(op), func(t *testing.T) {
				bubble(t, func(t *testing.T, s *station) {
					ids := s.seal(3)
					s.a.Plant(op, make([]storetest.Fault, calls)...)
					s.a.Plant(op, storetest.Fault{Then: func() { s.cancel() }})
					s.start()
					s.restart()
					s.later(10 * time.Minute)
					s.expectStores(ids, "uuid-a", "uuid-b")
				})
			})
		}
	}
}

func TestHangingStoreHoldsNobodyUp(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		gate := storetest.NewGate()
		s.a.Always(storetest.Put, storetest.Fault{Gate: gate})
		s.start()
		ids := s.spooled(10)
		<-gate.Entered()
		s.expectStores(ids, "uuid-b")
		if got := s.status("nas"); got.Queued != 10 || got.QueuedBytes != 50000 {
			t.Errorf("status %+v", got)
		}
		gate.Open()
		synctest.Wait()
		s.expectStores(ids, "uuid-a", "uuid-b")
	})
}

func TestTakenKeyHoldsNoOtherRecordingUp(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		ids := s.seal(5)
		for _, id := range ids[:2] {
			intent, _ := s.recording(id).Spooled()
			_, err := s.a.Put(t.Context(), s.spool.sealed(intent))
			s.must(err)
			s.a.Corrupt(intent.Key, storetest.FlipBit)
		}
		s.start() // no time passes: the others do not wait
		s.expectStores(ids[:2], "uuid-b")
		s.expectStores(ids[2:], "uuid-a", "uuid-b")
		calls := s.a.Calls(storetest.Put)
		s.later(time.Hour)
		if tries := s.a.Calls(storetest.Put) - calls; tries < 20 || tries > 24 {
			t.Errorf("two taken keys were tried %d times in an hour, want one in 5 minutes each", tries)
		}
		if got := s.status("nas"); got.Queued != 2 || !strings.Contains(got.WaitingFor, offload.ErrDifferent.Error()) {
			t.Errorf("status %+v", got)
		}
	})
}
