package ingest

import (
	"context"
	"errors"
	"testing"

	"berth/dock"
	"berth/hashing"
	"berth/ingest/seal"
)

// pulled is a camera whose recording is spooled.
func pulled(t *testing.T, r *rig, size int) (*fakeCamera, Pull) {
	t.Helper()
	camera := newCamera("cam", footage(size))
	pull := r.see(camera, "A1")
	_, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	camera.read, camera.opened, camera.closed = 0, nil, 0
	return camera, pull
}

func TestSecondReadOfTheSameBytesIsJournalledAndHoldsNothing(t *testing.T) {
	for _, size := range []int{0, 1, bufferBytes - 1, bufferBytes, 2*bufferBytes + 5} {
		r := newRig(t)
		camera, pull := pulled(t, r, size)
		second, err := r.puller.SecondRead(t.Context(), pull)
		must(t, err)
		want := dock.SecondRead{SHA256: hashing.Sum(camera.content), SizeBytes: int64(size), Object: pull.Entry.Identity}
		recording := r.recording(pull.Recording)
		kept, ok := recording.SecondReadIn(pull.Docking.ID)
		if second != want || !ok || kept != want {
			t.Errorf("%d bytes: returned %+v, journalled %+v", size, second, kept)
		}
		if recording.Held() != nil {
			t.Errorf("held: %+v", recording.Held())
		}
		if camera.read != int64(size) || camera.closed != 1 {
			t.Errorf("%d bytes read, closed %d times", camera.read, camera.closed)
		}
	}
}

func TestSecondReadOfOtherBytesHoldsTheRecording(t *testing.T) {
	r := newRig(t)
	camera, pull := pulled(t, r, 2*seal.SegmentPlain)
	camera.content[seal.SegmentPlain] ^= 1
	second, err := r.puller.SecondRead(t.Context(), pull)
	must(t, err)
	recording := r.recording(pull.Recording)
	if held := recording.Held(); held == nil || held.Code != dock.HoldSecondRead {
		t.Errorf("held: %+v", held)
	}
	if kept, _ := recording.SecondReadIn(pull.Docking.ID); kept != second || kept.SHA256 != hashing.Sum(camera.content) {
		t.Errorf("journalled %+v", kept)
	}
}

func TestSameNameInALaterDockingWithOtherBytesHoldsTheRecording(t *testing.T) {
	r := newRig(t)
	camera, pull := pulled(t, r, 1000)
	camera.content[0] ^= 1
	later := elsewhere(r, camera, pull)
	_, err := r.puller.SecondRead(t.Context(), later)
	must(t, err)
	if held := r.recording(pull.Recording).Held(); held == nil || held.Code != dock.HoldReappeared {
		t.Errorf("held: %+v", held)
	}
}

// Whoever asks for a pull of what is sealed already must not get the camera's
// present bytes put in the place of the sealed ones: that is for a person.
func TestWhatIsSealedIsNeverReplacedByAnotherRead(t *testing.T) {
	r := newRig(t)
	camera, pull := pulled(t, r, 1000)
	before, _ := r.recording(pull.Recording).Spooled()
	camera.content[0] ^= 1
	read := camera.read
	again, err := r.puller.Pull(t.Context(), elsewhere(r, camera, pull))
	must(t, err)
	if again.Sealed != before.Sealed || camera.read != read || len(r.finals()) != 1 {
		t.Errorf("pulled again: %s after %s, %d bytes read", again.Sealed, before.Sealed, camera.read-read)
	}
}

func TestASecondReadThatDoesNotEndAsListedIsNoFact(t *testing.T) {
	for name, script := range map[string]func(*fakeCamera) error{
		"ends early":    func(c *fakeCamera) error { c.breakAt = 1<<20 + 7; return dock.ErrChanged },
		"does not end":  func(c *fakeCamera) error { c.content = append(c.content, 1); return dock.ErrChanged },
		"camera leaves": func(c *fakeCamera) error { c.breakAt, c.fault = 5, dock.ErrGone; return dock.ErrGone },
		"read error":    func(c *fakeCamera) error { c.breakAt, c.fault = 0, errCable; return errCable },
		"not opened":    func(c *fakeCamera) error { c.openErr = dock.ErrChanged; return dock.ErrChanged },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			camera, pull := pulled(t, r, 2<<20)
			want := script(camera)
			if _, err := r.puller.SecondRead(t.Context(), pull); !errors.Is(err, want) {
				t.Errorf("want %v, got %v", want, err)
			}
			recording := r.recording(pull.Recording)
			if _, ok := recording.SecondReadIn(pull.Docking.ID); ok || recording.Held() != nil {
				t.Error("there is a fact all the same")
			}
		})
	}
}

func TestASecondReadNeedsAFirstAndACameraThatCan(t *testing.T) {
	r := newRig(t)
	camera := newCamera("cam", footage(10))
	unread := r.see(camera, "A1")
	if _, err := r.puller.SecondRead(t.Context(), unread); !errors.Is(err, ErrNotSpooled) || camera.read > 0 {
		t.Errorf("not spooled: %v, %d bytes read", err, camera.read)
	}
	_, pull := pulled(t, r, 10)
	pull.Camera = plainCamera{pull.Camera}
	if _, err := r.puller.SecondRead(t.Context(), pull); !errors.Is(err, ErrNoReread) {
		t.Errorf("no rereader: %v", err)
	}
}

func TestASecondReadEndsWithItsContext(t *testing.T) {
	r := newRig(t)
	_, pull := pulled(t, r, 3<<20)
	ctx, cancel := context.WithCancel(t.Context())
	pull.Progress = func(int64) { cancel() }
	if _, err := r.puller.SecondRead(ctx, pull); !errors.Is(err, context.Canceled) {
		t.Errorf("want Canceled, got %v", err)
	}
	if _, ok := r.recording(pull.Recording).SecondReadIn(pull.Docking.ID); ok {
		t.Error("there is a fact all the same")
	}
}
