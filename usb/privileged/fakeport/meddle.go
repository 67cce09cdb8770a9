package fakeport

import (
	"errors"
	"fmt"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// Meddle lets the test look into a unit's filesystem, and change it, behind the
// back of whoever has it mounted: it joins that mount's superblock, which is
// made writable meanwhile. Kind is the filesystem's name in the kernel. The
// mount has no name, so that no other process can keep a copy of it.
func (p *Port) Meddle(t *testing.T, unit int, kind string, do func(dir string)) {
	t.Helper()
	root, err := join(p.nodes[unit], kind, "ro")
	joined := err == nil
	if errors.Is(err, unix.EBUSY) { // writable already
		root, err = join(p.nodes[unit], kind, "rw")
	}
	if err != nil {
		t.Fatalf("mount behind the driver's back: %v", err)
	}
	defer unix.Close(root)
	dir := fmt.Sprintf("/proc/self/fd/%d", root)
	if !joined {
		do(dir)
		return
	}
	p.protect(t, unit, "--setrw")
	if err := reconfigure(root, "rw"); err != nil {
		t.Fatalf("make writable behind the driver's back: %v", err)
	}
	do(dir)
	// While somebody has a file open that was removed, it stays writable; the
	// driver's own mount is read-only by itself.
	err = reconfigure(root, "ro")
	if err == nil {
		p.protect(t, unit, "--setro")
	} else if !errors.Is(err, unix.EBUSY) {
		t.Fatalf("make read-only again: %v", err)
	}
}

// join mounts a node, together with whoever has it mounted.
func join(node, kind, flag string) (root int, err error) {
	context, err := unix.Fsopen(kind, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(context)
	err = errors.Join(unix.FsconfigSetString(context, "source", node), unix.FsconfigSetFlag(context, flag))
	if kind == "vfat" {
		err = errors.Join(err, unix.FsconfigSetString(context, "check", "s"), unix.FsconfigSetFlag(context, "utf8"),
			unix.FsconfigSetString(context, "iocharset", "default"), unix.FsconfigSetString(context, "tz", "UTC"))
	}
	if err != nil {
		return -1, err
	}
	if err := unix.FsconfigCreate(context); err != nil {
		return -1, err
	}
	return unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, 0)
}

// reconfigure makes the filesystem of a mount read-only or writable.
func reconfigure(root int, flag string) error {
	context, err := unix.Fspick(root, "", unix.FSPICK_CLOEXEC|unix.FSPICK_EMPTY_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(context)
	if err := unix.FsconfigSetFlag(context, flag); err != nil {
		return err
	}
	return unix.FsconfigReconfigure(context)
}

func (p *Port) protect(t *testing.T, unit int, word string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "blockdev", word, p.nodes[unit]).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
