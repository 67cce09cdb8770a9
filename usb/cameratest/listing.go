package cameratest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"berth/dock"
)

func testIdentified(t *testing.T, h Harness) {
	d := h.Dock(t, Content{"a.mp4": pattern(10, 1)})
	if d.Driver.Name() == "" {
		t.Error("the driver has no name")
	}
	if !d.Driver.Match(d.Attachment) {
		t.Error("the driver does not match its own camera")
	}
	if d.Driver.Match(dock.Attachment{Bay: "X", Generation: 1, Port: "nowhere"}) {
		t.Error("the driver matches an attachment that it knows nothing of")
	}
	info := d.open(t).Info()
	if info.ID == "" || info.Basis == "" || len(info.ID) > 128 {
		t.Errorf("identified as %q by %q", info.ID, info.Basis)
	}
	if strings.ContainsFunc(string(info.ID), func(r rune) bool { return r <= ' ' || r > '~' }) {
		t.Errorf("%q is not safe to show", info.ID)
	}
	if again := d.open(t).Info(); again != info {
		t.Errorf("identified as %+v, then as %+v", info, again)
	}
}

func testListed(t *testing.T, h Harness) {
	for name, content := range map[string]Content{
		"empty camera": {},
		"flat":         {"a.mp4": pattern(10, 1), "b.mp4": {}, "c": pattern(4096, 2)},
		"folders":      {"DCIM/100/a.mp4": pattern(10, 1), "DCIM/101/a.mp4": pattern(10, 2), "a.mp4": pattern(10, 3), "DCIM/b": nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := h.Dock(t, content)
			camera := d.open(t)
			entries := list(t, camera)
			checkEntries(t, entries, content)
			again := list(t, camera)
			for name, e := range entries {
				if again[name].Handle != e.Handle || again[name].Identity != e.Identity || again[name].SizeBytes != e.SizeBytes {
					t.Errorf("%q was listed as %+v, then as %+v", name, e, again[name])
				}
			}
		})
	}
}

func checkEntries(t *testing.T, entries map[string]dock.Entry, content Content) {
	t.Helper()
	handles := map[dock.Handle]bool{}
	for name, bytes := range content {
		e, ok := entries[name]
		if !ok {
			t.Errorf("%q is not listed", name)
			continue
		}
		if e.SizeBytes != int64(len(bytes)) || e.Handle == "" || e.Identity == "" || handles[e.Handle] {
			t.Errorf("%q of %d bytes is listed as %+v", name, len(bytes), e)
		}
		handles[e.Handle] = true
	}
	if len(entries) != len(content) {
		t.Errorf("%d objects are listed, there are %d", len(entries), len(content))
	}
}

func testNames(t *testing.T, h Harness) {
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
	entries := list(t, camera)
	checkEntries(t, entries, content)
	for name, e := range entries {
		checkRead(t, camera, e, 0, content[name])
	}
}

func testContext(t *testing.T, h Harness) {
	d := h.Dock(t, Content{"a.mp4": pattern(10, 1)})
	camera := d.open(t)
	entry := list(t, camera)["a.mp4"]
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := camera.List(over); !errors.Is(err, context.Canceled) {
		t.Errorf("list: %v", err)
	}
	if _, err := camera.Open(over, entry, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	checkRead(t, camera, entry, 0, pattern(10, 1))
}
