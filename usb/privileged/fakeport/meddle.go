package fakeport

import (
	"errors"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// Meddle lets the test look into a unit's filesystem, and change it, behind the
// back of whoever has it mounted: it joins that mount's superblock, which is
// made writable meanwhile. Kind is the filesystem's name in the kernel.
func (p *Port) Meddle(t *testing.T, unit int, kind string, do func(dir string)) {
	t.Helper()
	dir, node := t.TempDir(), p.nodes[unit]
	options := ""
	if kind == "vfat" {
		options = "check=s,utf8,iocharset=default,tz=UTC"
	}
	err := unix.Mount(node, dir, kind, unix.MS_RDONLY, options)
	joined := err == nil
	if errors.Is(err, unix.EBUSY) { // writable already
		err = unix.Mount(node, dir, kind, 0, options)
	}
	if err != nil {
		t.Fatalf("mount behind the driver's back: %v", err)
	}
	defer func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	if !joined {
		do(dir)
		return
	}
	p.protect(t, unit, "--setrw")
	if err := unix.Mount(node, dir, kind, unix.MS_REMOUNT, ""); err != nil {
		t.Fatalf("make writable behind the driver's back: %v", err)
	}
	do(dir)
	// While somebody has a file open that was removed, it stays writable; the
	// driver's own mount is read-only by itself.
	err = unix.Mount(node, dir, kind, unix.MS_REMOUNT|unix.MS_RDONLY, "")
	if err == nil {
		p.protect(t, unit, "--setro")
	} else if !errors.Is(err, unix.EBUSY) {
		t.Fatalf("make read-only again: %v", err)
	}
}

func (p *Port) protect(t *testing.T, unit int, word string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "blockdev", word, p.nodes[unit]).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
