package custody

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The ioctl that cuts a filesystem's power (EXT4_IOC_SHUTDOWN) and its way of
// doing it without writing out what its own log still holds.
const (
	shutdownIoctl = 0x8004587d
	noLogFlush    = 2
)

// mountDisk makes a small ext4 filesystem of its own. The function that it
// returns cuts its power and mounts it again.
func mountDisk(t *testing.T) (mount string, cut func()) {
	t.Helper()
	image, mount := filepath.Join(t.TempDir(), "disk.img"), t.TempDir()
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 16<<20); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		t.Skipf("no filesystem of its own: %v %s", err, said)
	}
	on := func() error { return exec.Command("mount", "-o", "loop", image, mount).Run() }
	if err := on(); err != nil {
		t.Skipf("no filesystem of its own: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(mount, unix.MNT_DETACH) })
	return mount, func() {
		t.Helper()
		dir, err := os.Open(mount)
		if err != nil {
			t.Fatal(err)
		}
		flags := uint32(noLogFlush)
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, dir.Fd(), shutdownIoctl, uintptr(unsafe.Pointer(&flags)))
		dir.Close()
		if errno != 0 {
			t.Skipf("cannot cut the power of a filesystem: %v", errno)
		}
		if err := unix.Unmount(mount, 0); err != nil {
			t.Fatal(err)
		}
		if err := on(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenedContentSurvivesAPowerCut(t *testing.T) {
	mount, cut := mountDisk(t)
	for name, replace := range map[string]bool{"new": false, "replaced": true} {
		path, content := filepath.Join(mount, name), bytes.Repeat([]byte(name), 10_000)
		if err := writeOutput(path, replace, func(w io.Writer) error {
			_, err := w.Write(content)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		cut()
		if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, content) {
			t.Errorf("%s: %d of %d bytes are left: %v", name, len(kept), len(content), err)
		}
	}
}
