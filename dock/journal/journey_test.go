package journal

import (
	"testing"

	"berth/dock"
)

// TestWayOfARecording goes from the first listing to a confirmed erasure and
// checks the cached state at every step.
func TestWayOfARecording(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	e := file("DCIM/MOV_0001.MP4", 1000)
	r := s.reconcile(d, listing(e))
	if r.NewRecordings != 1 || len(r.Items) != 1 || !r.Items[0].New {
		t.Fatalf("first listing: %+v", r)
	}
	p := r.Items[0]
	expect := func(want dock.State) {
		t.Helper()
		rows, err := s.Recordings(s.ctx, Filter{State: want})
		s.must(err)
		if got := s.recording(p.Recording).State(); got != want || len(rows) != 1 || rows[0].ID != p.Recording {
			t.Fatalf("state %s, %d rows in state %s", got, len(rows), want)
		}
	}
	expect(dock.StateSeen)
	s.add(d, p.Recording, intentOf(e))
	expect(dock.StateSeen)
	s.add(d, p.Recording, dock.Spooled{Sealed: sealedOf(e)})
	expect(dock.StateSpooled)
	s.add(d, p.Recording, receipt(e, nas))
	expect(dock.StateSpooled)
	s.add(d, p.Recording, receipt(e, cloud))
	expect(dock.StateStored)
	s.secondRead(d, p)
	clearance, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
	if clearance.Recording() != p.Recording {
		t.Fatal("clearance is for another recording")
	}
	expect(dock.StateCleared)
	s.add(d, p.Recording, dock.EraseResult{Outcome: dock.EraseConfirmed})
	expect(dock.StateErased)
	if r := s.reconcile(d, listing()); r.Vanished != 0 || len(r.Items) != 0 {
		t.Fatalf("after erasing: %+v", r)
	}
	expect(dock.StateErased)
	s.undock(d)
	if chain := s.verify(); chain.Seq != int64(len(s.events(""))) {
		t.Fatalf("chain ends at %d", chain.Seq)
	}
}
