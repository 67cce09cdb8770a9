package journal

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// The ioctl that cuts a filesystem's power (EXT4_IOC_SHUTDOWN) and its way of
// doing it without writing out what its own log still holds.
const (
	shutdownIoctl = 0x8004587d
	noLogFlush    = 2
)

// disk is a small ext4 filesystem of its own, whose power can be cut.
type disk struct {
	t            *testing.T
	image, mount string
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{t: t, image: filepath.Join(t.TempDir(), "disk.img"), mount: t.TempDir()}
	f, err := os.Create(d.image)
	if err == nil {
		err = f.Truncate(64 << 20)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", d.image).CombinedOutput(); err != nil {
		t.Skipf("no filesystem of its own: %v %s", err, out)
	}
	if err := d.on(); err != nil {
		t.Skipf("no filesystem of its own: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(d.mount, unix.MNT_DETACH) })
	return d
}

func (d *disk) on() error { return exec.Command("mount", "-o", "loop", d.image, d.mount).Run() }

// cut loses everything that was not synced.
func (d *disk) cut() {
	d.t.Helper()
	dir, err := os.Open(d.mount)
	if err != nil {
		d.t.Fatal(err)
	}
	defer dir.Close()
	flags := uint32(noLogFlush)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, dir.Fd(), shutdownIoctl, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		d.t.Skipf("cannot cut the power of a filesystem: %v", errno)
	}
}

func TestFactsSurviveAPowerCut(t *testing.T) {
	d := newDisk(t)
	opts, clock := testOptions(t)
	opts.Path = filepath.Join(d.mount, "data", "journal.db")
	s := openStation(t, opts, clock)
	written := map[dock.RecordingID]bool{}
	for range 3 {
		docking := s.dock("cam-7")
		for range 5 {
			id := dock.NewRecordingID()
			s.must(s.Append(s.ctx, dock.Fact{Recording: id, Docking: docking.ID, Body: dock.Seen{Name: "A", Copies: 1}}))
			written[id] = true
		}
		d.cut()
		s.Close() // on a dead disk: its error says nothing
		s.must(unix.Unmount(d.mount, 0))
		s.must(d.on())
		s.openAgain()
		for id := range written {
			if state := s.recording(id).State(); state != dock.StateSeen {
				t.Fatalf("%s is %s", id, state)
			}
		}
		s.verify()
	}
	s.must(s.Close())
}
