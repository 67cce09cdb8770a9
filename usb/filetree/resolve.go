package filetree

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// confined is how every name below a root is resolved: never out of the tree,
// never through a link, never into another filesystem.
const confined = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

// chunkBytes is the longest piece of a path given to the kernel at once; its
// own limit is 4096 with the closing zero.
const chunkBytes = 4000

var errHandle = errors.New("not a handle of this camera")

// openat2 opens one path below at. O_NONBLOCK keeps a FIFO from hanging us,
// should one ever be opened; with O_PATH and O_NOFOLLOW a link is looked at and
// not followed.
func openat2(at int, path string, flags uint64, resolve uint64) (fd int, err error) {
	if flags&unix.O_PATH == 0 {
		flags |= unix.O_NONBLOCK
	}
	how := unix.OpenHow{Flags: flags | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: resolve}
	err = again(func() error {
		fd, err = unix.Openat2(at, path, &how)
		return err
	})
	return fd, err
}

// again repeats what a signal interrupted.
func again(try func() error) error {
	for {
		if err := try(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// lookUp finds the object of a handle below root, for looking at it only. A
// path may be longer than the kernel takes at once, so it goes in chunks.
func lookUp(root int, handle string) (int, error) {
	return descend(root, handle, unix.O_PATH)
}

// lookUpParent opens the folder that holds the object, for syncing it after a
// removal, and returns the object's name in it.
func lookUpParent(root int, handle string) (fd int, name string, err error) {
	folder, name := ".", handle
	if i := strings.LastIndexByte(handle, '/'); i >= 0 {
		folder, name = handle[:i], handle[i+1:]
	}
	if err := checkHandle(handle); err != nil {
		return -1, "", err
	}
	if folder == "." {
		fd, err = openat2(root, ".", unix.O_RDONLY|unix.O_DIRECTORY, confined)
		return fd, name, err
	}
	fd, err = descend(root, folder, unix.O_RDONLY|unix.O_DIRECTORY)
	return fd, name, err
}

func descend(root int, path string, flags uint64) (int, error) {
	if err := checkHandle(path); err != nil {
		return -1, err
	}
	at := root
	for {
		chunk, rest := cutChunk(path)
		step := flags
		if rest != "" {
			step = unix.O_PATH | unix.O_DIRECTORY
		}
		fd, err := openat2(at, chunk, step, confined)
		if at != root {
			unix.Close(at)
		}
		if err != nil || rest == "" {
			return fd, err
		}
		at, path = fd, rest
	}
}

// cutChunk cuts as many whole elements off the front of path as fit.
func cutChunk(path string) (chunk, rest string) {
	if len(path) <= chunkBytes {
		return path, ""
	}
	i := strings.LastIndexByte(path[:chunkBytes], '/')
	if i < 0 { // one element longer than any filesystem has: let the kernel refuse it
		return path, ""
	}
	return path[:i], path[i+1:]
}

func checkHandle(handle string) error {
	if handle == "" || strings.IndexByte(handle, 0) >= 0 {
		return errHandle
	}
	for element := range strings.SplitSeq(handle, "/") {
		if element == "" || element == "." || element == ".." {
			return errHandle
		}
	}
	return nil
}

// reopen opens for reading the very object that was looked at, so that what is
// opened can be nothing else in the meantime. looked stays open.
func reopen(looked int, flags int) (fd int, err error) {
	err = again(func() error {
		fd, err = unix.Open(fmt.Sprintf("/proc/self/fd/%d", looked), flags|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		return err
	})
	return fd, err
}

func fstat(fd int) (unix.Stat_t, error) {
	var st unix.Stat_t
	err := again(func() error { return unix.Fstat(fd, &st) })
	return st, err
}

func isRegular(st unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG }
