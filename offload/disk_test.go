package offload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/hashing"
	"berth/offload"
	"berth/offload/storetest"
)

// disk is a real filesystem on a loop device, whose power can be cut.
type disk struct {
	t           *testing.T
	image, path string
	mounted     bool
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting a disk needs root")
	}
	folder := t.TempDir()
	d := &disk{t: t, image: filepath.Join(folder, "image"), path: filepath.Join(folder, "mnt")}
	err := errors.Join(os.Mkdir(d.path, 0o750), os.WriteFile(d.image, nil, 0o600), os.Truncate(d.image, 32<<20))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-E", "nodiscard", d.image).CombinedOutput(); err != nil {
		t.Skipf("no filesystem could be made: %v: %s", err, out)
	}
	if out, err := exec.Command("mount", "-o", "loop", d.image, d.path).CombinedOutput(); err != nil {
		t.Skipf("no disk could be mounted: %v: %s", err, out)
	}
	d.mounted = true
	t.Cleanup(d.unmount)
	return d
}

func (d *disk) unmount() {
	if !d.mounted {
		return
	}
	if out, err := exec.Command("umount", d.path).CombinedOutput(); err != nil {
		d.t.Fatalf("umount: %v: %s", err, out)
	}
	d.mounted = false
}

// cut ends the filesystem as a power cut does, nothing flushed, and mounts what
// is left.
func (d *disk) cut() {
	d.t.Helper()
	const shutdown, noLogFlush = 0x8004587d, 2
	fd, err := unix.Open(d.path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	err = unix.IoctlSetPointerInt(fd, shutdown, noLogFlush)
	unix.Close(fd)
	if err != nil {
		d.t.Skipf("the power of this filesystem cannot be cut: %v", err)
	}
	d.unmount()
	if out, err := exec.Command("mount", "-o", "loop", d.image, d.path).CombinedOutput(); err != nil {
		d.t.Fatalf("mount after the cut: %v: %s", err, out)
	}
	d.mounted = true
}

func readBack(ctx context.Context, s offload.Store, sealed dock.Sealed) error {
	back, err := s.Open(ctx, sealed.Key, "")
	if err != nil {
		return err
	}
	defer back.Close()
	_, err = dock.NewReceipt("store", dock.Place{}, sealed, "", back)
	return err
}

func TestPutSurvivesAPowerCut(t *testing.T) {
	disk := newDisk(t)
	d := offload.NewDirectory("nas", disk.path, false, "")
	id, err := d.Commission(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	disk.cut()
	if now, err := d.Identity(t.Context()); err != nil || now != id {
		t.Fatalf("after the cut the store is %q, %v; was commissioned as %q", now, err, id)
	}
	for i, size := range []int{100, 4096, 1<<20 + 100, 2 << 20} {
		sealed := storetest.Seal(storetest.Content(uint64(i), size))
		put(t, d, sealed)
		disk.cut()
		if err := readBack(t.Context(), d, sealed); err != nil {
			t.Errorf("%d bytes that were stored before the cut: %v", size, err)
		}
	}
}

func TestPutAfterAPowerCutInTheMiddle(t *testing.T) {
	disk := newDisk(t)
	d := offload.NewDirectory("nas", disk.path, false, "")
	commission(t, d)
	sealed := storetest.Seal(storetest.Content(1, 3<<20))
	dark := errors.New("dark")
	torn := storetest.Watched(sealed, func(offset int64) error {
		if offset < 2<<20 {
			return nil
		}
		fd, err := unix.Open(disk.path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err == nil {
			unix.Syncfs(fd) // what was written so far has reached the disk
			unix.Close(fd)
		}
		return dark
	})
	if _, err := d.Put(t.Context(), torn); !errors.Is(err, dark) {
		t.Fatal(err)
	}
	disk.cut()
	again := offload.NewDirectory("nas", disk.path, false, "")
	put(t, again, sealed)
	if err := readBack(t.Context(), again, sealed); err != nil {
		t.Error(err)
	}
	if names := tree(t, disk.path); len(names) != 1 {
		t.Errorf("the store holds %q, want only the sealed file", names)
	}
}

// TestFlipOnTheMediumIsSeen changes a bit below the filesystem while the page
// cache still has the right bytes.
func TestFlipOnTheMediumIsSeen(t *testing.T) {
	disk := newDisk(t)
	d := offload.NewDirectory("nas", disk.path, false, "")
	commission(t, d)
	content := storetest.Content(7, 1<<20)
	sealed := storetest.Seal(content)
	put(t, d, sealed)
	cached, err := os.ReadFile(filepath.Join(disk.path, sealed.Key))
	if err != nil || hashing.Sum(cached) != sealed.Digest {
		t.Fatal("the file cannot be read")
	}
	device, err := exec.Command("findmnt", "-n", "-o", "SOURCE", disk.path).Output()
	if err != nil {
		t.Skipf("the device cannot be found: %v", err)
	}
	flipOnDevice(t, string(bytes.TrimSpace(device)), content[512<<10:512<<10+4096])
	if again, _ := os.ReadFile(filepath.Join(disk.path, sealed.Key)); hashing.Sum(again) != sealed.Digest {
		t.Skip("the page cache does not hide the flip here")
	}
	if err := readBack(t.Context(), d, sealed); !errors.Is(err, dock.ErrReceipt) {
		t.Errorf("reading back a flipped bit = %v, want no receipt", err)
	}
	if _, err := d.Put(t.Context(), sealed); !errors.Is(err, offload.ErrDifferent) {
		t.Errorf("Put over a flipped bit = %v, want ErrDifferent", err)
	}
}

// flipOnDevice finds a page on a block device and flips a bit of it there.
func flipOnDevice(t *testing.T, device string, page []byte) {
	t.Helper()
	file, err := os.OpenFile(device, os.O_RDWR|os.O_SYNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	whole, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(whole, page)
	if at < 0 {
		t.Fatal("the content is not on the device")
	}
	if _, err := file.WriteAt([]byte{page[0] ^ 1}, int64(at)); err != nil {
		t.Fatal(err)
	}
}
