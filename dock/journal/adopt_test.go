package journal

import (
	"testing"

	"berth/dock"
	"berth/hashing"
)

func TestAdoptedFileIsForwardedAndNeverCleared(t *testing.T) {
	s := newStation(t)
	a := Adoption{Key: "hq-dock-1/2026/03/01/x.sealed", Sealed: hashing.Sum([]byte("x")), SealedBytes: 4096, Copies: 2}
	id, err := s.Adopt(s.ctx, a)
	s.must(err)
	again, err := s.Adopt(s.ctx, a)
	s.must(err)
	if id != again {
		t.Fatal("adopted twice")
	}
	r := s.recording(id)
	if r.State() != dock.StateSpooled || !r.OnSpool() || r.Camera != "" {
		t.Fatalf("%+v", r)
	}
	d := s.dock("cam-7")
	if rec := s.reconcile(d, listing(file("", 0))); rec.NewRecordings != 1 || rec.Vanished != 0 {
		t.Fatalf("a camera's file was taken for an adopted one: %+v", rec)
	}
	s.refused(ClearRequest{Docking: d.ID, Recording: id, Entry: file("", 0), Policy: policy()}, "camera")
	s.verify()
}

func TestFileOfAKnownRecordingIsNotAdopted(t *testing.T) {
	s, _, p := cleared(t)
	id, err := s.Adopt(s.ctx, Adoption{Key: "k", Sealed: sealedOf(p.Entry), SealedBytes: 1, Copies: 2})
	s.must(err)
	if id != p.Recording {
		t.Fatalf("adopted as %s", id)
	}
}

func TestAdoptionNeedsADigest(t *testing.T) {
	s := newStation(t)
	if _, err := s.Adopt(s.ctx, Adoption{Key: "k", SealedBytes: 1}); err == nil {
		t.Fatal("adopted without a digest")
	}
}
