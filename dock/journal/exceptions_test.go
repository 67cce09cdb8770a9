package journal

import (
	"errors"
	"testing"

	"berth/dock"
)

func unreadable(name string, size int64) dock.Exception {
	return dock.Exception{Kind: dock.ExceptionUnreadable, Name: dock.RawName(name), SizeBytes: size, Detail: "input/output error"}
}

func (s *station) open(f ExceptionFilter) []ExceptionRow {
	s.t.Helper()
	rows, err := s.Exceptions(s.ctx, f)
	s.must(err)
	return rows
}

func TestClearRefusedUntilAPersonReleasesWhatMayHoldContent(t *testing.T) {
	s, d, p := cleared(t)
	l := listing(p.Entry)
	l.Exceptions = []dock.Exception{
		unreadable("bad.mp4", 9), {Kind: dock.ExceptionLink, Name: "link"}, {Kind: dock.ExceptionPipe, Name: "fifo"},
		{Kind: dock.ExceptionDevice, Name: "null"}, {Kind: dock.ExceptionAuxiliary, Name: "A.THM", SizeBytes: 3},
	}
	s.reconcile(d, l)
	s.refused(request(d, p), "exceptions")
	blocking := s.open(ExceptionFilter{Docking: d.ID, Blocking: true})
	if len(blocking) != 1 || blocking[0].Name != "bad.mp4" || blocking[0].Bay != "A1" || blocking[0].Detail == "" {
		t.Fatalf("%+v", blocking)
	}
	if all := s.open(ExceptionFilter{Camera: "cam-7"}); len(all) != 5 {
		t.Fatalf("%d exceptions", len(all))
	}
	if err := s.ReleaseException(s.ctx, blocking[0].ID, " ", "looked at it"); err == nil {
		t.Fatal("released by nobody")
	}
	s.must(s.ReleaseException(s.ctx, blocking[0].ID, "Sgt. Colon", "empty file"))
	released := s.open(ExceptionFilter{ID: blocking[0].ID})[0]
	if released.Blocking || released.ReleasedBy != "Sgt. Colon" || released.ReleaseText != "empty file" {
		t.Fatalf("%+v", released)
	}
	_, err := s.Clear(s.ctx, request(d, p))
	s.must(err)
}

func TestReleaseHoldsForTheSameThingInLaterDockings(t *testing.T) {
	s := newStation(t)
	visit := func(camera dock.CameraID, x dock.Exception) (blocking int, rows []ExceptionRow) {
		t.Helper()
		d := s.dock(camera)
		l := listing()
		l.Exceptions = []dock.Exception{x}
		s.reconcile(d, l)
		s.undock(d)
		return len(s.open(ExceptionFilter{Docking: d.ID, Blocking: true})), s.open(ExceptionFilter{Docking: d.ID})
	}
	_, rows := visit("cam-7", unreadable("bad.mp4", 9))
	s.must(s.ReleaseException(s.ctx, rows[0].ID, "Sgt. Colon", "seen it"))
	if n, rows := visit("cam-7", unreadable("bad.mp4", 9)); n != 0 || rows[0].ReleasedBy != "Sgt. Colon" {
		t.Errorf("the release did not carry over: %+v", rows)
	}
	for what, n := range map[string]int{
		"another size":   first(visit("cam-7", unreadable("bad.mp4", 10))),
		"another name":   first(visit("cam-7", unreadable("worse.mp4", 9))),
		"another kind":   first(visit("cam-7", dock.Exception{Kind: dock.ExceptionForeign, Name: "bad.mp4", SizeBytes: 9})),
		"another camera": first(visit("cam-8", unreadable("bad.mp4", 9))),
	} {
		if n != 1 {
			t.Errorf("the release carried over to %s", what)
		}
	}
}

func first(n int, _ []ExceptionRow) int { return n }

func TestReleaseDoesNotCarryOverWhileTheIdentityIsInDoubt(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	l := listing()
	l.Exceptions = []dock.Exception{unreadable("bad.mp4", 9)}
	s.reconcile(d, l)
	s.must(s.ReleaseException(s.ctx, s.open(ExceptionFilter{})[0].ID, "Sgt. Colon", ""))
	twin := s.dock("cam-7")
	s.must(s.MarkConflict(s.ctx, twin.ID))
	s.reconcile(twin, l)
	if len(s.open(ExceptionFilter{Docking: twin.ID, Blocking: true})) != 1 {
		t.Fatal("released on what may be another camera")
	}
}

func TestExceptionEndsWhenItCanBeReadAndNotWhenItIsOnlyAway(t *testing.T) {
	s := newStation(t)
	d := s.dock("cam-7")
	l := listing()
	l.Exceptions = []dock.Exception{unreadable("bad.mp4", 9), unreadable("worse.mp4", 9)}
	s.reconcile(d, l)
	s.reconcile(d, listing(file("bad.mp4", 9)))
	blocking := s.open(ExceptionFilter{Blocking: true})
	if len(blocking) != 1 || blocking[0].Name != "worse.mp4" {
		t.Fatalf("%+v", blocking)
	}
}

func TestReleaseOfTheUnknown(t *testing.T) {
	s := newStation(t)
	if err := s.ReleaseException(s.ctx, "x-none", "Sgt. Colon", ""); !errors.Is(err, ErrUnknown) {
		t.Fatal(err)
	}
}
