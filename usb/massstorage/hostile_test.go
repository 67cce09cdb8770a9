package massstorage_test

import (
	"encoding/binary"
	"os"
	"slices"
	"testing"
	"unicode/utf16"

	"berth/dock"
	"berth/usb/filetree"
	"berth/usb/privileged/fakeport"
)

// entryOf is a directory entry of FAT with a short name.
func entryOf(name string, attributes byte, first uint16, size uint32) []byte {
	e := make([]byte, 32)
	copy(e, name)
	e[11] = attributes
	binary.LittleEndian.PutUint16(e[26:], first)
	binary.LittleEndian.PutUint32(e[28:], size)
	return e
}

// named puts a long name of at most 13 characters before an entry.
func named(units []uint16, entry []byte) []byte {
	part := make([]byte, 32)
	part[0], part[11] = 0x41, 0x0f
	for _, c := range entry[:11] {
		part[13] = part[13]>>1 | part[13]<<7
		part[13] += c
	}
	padded := append(slices.Clone(units), 0)
	for len(padded) < 13 {
		padded = append(padded, 0xffff)
	}
	for i, at := range []int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
		binary.LittleEndian.PutUint16(part[at:], padded[i])
	}
	return append(part, entry...)
}

// onFAT16 is a card whose root has these entries; clusters 3 to 20 hold a letter
// each, and are one chain each, but 10 and 11, which follow each other in a ring.
func onFAT16(t *testing.T, entries ...[]byte) *docked {
	t.Helper()
	m := fat16()
	m.needed(t)
	image := m.image(t)
	content, err := os.ReadFile(image)
	must(t, err)
	half := func(at int) int { return int(binary.LittleEndian.Uint16(content[at:])) }
	table := half(14) * 512
	root := table + int(content[16])*half(22)*512
	data := root + half(17)*32
	for i, at := 0, root; i < len(entries); i++ {
		at += copy(content[at:], entries[i])
	}
	for cluster := 3; cluster <= 20; cluster++ {
		next := uint16(0xffff)
		switch cluster {
		case 10:
			next = 11
		case 11:
			next = 10
		}
		for copyOf := range int(content[16]) {
			binary.LittleEndian.PutUint16(content[table+copyOf*half(22)*512+2*cluster:], next)
		}
		at := data + (cluster-2)*int(content[13])*512
		for i := range int(content[13]) * 512 {
			content[at+i] = byte('a' + cluster)
		}
	}
	must(t, os.WriteFile(image, content, 0o600))
	return &docked{medium: m, image: image, port: fakeport.New(t, image)}
}

// What a hostile or broken folder lists ends as a recording or as something
// that may hold content, and nothing is left out in silence.
func TestNothingOnAHostileFATIsLeftOutInSilence(t *testing.T) {
	text := func(s string) []uint16 { return utf16.Encode([]rune(s)) }
	d := onFAT16(t,
		named(text("long name.mp4"), entryOf("LONGNA~1MP4", 0x20, 3, 10)),
		entryOf("LONGNA~1MP4", 0x20, 4, 10), // stands behind the short name of the one above
		entryOf("LOST    MP4", 0x20, 5, 0),
		named(text(".."), entryOf("DOTDOT     ", 0x20, 6, 10)),
		entryOf("HIDDEN     ", 0x28, 7, 10), // marked as the volume's label
		named([]uint16{'x', 0xd800, 'y'}, entryOf("HALF       ", 0x20, 8, 10)),
		entryOf("RING       ", 0x20, 10, 1<<20),
		entryOf("RINGDIR    ", 0x10, 10, 0),
		entryOf("GARBAGE    ", 0x10, 12, 0),
		entryOf("UPPER   MP4", 0x20, 9, 10), entryOf("UPPER   MP4", 0x20, 13, 10),
	)
	camera := d.with(t, &helper{}, filetree.Profile{})
	listing := list(t, camera)
	accounted := map[string]string{}
	for _, e := range listing.Entries {
		accounted[string(e.Name)] += "entry "
	}
	for _, x := range listing.Exceptions {
		if x.Kind.MayHoldContent() {
			accounted[string(x.Name)] += "exception "
		}
	}
	t.Logf("listed: %v", accounted)
	for _, name := range []string{"LONGNA~1.MP4", "long name.mp4", "LOST.MP4", "..", "HIDDEN", "xy", "RING", "RINGDIR", "UPPER.MP4"} {
		if accounted[name] == "" {
			t.Errorf("%q is left out", name)
		}
	}
	for _, name := range []string{"..", "HIDDEN", "UPPER.MP4", "LOST.MP4"} {
		if accounted[name] != "exception " && name != "UPPER.MP4" || name == "UPPER.MP4" && accounted[name] != "entry exception " {
			t.Errorf("%q is %q", name, accounted[name])
		}
	}
	if accounted["LONGNA~1.MP4"]+accounted["long name.mp4"] == "entry entry " {
		t.Error("two names lead to one file, and nobody says that another is hidden")
	}
	if err := camera.(dock.Eraser).Erase(t.Context(), entry(t, listing, "xy"), d.cleared(t, camera, entry(t, listing, "xy"))); err == nil {
		t.Error("erased from a damaged filesystem")
	}
}

// A name that no listing can show makes its folder unreadable, not the camera.
func TestNameThatCannotBeShownIsAnException(t *testing.T) {
	d := onFAT16(t,
		entryOf("BEFORE  MP4", 0x20, 3, 10),
		named([]uint16{0xd800}, entryOf("NOTHING    ", 0x20, 4, 10)),
		entryOf("AFTER   MP4", 0x20, 5, 10),
	)
	listing := list(t, d.with(t, &helper{}, filetree.Profile{}))
	t.Logf("listed: %+v", listing)
	if len(listing.Exceptions) == 0 {
		t.Error("nobody says that something is hidden")
	}
	entry(t, listing, "BEFORE.MP4")
}
