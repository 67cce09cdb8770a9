package filetree

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// Root is where a tree of files begins. Safe for concurrent use.
type Root interface {
	// Open opens the root directory anew, for looking things up only (O_PATH);
	// the caller closes the descriptor. It is dock.ErrGone if the root is no
	// longer there or another one is in its place.
	Open() (fd int, err error)
	// Attached reports at the cost of a system call whether Open would find the
	// same root: nil, dock.ErrGone, or why that cannot be told.
	Attached() error
	// UsedBytes is what the filesystem says is in use; -1 if it cannot tell,
	// for instance because it holds other things as well.
	UsedBytes() int64
	// Clean reports that the filesystem was unmounted cleanly, or has no such notion.
	Clean() bool
}

// folder is the Root of a camera that is a folder in a bay's directory.
type folder struct {
	at   dock.Folder
	path string
	born unix.StatxTimestamp // tells a folder from a later one with a reused inode
}

// NewFolder is the root of the folder that at names. It fails with
// dock.ErrGone if another folder or none is there now.
func NewFolder(at dock.Folder) (Root, error) {
	if at.Name == "" || at.Name == "." || at.Name == ".." || strings.ContainsAny(at.Name, "/\x00") {
		return nil, errors.New("open camera folder: its name is not one element of a path")
	}
	f := &folder{at: at, path: at.Bay + "/" + at.Name}
	now, err := f.look()
	if err != nil {
		return nil, err
	}
	f.born = now.Btime
	return f, f.same(now)
}

// look describes whatever has the folder's name now.
func (f *folder) look() (unix.Statx_t, error) {
	var now unix.Statx_t
	err := again(func() error {
		return unix.Statx(unix.AT_FDCWD, f.path, unix.AT_SYMLINK_NOFOLLOW, folderFacts, &now)
	})
	return now, rootError("look for camera folder", err)
}

const folderFacts = unix.STATX_BASIC_STATS | unix.STATX_BTIME

func (f *folder) same(now unix.Statx_t) error {
	device := unix.Mkdev(now.Dev_major, now.Dev_minor)
	if device != f.at.Device || now.Ino != f.at.Inode || now.Btime != f.born {
		return fmt.Errorf("%w: something else has the folder's name", dock.ErrGone)
	}
	return nil
}

func (f *folder) Attached() error {
	now, err := f.look()
	if err != nil {
		return err
	}
	return f.same(now)
}

func (f *folder) Open() (int, error) {
	var bay int
	err := again(func() (err error) {
		bay, err = unix.Open(f.at.Bay, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return -1, rootError("open bay directory", err)
	}
	defer unix.Close(bay)
	// The folder may be a mount point of a card reader: only below it is
	// crossing into another filesystem refused.
	fd, err := openat2(bay, f.at.Name, unix.O_PATH|unix.O_DIRECTORY, confined&^unix.RESOLVE_NO_XDEV)
	if err != nil {
		return -1, rootError("open camera folder", err)
	}
	var now unix.Statx_t
	if err = unix.Statx(fd, "", unix.AT_EMPTY_PATH, folderFacts, &now); err == nil {
		err = f.same(now)
	}
	if err != nil {
		unix.Close(fd)
		return -1, rootError("open camera folder", err)
	}
	return fd, nil
}

// UsedBytes cannot tell: the filesystem is shared with other bays.
func (f *folder) UsedBytes() int64 { return -1 }

func (f *folder) Clean() bool { return true }

// rootError turns the errors that mean "no such root any more" into
// dock.ErrGone and leaves the others as they are.
func rootError(tried string, err error) error {
	if err == nil || errors.Is(err, dock.ErrGone) {
		return err
	}
	for _, gone := range []error{unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.ESTALE, unix.ENODEV, unix.ENXIO} {
		if errors.Is(err, gone) {
			return fmt.Errorf("%s: %w: %w", tried, dock.ErrGone, err)
		}
	}
	return fmt.Errorf("%s: %w", tried, err)
}
