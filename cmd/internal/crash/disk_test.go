package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// disk is a filesystem of its own, in an image file, whose power can be cut and
// whose bits can be flipped below it.
type disk struct {
	t            *testing.T
	image, mount string
}

// newDisk makes an ext4 of a sparse file. It skips the test where that cannot be.
func newDisk(t *testing.T) *disk {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: mounting a filesystem of one's own needs root")
	}
	d := &disk{t: t, image: filepath.Join(t.TempDir(), "image"), mount: t.TempDir()}
	file, err := os.Create(d.image)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(2 << 30); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,nodiscard", "-J", "size=8", d.image).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: no ext4 can be made here: %v: %s", err, out)
	}
	if err := d.on(); err != nil {
		t.Skipf("NOT RUN: no loop device can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(d.mount, unix.MNT_DETACH) })
	return d
}

// cut takes the power away: what was not synced is lost, the filesystem's own
// log included (EXT4_IOC_SHUTDOWN with NOLOGFLUSH). Every access fails from now.
func (d *disk) cut() {
	d.t.Helper()
	const shutdown, noLogFlush = 0x8004587d, 2
	dir, err := os.Open(d.mount)
	if err != nil {
		d.t.Fatal(err)
	}
	defer dir.Close()
	if err := unix.IoctlSetPointerInt(int(dir.Fd()), shutdown, noLogFlush); err != nil {
		d.t.Skipf("NOT RUN: this kernel cannot cut the power of a filesystem: %v", err)
	}
}

// again gives the power back: the filesystem is what its medium says.
func (d *disk) again() {
	d.t.Helper()
	if err := unix.Unmount(d.mount, 0); err != nil {
		d.t.Fatalf("unmount %s: %v", d.mount, err)
	}
	if err := d.on(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *disk) on() error {
	out, err := exec.Command("mount", "-o", "loop", d.image, d.mount).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("mount %s: %w: %s", d.image, err, out)
	}
	return err
}

// settle writes out what the harness itself put there.
func (d *disk) settle() {
	d.t.Helper()
	dir, err := os.Open(d.mount)
	if err != nil {
		d.t.Fatal(err)
	}
	defer dir.Close()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		d.t.Fatal(err)
	}
}

// flip changes one bit of a file's medium, at offset, below the filesystem, and
// sees that it is the changed bit that a reader gets.
func (d *disk) flip(path string, offset int64) {
	d.t.Helper()
	const block = 4096
	file, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	before := make([]byte, 1)
	if _, err := file.ReadAt(before, offset); err != nil {
		d.t.Fatal(err)
	}
	if err := file.Sync(); err != nil {
		d.t.Fatal(err)
	}
	const fibmap = 1 // which block of the medium holds a block of the file
	number := int32(offset / block)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, file.Fd(), fibmap, uintptr(unsafe.Pointer(&number))); errno != 0 || number == 0 {
		d.t.Fatalf("find %s on its medium: block %d, %v", path, number, errno)
	}
	medium, err := os.OpenFile(d.image, os.O_RDWR, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	defer medium.Close()
	at, bit := int64(number)*block+offset%block, make([]byte, 1)
	if _, err := medium.ReadAt(bit, at); err != nil || bit[0] != before[0] {
		d.t.Fatalf("the medium of %s has %x at %d, not %x: %v", path, bit, at, before, err)
	}
	bit[0] ^= 0x10
	if _, err := medium.WriteAt(bit, at); err != nil {
		d.t.Fatal(err)
	}
	if err := unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		d.t.Fatal(err)
	}
	if _, err := file.ReadAt(before, offset); err != nil || before[0] != bit[0] {
		d.t.Fatalf("the flip in %s does not show: %x, %v", path, before, err)
	}
}
