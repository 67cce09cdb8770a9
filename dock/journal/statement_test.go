package journal

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"berth/dock"
)

func TestStatementAccountsForEverything(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	l := listing(file("MOV_0001.MP4", 100), file("MOV_0002.MP4", 200), file("MOV_0005.MP4", 300))
	l.UsedBytes = 1000
	l.Exceptions = []dock.Exception{{Kind: dock.ExceptionForeign, Name: "mnt", SizeBytes: 50}, {Kind: dock.ExceptionLink, Name: "l"}}
	items := s.reconcile(d, l).Items
	s.store(d, items[0])
	got, err := s.Statement(s.ctx, d.ID)
	s.must(err)
	used, rest := int64(1000), int64(350)
	want := dock.Statement{
		Docking: d.ID, Camera: "cam-7", Listed: 3, ListedBytes: 600, Ingested: 1,
		Excepted: map[dock.ExceptionKind]int{dock.ExceptionForeign: 1, dock.ExceptionLink: 1},
		Gaps:     []dock.Gap{{From: 3, To: 4}}, UsedBytes: &used, Unaccounted: &rest,
	}
	if !reflect.DeepEqual(got, want) || got.Complete() {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
	events := s.events("statement")
	if len(events) != 1 || !strings.Contains(string(events[0].Body), `"other_volume":1`) {
		t.Fatalf("%+v", events)
	}
	s.verify()
}

func TestStatementIsRecordedOnlyWhenItDiffers(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	p := s.reconcile(d, listing(file("A", 1))).Items[0]
	for range 3 {
		_, err := s.Statement(s.ctx, d.ID)
		s.must(err)
	}
	s.store(d, p)
	st, err := s.Statement(s.ctx, d.ID)
	s.must(err)
	if n := len(s.events("statement")); n != 2 || !st.Complete() {
		t.Fatalf("%d statements, complete: %v", n, st.Complete())
	}
	if _, err := s.Statement(s.ctx, "d-none"); !errors.Is(err, ErrUnknown) {
		t.Fatal(err)
	}
}

func TestGapBetweenTwoDockingsShows(t *testing.T) {
	s, d, p := cleared(t) // MOV_0001
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
	s.add(d, p.Recording, dock.EraseResult{Outcome: dock.EraseConfirmed})
	s.undock(d)
	next := s.dock("cam-7")
	s.reconcile(next, listing(file("MOV_0004.MP4", 1), file("MOV_0005.MP4", 1)))
	st, err := s.Statement(s.ctx, next.ID)
	s.must(err)
	if !reflect.DeepEqual(st.Gaps, []dock.Gap{{From: 2, To: 3}}) {
		t.Fatalf("gaps %v", st.Gaps)
	}
	s.must(s.MarkConflict(s.ctx, next.ID))
	st, err = s.Statement(s.ctx, next.ID)
	s.must(err)
	if len(st.Gaps) != 0 {
		t.Fatal("numbers of what may be another camera were compared")
	}
}
