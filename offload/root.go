package offload

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// beneath keeps every path inside the store: no way up, no symbolic link, no
// other filesystem mounted below.
const beneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

// Modes of what Berth makes in a store: nobody writes to a sealed file again.
const (
	fileMode   = 0o440
	folderMode = 0o750
)

// root is a store's directory, opened for one call.
type root struct {
	store string // its name in the config
	path  string // for messages only
	fd    int
}

func (r *root) close() { unix.Close(r.fd) }

// openAt opens a path below the root. It never blocks on a pipe.
func (r *root) openAt(name string, flags int, mode uint64) (int, error) {
	fd, err := unix.Openat2(r.fd, name, &unix.OpenHow{
		Flags: uint64(flags | unix.O_CLOEXEC | unix.O_NONBLOCK), Mode: mode, Resolve: beneath,
	})
	switch {
	case err == nil:
		return fd, nil
	case errors.Is(err, unix.ELOOP) || errors.Is(err, unix.EXDEV):
		return -1, fmt.Errorf("open %s in store %s: a link or another filesystem lies in the way: %w", name, r.store, err)
	}
	return -1, fmt.Errorf("open %s in store %s: %w", name, r.store, err)
}

// makeFolders makes the folders that are missing on the way to relative.
func (r *root) makeFolders(folders []string) error {
	for i := range folders {
		name := path.Join(folders[:i+1]...)
		parent, err := r.openAt(path.Dir(name), unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		err = unix.Mkdirat(parent, folders[i], folderMode)
		unix.Close(parent)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make folder %s in store %s: %w", name, r.store, err)
		}
	}
	return nil
}

// syncFolders makes what happened in the innermost of the folders durable, and
// all folders up to the root: also those that an earlier attempt made and did
// not live to sync.
func (r *root) syncFolders(folders []string) error {
	for i := len(folders); i >= 0; i-- {
		name := path.Join(append([]string{"."}, folders[:i]...)...)
		fd, err := r.openAt(name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return err
		}
		err = syncFile(fd)
		unix.Close(fd)
		if err != nil {
			return fmt.Errorf("sync folder %s of store %s: %w", name, r.store, err)
		}
	}
	return nil
}

// object is an opened sealed file of a store.
type object struct {
	file      *os.File
	sizeBytes int64
}

func (o *object) close() { o.file.Close() }

// errIrregular: something that is no file has the name of a sealed file.
var errIrregular = errors.New("not a regular file")

// object opens what is stored under a key; fs.ErrNotExist if nothing is.
func (r *root) object(k key) (*object, error) {
	name := path.Join(append(append([]string{}, k.folders...), k.name)...)
	fd, err := r.openAt(name, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), name)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		file.Close()
		return nil, fmt.Errorf("stat %s in store %s: %w", name, r.store, err)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		file.Close()
		return nil, fmt.Errorf("open %s in store %s: %w", name, r.store, errIrregular)
	}
	return &object{file: file, sizeBytes: stat.Size}, nil
}

// syncFile is fsync, repeated while a signal interrupts it. It is not repeated
// after a failure: the kernel would forget the pages and claim success.
func syncFile(fd int) error {
	for {
		if err := unix.Fsync(fd); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
