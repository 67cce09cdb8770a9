package journal

import (
	"math"
	"testing"
	"time"

	"berth/dock"
)

func TestEqualListingTwiceChangesNothing(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	l := listing(file("A.MP4", 1), file("B.MP4", 2), file("same", 3), file("same", 3))
	l.Exceptions = []dock.Exception{{Kind: dock.ExceptionUnreadable, Name: "X", Detail: "input/output error"}}
	first := s.reconcile(d, l)
	events := len(s.events(""))
	again := s.reconcile(d, l)
	if len(s.events("")) != events || again.NewRecordings != 0 || again.Vanished != 0 {
		t.Fatalf("again: %+v, %d events more", again, len(s.events(""))-events)
	}
	ids := map[dock.RecordingID]bool{}
	for i := range l.Entries {
		if first.Items[i].Recording != again.Items[i].Recording || first.Items[i].Entry != l.Entries[i] {
			t.Fatalf("entry %d became another recording", i)
		}
		ids[first.Items[i].Recording] = true
	}
	if len(ids) != 4 {
		t.Fatalf("%d recordings of 4 entries", len(ids))
	}
}

func TestSameFilesAreContinuedInAnotherBay(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	p := s.reconcile(d, listing(file("A.MP4", 1))).Items[0]
	s.undock(d)
	again := s.reconcile(s.dock("cam-7"), listing(file("A.MP4", 1)))
	if again.NewRecordings != 0 || again.Items[0].Recording != p.Recording {
		t.Fatalf("%+v", again)
	}
	other := s.reconcile(s.dock("cam-8"), listing(file("A.MP4", 1)))
	if other.NewRecordings != 1 || other.Items[0].Recording == p.Recording {
		t.Fatal("a recording was continued on another camera")
	}
}

func TestNameUsedAgainAfterAConfirmedEraseIsANewRecording(t *testing.T) {
	s, d, p := cleared(t)
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
	s.add(d, p.Recording, dock.EraseResult{Outcome: dock.EraseConfirmed})
	s.undock(d)
	r := s.reconcile(s.dock("cam-7"), listing(p.Entry)) // equal in everything
	if r.NewRecordings != 1 || r.Vanished != 0 || r.Items[0].Recording == p.Recording {
		t.Fatalf("%+v", r)
	}
	if seen, _ := s.recording(r.Items[0].Recording).Seen(); seen.Replaces != "" {
		t.Fatal("what we erased ourselves was not overwritten")
	}
}

func TestOverwrittenAndAbsentAreRecordedAsVanished(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	items := s.reconcile(d, listing(file("A.MP4", 1), file("B.MP4", 2))).Items
	s.undock(d)
	d = s.dock("cam-7")
	r := s.reconcile(d, listing(file("A.MP4", 10)))
	if r.NewRecordings != 1 || r.Vanished != 2 {
		t.Fatalf("%+v", r)
	}
	reasons := map[dock.RecordingID]dock.VanishReason{}
	for i := range 2 {
		facts := s.recording(items[i].Recording).Facts
		reasons[items[i].Recording] = facts[len(facts)-1].Body.(dock.Vanished).Reason
	}
	if reasons[items[0].Recording] != dock.VanishOverwritten || reasons[items[1].Recording] != dock.VanishAbsent {
		t.Fatal(reasons)
	}
	if seen, _ := s.recording(r.Items[0].Recording).Seen(); seen.Replaces != items[0].Recording {
		t.Fatalf("replaces %q", seen.Replaces)
	}
	st, err := s.Statement(s.ctx, d.ID)
	s.must(err)
	if st.Vanished != 2 {
		t.Fatalf("statement says %d vanished", st.Vanished)
	}
}

func TestEraseWithUnknownOutcomeIsUnconfirmedOnceAndNotVanished(t *testing.T) {
	s, d, p := cleared(t)
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
	if r := s.reconcile(d, listing()); r.Vanished != 0 || len(s.events("erase-result")) != 0 {
		t.Fatal("the docking that erases speaks for itself")
	}
	s.reopen()
	for range 2 {
		d = s.dock("cam-7")
		if r := s.reconcile(d, listing()); r.Vanished != 0 {
			t.Fatalf("%+v", r)
		}
		s.undock(d)
	}
	if got := s.events("erase-result"); len(got) != 1 {
		t.Fatalf("%d erase results", len(got))
	}
	if state := s.recording(p.Recording).State(); state != dock.StateCleared {
		t.Fatal(state)
	}
}

func TestConflictKeepsRecordingsApart(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	p := s.reconcile(d, listing(file("A.MP4", 1))).Items[0]
	s.must(s.MarkConflict(s.ctx, d.ID))
	if r := s.reconcile(d, listing(file("A.MP4", 1))); r.NewRecordings != 0 {
		t.Fatal("a docking in conflict does not know its own recordings")
	}
	s.undock(d)
	d = s.dock("cam-7")
	r := s.reconcile(d, listing(file("A.MP4", 1)))
	if r.NewRecordings != 1 || r.Items[0].Recording == p.Recording || r.Vanished != 0 {
		t.Fatalf("%+v", r)
	}
	if s.recording(p.Recording).State() != dock.StateSeen {
		t.Fatal("another docking spoke about it")
	}
}

func TestHostileSizesAndTimesDoNotStopAListing(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	far := file("far.mp4", 1)
	far.Modified = time.Date(123456, 1, 1, 0, 0, 0, 0, time.UTC)
	l := listing(file("huge.mp4", math.MaxInt64), file("neg.mp4", -1), far, file("big1", 1<<52), file("big2", 1<<52), file("big3", 1<<52))
	l.UsedBytes = math.MaxInt64
	l.Exceptions = []dock.Exception{{Kind: dock.ExceptionPipe, Name: "p\x00\xff\n", SizeBytes: math.MinInt64}}
	r := s.reconcile(d, l)
	if len(r.Items) != 4 {
		t.Fatalf("%d items", len(r.Items))
	}
	st, err := s.Statement(s.ctx, d.ID)
	s.must(err)
	if st.Listed != 4 || st.Excepted[dock.ExceptionUnreadable] != 2 || st.Excepted[dock.ExceptionPipe] != 1 || st.UsedBytes != nil {
		t.Fatalf("%+v", st)
	}
	s.verify()
}

func TestHostileNamesSurviveByteForByte(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam\xff\n7")
	names := []string{"../x", "/abs", "new\nline", "ctl\x01\x1b[2J", string([]byte{0xff, 0xfe, 0}), "-rf", "Case.mp4", "case.mp4", ""}
	var entries []dock.Entry
	for i, name := range names {
		entries = append(entries, file(name, int64(i)))
	}
	for i, item := range s.reconcile(d, listing(entries...)).Items {
		seen, _ := s.recording(item.Recording).Seen()
		if string(seen.Name) != names[i] {
			t.Fatalf("name %q came back as %q", names[i], string(seen.Name))
		}
	}
	if r := s.reconcile(d, listing(entries...)); r.NewRecordings != 0 {
		t.Fatalf("%+v", r)
	}
	rows, err := s.Recordings(s.ctx, Filter{Camera: "cam\xff\n7"})
	s.must(err)
	if len(rows) != len(names) || rows[0].Camera != "cam\xff\n7" {
		t.Fatalf("%d rows", len(rows))
	}
	s.verify()
}

func TestReconcileRefusedAfterTheDockingEnded(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	s.undock(d)
	if _, err := s.Reconcile(s.ctx, d.ID, listing(file("A", 1)), true, 2); err == nil {
		t.Fatal("a docking that ended was listed")
	}
}
