package cameratest

import (
	"bytes"
	"testing"

	"berth/dock"
)

// rereadAll reads the whole entry from the medium.
func rereadAll(t *testing.T, camera dock.Camera, e dock.Entry) []byte {
	t.Helper()
	rereader, ok := camera.(dock.Rereader)
	if !ok {
		t.Fatal("the driver erases and cannot reread: it must not be an Eraser")
	}
	r, err := rereader.Reread(t.Context(), e)
	if err != nil {
		t.Fatalf("reread %v: %v", e.Name, err)
	}
	got, err := read(r, 100_000)
	if err != nil {
		t.Fatalf("reread %v: %v", e.Name, err)
	}
	if err := r.Close(); err != nil {
		t.Fatalf("close %v: %v", e.Name, err)
	}
	return got
}

func mustReread(t *testing.T, camera dock.Camera) {
	t.Helper()
	if _, ok := camera.(dock.Rereader); !ok {
		t.Skip("THIS DRIVER CANNOT REREAD: its cameras are never erased")
	}
}

func testReread(t *testing.T, h Harness) {
	content := sizes()
	camera := h.Dock(t, content).open(t)
	mustReread(t, camera)
	for name, e := range list(t, camera) {
		for range 2 {
			if !bytes.Equal(rereadAll(t, camera, e), content[name]) {
				t.Errorf("%s was reread with other bytes", name)
			}
		}
	}
}

func testRereadMedium(t *testing.T, h Harness) {
	content := Content{"a.mp4": pattern(3<<20, 1)}
	d := h.Dock(t, content)
	camera := d.open(t)
	mustReread(t, camera)
	if d.Corrupt == nil {
		t.Skip("THIS HARNESS CANNOT CHANGE A MEDIUM UNDER ITS CACHE: whether a second read sees it was not tried")
	}
	e := list(t, camera)["a.mp4"]
	checkRead(t, camera, e, 0, content["a.mp4"]) // now it is in every cache
	const where = 2<<20 + 17
	d.Corrupt(t, "a.mp4", where)
	got := rereadAll(t, camera, e)
	if bytes.Equal(got, content["a.mp4"]) {
		t.Fatal("the medium has other bytes and the second read did not see it")
	}
	if got[where] == content["a.mp4"][where] {
		t.Error("the second read differs elsewhere")
	}
}

func mustErase(t *testing.T, camera dock.Camera) dock.Eraser {
	t.Helper()
	eraser, ok := camera.(dock.Eraser)
	if !ok {
		t.Skip("THIS DRIVER CANNOT ERASE: its cameras stay as full as they are")
	}
	return eraser
}
