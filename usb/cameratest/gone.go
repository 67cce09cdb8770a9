package cameratest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"berth/dock"
	"berth/hashing"
)

func testGone(t *testing.T, h Harness) {
	content := Content{"a.mp4": pattern(5000, 1), "x/b.mp4": pattern(5000, 2)}
	d := h.Dock(t, content)
	camera := d.open(t)
	e := list(t, camera)["a.mp4"]
	clearance := clearedIfRead(t, d, camera, e)
	unplug(t, d)
	checkAllGone(t, camera, e, clearance)
	back := d.Redock(t)
	checkAllGone(t, camera, e, clearance)
	sameContent(t, d, content)
	if back.Generation == d.Attachment.Generation {
		t.Error("the camera came back in the same generation")
	}
}

func checkAllGone(t *testing.T, camera dock.Camera, e dock.Entry, clearance dock.Clearance) {
	t.Helper()
	if _, err := camera.List(t.Context()); !errors.Is(err, dock.ErrGone) {
		t.Errorf("list: %v", err)
	}
	if r, err := camera.Open(t.Context(), e, 0); !errors.Is(err, dock.ErrGone) {
		closeIf(r)
		t.Errorf("open: %v", err)
	}
	if rereader, ok := camera.(dock.Rereader); ok {
		if r, err := rereader.Reread(t.Context(), e); !errors.Is(err, dock.ErrGone) {
			closeIf(r)
			t.Errorf("reread: %v", err)
		}
	}
	if eraser, ok := camera.(dock.Eraser); ok {
		if err := eraser.Erase(t.Context(), e, clearance); !errors.Is(err, dock.ErrGone) {
			t.Errorf("erase: %v", err)
		}
	}
}

func unplug(t *testing.T, d Device) {
	t.Helper()
	if err := d.Unplug(); err != nil {
		t.Fatalf("unplug: %v", err)
	}
}

// testGoneWhileReading: a descriptor may go on giving bytes of a camera that
// has left, but never an end.
func testGoneWhileReading(t *testing.T, h Harness) {
	for _, part := range []int{0, 1, 1 << 20, 3 << 20} {
		d := h.Dock(t, Content{"a.mp4": pattern(3<<20, 1)})
		camera := d.open(t)
		e := list(t, camera)["a.mp4"]
		open := readers(t, camera, e)
		for _, r := range open {
			readPart(t, r, part)
		}
		unplug(t, d)
		for name, r := range open {
			if got, err := read(r, 64<<10); !errors.Is(err, dock.ErrGone) {
				t.Errorf("%s after %d bytes: %d more bytes, %v", name, part, len(got), err)
			}
			if _, err := r.Read(make([]byte, 10)); !errors.Is(err, dock.ErrGone) {
				t.Errorf("%s after %d bytes: then %v", name, part, err)
			}
		}
		if _, err := d.Driver.Open(t.Context(), d.Attachment); !errors.Is(err, dock.ErrGone) {
			t.Errorf("open an attachment that has left: %v", err)
		}
	}
}

// testGoneAtAnyMoment unplugs while the camera is listed and read over and
// over: every answer is right or dock.ErrGone.
func testGoneAtAnyMoment(t *testing.T, h Harness) {
	content := Content{}
	for _, name := range []string{"a", "b", "x/c", "x/y/d", "x/y/e", "z/f"} {
		content[name] = pattern(100_000, name[len(name)-1])
	}
	for rounds := range 10 {
		d := h.Dock(t, content)
		camera := d.open(t)
		started, ended := make(chan struct{}), make(chan error, 1)
		go func() {
			<-started
			ended <- d.Unplug()
		}()
		for i := 0; ; i++ {
			if i == rounds {
				close(started)
			}
			if err := readAll(t, camera, content); errors.Is(err, dock.ErrGone) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if err := <-ended; err != nil {
			t.Fatalf("unplug: %v", err)
		}
	}
}

func readAll(t *testing.T, camera dock.Camera, content Content) error {
	listing, err := camera.List(t.Context())
	if err != nil {
		return err
	}
	if len(listing.Entries) != len(content) || len(listing.Exceptions) != 0 {
		t.Fatalf("a listing without an error has %d entries and %d exceptions", len(listing.Entries), len(listing.Exceptions))
	}
	for _, e := range listing.Entries {
		r, err := camera.Open(t.Context(), e, 0)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(r)
		closing := r.Close()
		if err != nil {
			return err
		}
		if !bytes.Equal(got, content[string(e.Name)]) {
			t.Fatalf("%v was read to its end with other bytes", e.Name)
		}
		if closing != nil {
			return closing
		}
	}
	return nil
}

func testBack(t *testing.T, h Harness) {
	content := Content{"a.mp4": pattern(5000, 1)}
	d := h.Dock(t, content)
	old := d.open(t)
	before := list(t, old)["a.mp4"]
	oldClearance := clearedIfRead(t, d, old, before)
	unplug(t, d)
	at := d.Redock(t)
	camera := d.openAt(t, at)
	if camera.Info().ID != old.Info().ID {
		t.Errorf("it was %q and came back as %q", old.Info().ID, camera.Info().ID)
	}
	e := list(t, camera)["a.mp4"]
	checkRead(t, camera, e, 0, content["a.mp4"])
	if eraser, ok := camera.(dock.Eraser); ok {
		rereadAll(t, camera, e)
		if err := eraser.Erase(t.Context(), e, oldClearance); !errors.Is(err, dock.ErrNoClear) {
			t.Errorf("erase with the clearance of the docking before: %v", err)
		}
		sameContent(t, d, content)
	}
}

// clearedIfRead rereads the entry and returns the Clearance that fits; the zero
// one for a camera that is never erased.
func clearedIfRead(t *testing.T, d Device, camera dock.Camera, e dock.Entry) dock.Clearance {
	t.Helper()
	if _, ok := camera.(dock.Eraser); !ok {
		return dock.Clearance{}
	}
	content := rereadAll(t, camera, e)
	return Clearance(t, d.Attachment, camera.Info().ID, e, hashing.Sum(content))
}
