package station

import (
	"testing"
	"time"

	"berth/dock"
)

// Not being seen in a folder that cannot be read is no proof of being erased.
func TestErasureInAHiddenFolderIsNotConfirmed(t *testing.T) {
	told := func(listing dock.Listing) (erased bool, outcome dock.EraseOutcome) {
		t.Helper()
		s := newState("camera", time.Second, time.Second)
		s.items = []item{{Planned: dock.Planned{Recording: "r1", Entry: dock.Entry{Handle: "x/a", Name: "x/a", Identity: "1"}}, pending: true}}
		s.confirmErased(listing)
		if len(s.notes) != 1 {
			t.Fatalf("notes %+v; want one", s.notes)
		}
		return s.items[0].erased, s.notes[0].outcome.Outcome
	}
	unreadable := []dock.Exception{{Kind: dock.ExceptionUnreadable, Name: "x"}}
	if erased, outcome := told(dock.Listing{}); !erased || outcome != dock.EraseConfirmed {
		t.Errorf("absent: %v, %v", erased, outcome)
	}
	if erased, outcome := told(dock.Listing{Exceptions: unreadable}); erased || outcome != dock.EraseUnconfirmed {
		t.Errorf("hidden: %v, %v", erased, outcome)
	}
}
