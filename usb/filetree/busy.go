package filetree

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// notWritten fails with dock.ErrBusy while somebody has the file behind fd open
// for writing: a copy that stalls looks quiet, and is not whole. The kernel
// tells by refusing a read lease (fcntl(2), F_SETLEASE). Filesystems without
// leases, and files of another owner without CAP_LEASE, cannot be asked; there
// the two equal listings are all there is.
func notWritten(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
	if errors.Is(err, unix.EAGAIN) {
		return dock.ErrBusy
	}
	if err != nil {
		return nil
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK); err != nil {
		return fmt.Errorf("give back the lease: %w", err)
	}
	return nil
}

// notWrittenObject is notWritten for an object that was only looked at.
func notWrittenObject(looked int) error {
	fd, err := reopen(looked, unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return notWritten(fd)
}
