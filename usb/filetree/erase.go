package filetree

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// Permits is what Erase asks before anything else: nil if c is for e as it was
// read here, or else dock.ErrNoClear.
func (t *Tree) Permits(e dock.Entry, c dock.Clearance) error { return t.witness.Permit(e, c) }

// Erase removes the one file that c is for. Its identity is compared through a
// handle and once more by name right before; afterwards the handle tells
// whether that very file lost a name. A read-only medium or a refusal of the
// system is returned as it is (unix.EROFS, unix.EACCES, unix.EIO, ...).
func (t *Tree) Erase(ctx context.Context, e dock.Entry, c dock.Clearance) error {
	const tried = "erase object on camera"
	if err := t.witness.Permit(e, c); err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	root, err := t.begin(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	defer unix.Close(root)
	looked, err := t.lookAt(root, e)
	if err != nil {
		return t.failed(tried, err)
	}
	defer unix.Close(looked)
	if err := notWrittenObject(looked); err != nil {
		return t.failed(tried, err)
	}
	parent, name, err := lookUpParent(root, strings.TrimPrefix(string(e.Handle), t.prefix))
	if err != nil {
		return t.failed(tried, err)
	}
	defer unix.Close(parent)
	if err := t.unlink(parent, name, looked, e); err != nil {
		return t.failed(tried, err)
	}
	if err := again(func() error { return unix.Fsync(parent) }); err != nil {
		return t.failed("sync folder on camera after erasing", err)
	}
	return nil
}

// unlink removes name from parent if it still leads to the object of e. The
// kernel has no removal by handle, so between the last look and the removal
// another file could take the name: then the one in looked has kept its names,
// and that is said.
func (t *Tree) unlink(parent int, name string, looked int, e dock.Entry) error {
	before, err := fstat(looked)
	if err != nil {
		return err
	}
	if err := t.attached(); err != nil {
		return err
	}
	var now unix.Stat_t
	if err := again(func() error { return unix.Fstatat(parent, name, &now, unix.AT_SYMLINK_NOFOLLOW) }); err != nil {
		return err
	}
	if !isRegular(now) || t.identity(parent, name, now) != e.Identity {
		return dock.ErrChanged
	}
	if err := unix.Unlinkat(parent, name, 0); err != nil {
		return err
	}
	after, err := fstat(looked)
	if err == nil && after.Nlink >= before.Nlink {
		return errors.Join(dock.ErrChanged, errors.New("another object had taken its name and was removed"))
	}
	return nil
}
