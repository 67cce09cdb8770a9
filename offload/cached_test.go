package offload_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"berth/dock"
	"berth/hashing"
	"berth/offload"
	"berth/offload/storetest"
)

// remount mounts the disk again with these options, with nothing in the cache.
func (d *disk) remount(options string) {
	d.t.Helper()
	d.unmount()
	if out, err := exec.Command("mount", "-o", "loop,"+options, d.image, d.path).CombinedOutput(); err != nil {
		d.t.Skipf("no disk could be mounted with %s: %v: %s", options, err, out)
	}
	d.mounted = true
}

// TestFlipOnAMediumWithoutDirectIOIsSeen: with data=journal ext4 takes O_DIRECT
// and reads through the page cache all the same. A store there must not believe
// the flag, and must drop what the cache has.
func TestFlipOnAMediumWithoutDirectIOIsSeen(t *testing.T) {
	disk := newDisk(t)
	disk.remount("data=journal")
	d := offload.NewDirectory("nas", disk.path, false, "")
	commission(t, d)
	content := storetest.Content(7, 1<<20)
	sealed := storetest.Seal(content)
	put(t, d, sealed)
	disk.remount("data=journal") // out of the filesystem's journal, to its place
	place := filepath.Join(disk.path, sealed.Key)
	if cached, err := os.ReadFile(place); err != nil || hashing.Sum(cached) != sealed.Digest {
		t.Fatalf("the file cannot be read: %v", err)
	}
	device, err := exec.Command("findmnt", "-n", "-o", "SOURCE", disk.path).Output()
	if err != nil {
		t.Skipf("the device cannot be found: %v", err)
	}
	flipOnDevice(t, string(bytes.TrimSpace(device)), content[512<<10:512<<10+4096])
	if again, _ := os.ReadFile(place); hashing.Sum(again) != sealed.Digest {
		t.Skip("the page cache does not hide the flip here")
	}
	if err := readBack(t.Context(), d, sealed); !errors.Is(err, dock.ErrReceipt) {
		t.Errorf("reading back a flipped bit = %v, want no receipt", err)
	}
}
