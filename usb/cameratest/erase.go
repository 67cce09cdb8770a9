package cameratest

import (
	"errors"
	"io"
	"testing"

	"berth/dock"
	"berth/hashing"
)

func testEraseRefused(t *testing.T, h Harness) {
	content := Content{"a.mp4": pattern(5000, 1), "b.mp4": pattern(5000, 2), "twin-of-a": pattern(5000, 1), "unread": pattern(5000, 4), "partly": pattern(5000, 5)}
	d := h.Dock(t, content)
	camera := d.open(t)
	eraser := mustErase(t, camera)
	entries := list(t, camera)
	for _, name := range []string{"a.mp4", "b.mp4", "twin-of-a"} {
		rereadAll(t, camera, entries[name])
	}
	readPartly(t, camera, entries["partly"], 4000)
	a, id := entries["a.mp4"], camera.Info().ID
	digest := hashing.Sum(content["a.mp4"])
	otherBay, otherGeneration := d.Attachment, d.Attachment
	otherBay.Bay += "x"
	otherGeneration.Generation++
	forName := func(name string) dock.Clearance {
		return Clearance(t, d.Attachment, id, entries[name], hashing.Sum(content[name]))
	}
	renamed, older := a, a
	renamed.Handle = entries["twin-of-a"].Handle
	older.Identity += "0"
	for _, refused := range []struct {
		name      string
		entry     dock.Entry
		clearance dock.Clearance
	}{
		{"no clearance", a, dock.Clearance{}},
		{"another object", a, forName("b.mp4")},
		{"another object with the same bytes", a, forName("twin-of-a")},
		{"another bay", a, Clearance(t, otherBay, id, a, digest)},
		{"another attachment", a, Clearance(t, otherGeneration, id, a, digest)},
		{"another digest", a, Clearance(t, d.Attachment, id, a, hashing.Sum(content["b.mp4"]))},
		{"another identity", older, forName("a.mp4")},
		{"another handle", renamed, forName("a.mp4")},
		{"both of another identity", older, Clearance(t, d.Attachment, id, older, digest)},
		{"never reread", entries["unread"], forName("unread")},
		{"reread in part", entries["partly"], forName("partly")},
	} {
		if err := eraser.Erase(t.Context(), refused.entry, refused.clearance); !errors.Is(err, dock.ErrNoClear) {
			t.Errorf("%s: %v", refused.name, err)
		}
		sameContent(t, d, content)
	}
}

func readPartly(t *testing.T, camera dock.Camera, e dock.Entry, sizeBytes int) {
	t.Helper()
	r, err := camera.(dock.Rereader).Reread(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.ReadFull(r, make([]byte, sizeBytes)); err != nil {
		t.Fatal(err)
	}
}

// testEraseChanged: everything was right when the clearance was given, and the
// object was changed since.
func testEraseChanged(t *testing.T, h Harness) {
	for _, c := range changes() {
		t.Run(c.name, func(t *testing.T) {
			old := pattern(9000, 1)
			d := h.Dock(t, Content{"x/a.mp4": old, "x/b.mp4": old})
			camera := d.open(t)
			eraser := mustErase(t, camera)
			e := list(t, camera)["x/a.mp4"]
			clearance := clearedIfRead(t, d, camera, e)
			c.do(t, d, "x/a.mp4", old)
			after := d.Holds(t)
			if err := eraser.Erase(t.Context(), e, clearance); !errors.Is(err, dock.ErrChanged) {
				t.Errorf("erase: %v", err)
			}
			sameContent(t, d, after)
		})
	}
}

func testEraseOne(t *testing.T, h Harness) {
	content := Content{"a.mp4": pattern(5000, 1), "A.bin": pattern(5000, 1), "x/a.mp4": pattern(5000, 1), "x/b.mp4": nil}
	d := h.Dock(t, content)
	camera := d.open(t)
	eraser := mustErase(t, camera)
	for _, name := range []string{"x/a.mp4", "x/b.mp4"} {
		e := list(t, camera)[name]
		clearance := clearedIfRead(t, d, camera, e)
		if err := eraser.Erase(t.Context(), e, clearance); err != nil {
			t.Fatalf("erase: %v", err)
		}
		content = without(content, name)
		sameContent(t, d, content)
		checkEntries(t, list(t, camera), content)
		if err := eraser.Erase(t.Context(), e, clearance); err == nil || errors.Is(err, dock.ErrGone) {
			t.Errorf("erase again: %v", err)
		}
		d.Replace(t, name, pattern(5000, 1))
		if err := eraser.Erase(t.Context(), e, clearance); !errors.Is(err, dock.ErrChanged) {
			t.Errorf("erase what has the name since: %v", err)
		}
		sameContent(t, d, with(content, name, pattern(5000, 1)))
		d.Remove(t, name)
	}
}

func with(content Content, name string, bytes []byte) Content {
	more := without(content, name)
	more[name] = bytes
	return more
}

func testEraseAll(t *testing.T, h Harness) {
	names := h.Names
	if names == nil {
		names = HostileNames()
	}
	content := Content{}
	for i, name := range names {
		content[name] = pattern(100+i, byte(i))
	}
	d := h.Dock(t, content)
	camera := d.open(t)
	eraser := mustErase(t, camera)
	for name, e := range list(t, camera) {
		if err := eraser.Erase(t.Context(), e, clearedIfRead(t, d, camera, e)); err != nil {
			t.Fatalf("erase %v: %v", e.Name, err)
		}
		content = without(content, name)
		sameContent(t, d, content)
	}
	checkEntries(t, list(t, camera), Content{})
}
