package massstorage_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"berth/dock"
	"berth/usb/cameratest"
	"berth/usb/filetree"
	"berth/usb/privileged"
)

// fatNames are hostile names that FAT and exFAT can carry.
func fatNames() []string {
	return []string{
		strings.Repeat("n", 250) + ".mp4", "-rf", "--", "..x", "x/..y/z", "$(reboot)", "'; DROP TABLE recordings; --", "%s%n", "[a-z]",
		"\u202emp4.exe", ".hidden", ".dir/.file", "x/-/-", "e\u0301", "\u00e9", "\U0001f600.mp4", "a b  c", "long name.mp4",
		"MOV00001.MP4", "mov00002.mp4", "Mov00003.mp4", "\u4e2d\u6587",
	}
}

func fat16() medium {
	return medium{kind: "vfat", mkfs: []string{"mkfs.vfat", "-F", "16", "-i", "1a2b3c4d"}, names: fatNames()}
}

func fat32() medium {
	return medium{kind: "vfat", mkfs: []string{"mkfs.vfat", "-F", "32", "-s", "1", "-i", "1a2b3c4d"}, size: 64 << 20, names: fatNames()}
}

func exFAT() medium {
	return medium{kind: "exfat", mkfs: []string{"mkfs.exfat"}, names: fatNames()}
}

// every runs a test on each of the filesystems that cameras use; those that
// this kernel cannot mount are left out loudly.
func every(t *testing.T, test func(t *testing.T, m medium)) {
	t.Helper()
	for name, m := range map[string]medium{
		"FAT16": fat16(), "FAT32": fat32(), "exFAT": exFAT(), "ext4": ext4(),
	} {
		t.Run(name, func(t *testing.T) {
			m.needed(t)
			test(t, m)
		})
	}
}

func (m medium) needed(t *testing.T) {
	t.Helper()
	if !mounts(m.kind) {
		t.Skipf("THIS KERNEL MOUNTS NO %s: cameras of that kind were not tried; the virtual rack does", m.kind)
	}
}

func TestCameraOnFAT16Conforms(t *testing.T) {
	fat16().needed(t)
	cameratest.Run(t, harness(fat16()))
}

func TestCameraOnFAT32Conforms(t *testing.T) {
	fat32().needed(t)
	cameratest.Run(t, harness(fat32()))
}

func TestCameraOnExFATConforms(t *testing.T) {
	exFAT().needed(t)
	cameratest.Run(t, harness(exFAT()))
}

func openOn(t *testing.T, d cameratest.Device) dock.Camera {
	t.Helper()
	camera, err := d.Driver.Open(t.Context(), d.Attachment)
	must(t, err)
	t.Cleanup(func() { camera.Close() })
	return camera
}

func list(t *testing.T, camera dock.Camera) dock.Listing {
	t.Helper()
	listing, err := camera.List(t.Context())
	must(t, err)
	return listing
}

func entry(t *testing.T, listing dock.Listing, name string) dock.Entry {
	t.Helper()
	i := slices.IndexFunc(listing.Entries, func(e dock.Entry) bool { return string(e.Name) == name })
	if i < 0 {
		t.Fatalf("%q is not listed: %+v", name, listing)
	}
	return listing.Entries[i]
}

// A second read says that it is honest, and is: the medium changes below the
// filesystem between the reads. What else is open goes on.
func TestSecondReadComesFromTheMedium(t *testing.T) {
	every(t, func(t *testing.T, m medium) {
		content, other := bytes.Repeat([]byte("0123456789abcdef"), 20_000), bytes.Repeat([]byte("other "), 100_000)
		copy(content[100_000:], "this very place, and no other one, is what changes on the medium")
		card, d := m.plug(t, cameratest.Content{"DCIM/a.mp4": content, "DCIM/b.mp4": other})
		fresh := 0
		camera := card.with(t, &helper{mounted: func(*privileged.Mounted, privileged.Access) { fresh++ }}, filetree.Profile{})
		listing := list(t, camera)
		e := entry(t, listing, "DCIM/a.mp4")
		beside, err := camera.Open(t.Context(), entry(t, listing, "DCIM/b.mp4"), 0)
		must(t, err)
		half := make([]byte, len(other)/2)
		_, err = io.ReadFull(beside, half)
		must(t, err)
		first, err := camera.Open(t.Context(), e, 0)
		must(t, err)
		if !bytes.Equal(readAll(t, first), content) {
			t.Fatal("the first read gave other bytes")
		}
		for range 3 {
			d.Corrupt(t, "DCIM/a.mp4", 100_000)
			content[100_000] ^= 0x40
			before := fresh
			again, err := camera.(dock.Rereader).Reread(t.Context(), e)
			must(t, err)
			if honest, ok := again.(filetree.Medium); !ok || !honest.FromMedium() {
				t.Error("the second read does not say that it is from the medium")
			}
			// Nothing vouches for direct I/O on FAT and exFAT, and a cache that is
			// asked to forget may not.
			if m.kind != "ext4" && fresh == before {
				t.Error("the second read goes through the mount of the first")
			}
			if !bytes.Equal(readAll(t, again), content) {
				t.Error("the second read did not see the medium")
			}
		}
		if rest := readAll(t, beside); !bytes.Equal(append(half, rest...), other) {
			t.Error("what was open beside it went on with other bytes")
		}
	})
}

func readAll(t *testing.T, r io.ReadCloser) []byte {
	t.Helper()
	content, err := io.ReadAll(r)
	must(t, err)
	must(t, r.Close())
	return content
}

// A camera that is pulled and looked at in every way is as it was.
func TestPullLeavesTheDeviceByteForByteAsItIs(t *testing.T) {
	every(t, func(t *testing.T, m medium) {
		d, at := m.plug(t, cameratest.Content{"DCIM/100/a.mp4": make([]byte, 100_000), "DCIM/b.mp4": nil, "c": []byte("c")})
		before := digest(t, d.image)
		camera := openOn(t, at)
		for range 2 {
			for _, e := range list(t, camera).Entries {
				r, err := camera.Open(t.Context(), e, 0)
				must(t, err)
				readAll(t, r)
				r, err = camera.(dock.Rereader).Reread(t.Context(), e)
				must(t, err)
				readAll(t, r)
			}
		}
		must(t, camera.Close())
		if digest(t, d.image) != before {
			t.Error("the device changed")
		}
	})
}

func digest(t *testing.T, image string) [32]byte {
	t.Helper()
	content, err := os.ReadFile(image)
	must(t, err)
	return sha256.Sum256(content)
}
