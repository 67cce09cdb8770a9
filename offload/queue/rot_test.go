package queue_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"berth/dock"
)

// What rotted on the spool reaches no store, and a person is told once.
func TestRottenSpoolCopyIsHeldAndNotStored(t *testing.T) {
	bubble(t, func(t *testing.T, s *station) {
		ids := s.seal(2)
		intent, _ := s.recording(ids[0]).Spooled()
		rotten := slices.Clone(s.spool.content[intent.Sealed])
		rotten[1234] ^= 0x10
		s.spool.content[intent.Sealed] = rotten
		s.start()
		s.later(time.Hour)
		s.expectStores(ids[:1])
		if got := s.stores(ids[1]); !slices.Equal(got, []dock.StoreID{"uuid-a", "uuid-b"}) {
			t.Errorf("a sound recording is in %v", got)
		}
		held := s.recording(ids[0]).Held()
		if held == nil || held.Code != dock.HoldSpoolDiffers || s.facts(ids[0], dock.KindHold) != 1 {
			t.Errorf("held: %+v, %d times", held, s.facts(ids[0], dock.KindHold))
		}
		if why := s.status("nas").WaitingFor; !strings.Contains(why, "spool's copy") {
			t.Errorf("the store waits for %q", why)
		}
		if s.recording(ids[1]).Held() != nil {
			t.Error("a sound recording is held")
		}
	})
}
