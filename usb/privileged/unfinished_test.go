package privileged

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"berth/dock"
)

func unfinishedOn(t *testing.T, c *card) []Unfinished {
	t.Helper()
	found, err := unfinished(t.Context(), bytes.NewReader(c.bytes))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(found, func(a, b Unfinished) int { return strings.Compare(a.Name, b.Name) })
	return found
}

func namesOf(found []Unfinished) []string {
	var names []string
	for _, each := range found {
		names = append(names, each.Name)
	}
	return names
}

func TestFilesThatHoldMoreThanTheySayAreFoundOnFAT(t *testing.T) {
	for _, kind := range []int{12, 16, 32} {
		c := newCard(kind)
		folder := c.chain(2)
		lost, deep := c.chain(5), c.chain(3)
		put(c.rootPlace(),
			short("LABEL      ", attrVolume, 0, 0),
			short("EMPTY   MP4", 0x20, 0, 0),
			short("WHOLE   MP4", 0x20, c.chain(1), 100),
			short("LOST    MP4", 0x20, lost, 0),
			short("\xe5ONE    MP4", 0x20, c.chain(1), 0),
			short("HIDDEN     ", attrVolume|0x20, c.chain(1), 77),
			short("DCIM       ", attrFolder, folder, 0))
		put(c.rootPlace(), long("..", 0x20, c.chain(1), 5)...)
		put(c.rootPlace(), long("a/b", 0x20, c.chain(1), 5)...)
		put(c.place(folder), short(".          ", attrFolder, folder, 0), short("..         ", attrFolder, 0, 0))
		// On through the chain of the folder's own clusters.
		second := c.place(folder + 1)
		put(second, long("Rec 2024-05-01 \u00e9\U0001f600 and much longer.mp4", 0x20, deep, 0)...)
		found := unfinishedOn(t, c)
		want := []string{"..", "DCIM/Rec 2024-05-01 \u00e9\U0001f600 and much longer.mp4", "HIDDEN", "LOST.MP4", "a/b"}
		if !slices.Equal(namesOf(found), want) {
			t.Errorf("FAT%d: found %q; want %q", kind, namesOf(found), want)
			continue
		}
		if found[1].Clusters != 3 || found[3].Clusters != 5 || found[3].SizeBytes != 0 || found[2].SizeBytes != 77 {
			t.Errorf("FAT%d: found %+v", kind, found)
		}
	}
}

func TestFilesThatHoldMoreThanTheySayAreFoundOnExFAT(t *testing.T) {
	c := newCard(64)
	folder := c.chain(2)
	row := c.next
	c.next += 4
	lost := c.chain(5)
	put(c.rootPlace(), fileSet("DCIM", attrFolder, folder, 2*sector, 2*sector, true)...)
	put(c.rootPlace(), fileSet("empty", 0x20, 0, 0, 0, false)...)
	put(c.rootPlace(), fileSet("whole", 0x20, c.chain(1), 100, 100, false)...)
	put(c.rootPlace(), fileSet("lost", 0x20, lost, 0, 0, false)...)
	// A set that goes over the end of a cluster.
	half := c.place(folder)
	for i := range 13 {
		half[i*entryBytes] = 5 // not in use
	}
	entries := slices.Concat(fileSet("a name of more than fifteen letters.mp4", 0x20, row, 4*sector, sector, true)...)
	copy(c.bytes[c.data+int(folder-2)*sector+13*entryBytes:], entries)
	put(c.rootPlace(), fileSet("cut off", 0x20, c.chain(1), 0, 0, false)[:2]...)
	put(c.rootPlace(), fileSet("after", 0x20, 0, 0, 0, false)...)
	found := unfinishedOn(t, c)
	if want := []string{"", "DCIM/a name of more than fifteen letters.mp4", "lost"}; !slices.Equal(namesOf(found), want) {
		t.Fatalf("found %q; want %q", namesOf(found), want)
	}
	found = found[1:]
	if found[0].Clusters != 4 || found[0].SizeBytes != 4*sector || found[1].Clusters != 5 || found[1].SizeBytes != 0 {
		t.Errorf("found %+v", found)
	}
}

func TestLoopsAndPlacesOutsideEnd(t *testing.T) {
	for _, kind := range []int{16, 32, 64} {
		c := newCard(kind)
		loop, folder := c.chain(3), c.chain(1)
		c.link(loop+2, loop) // a file's chain that begins again
		c.link(folder, folder)
		outside := uint32(len(c.bytes))
		if kind == 64 {
			put(c.rootPlace(), fileSet("loop", 0x20, loop, 0, 0, false)...)
			put(c.rootPlace(), fileSet("itself", attrFolder, folder, sector, sector, false)...)
			put(c.place(folder), fileSet("again", attrFolder, folder, sector, sector, false)...)
			put(c.place(folder), fileSet("outside", 0x20, outside, 0, 0, false)...)
		} else {
			put(c.rootPlace(), short("LOOP       ", 0x20, loop, 0), short("ITSELF     ", attrFolder, folder, 0))
			put(c.place(folder), short("AGAIN      ", attrFolder, folder, 0), short("OUTSIDE    ", 0x20, outside%65536|60000, 0))
		}
		found := unfinishedOn(t, c)
		if len(found) != 1 || found[0].Clusters != maxChain {
			t.Errorf("%d: found %+v; want the loop alone, counted to the bound", kind, found)
		}
	}
}

func TestSearchEndsWithItsContext(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, kind := range []int{32, 64} {
		if _, err := unfinished(over, bytes.NewReader(newCard(kind).bytes)); !errors.Is(err, context.Canceled) {
			t.Errorf("%d: %v", kind, err)
		}
	}
}

func TestTooManyUnfinishedFilesAreAnError(t *testing.T) {
	v := &volumeReader{}
	var err error
	for i := 0; i <= maxUnfinished && err == nil; i++ {
		err = v.note(Unfinished{})
	}
	if !errors.Is(err, dock.ErrLimit) {
		t.Errorf("got %v", err)
	}
}

// Whatever a volume says, looking at it ends, within bounds and without a panic.
func FuzzVolume(f *testing.F) {
	for _, kind := range []int{12, 16, 32, 64} {
		c := newCard(kind)
		f.Add(uint16(0), []byte{}, uint16(c.data/16), []byte{0x85, 2, 0, 0})
		put(c.rootPlace(), short("LOST    MP4", 0x20, c.chain(2), 0))
		f.Add(uint16(13), []byte{0x80}, uint16(c.table/16), []byte{2, 0, 0, 0})
	}
	kinds := []int{12, 16, 32, 64}
	f.Fuzz(func(t *testing.T, at uint16, first []byte, there uint16, second []byte) {
		c := newCard(kinds[int(at)%len(kinds)])
		copy(c.bytes[int(at)%512:], first)
		copy(c.bytes[int(there)*16%len(c.bytes):], second)
		info, err := probe(bytes.NewReader(c.bytes))
		if err != nil || len(info.UUID) > 36 {
			t.Skip()
		}
		found, err := unfinished(t.Context(), bytes.NewReader(c.bytes))
		if err == nil && len(found) > maxUnfinished {
			t.Errorf("%d findings", len(found))
		}
		for _, each := range found {
			if each.Clusters < 0 || each.Clusters > maxChain || len(each.Name) > maxPath+2048 {
				t.Errorf("found %+v", each)
			}
		}
	})
}
