package offload

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// temp is a file on its way into a store. It is locked while its writer lives,
// so that a stale one can be told from one in use, also on another machine.
type temp struct {
	root *root
	dir  int // descriptor of the folder of temporary files
	name string
	file *os.File
}

// newTemp creates a file that nobody else has, named after its owner.
func (r *root) newTemp(owner string) (*temp, error) {
	dir, err := r.openAt(ownFolder+"/"+tempFolder, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	name := owner + "." + rand.Text()
	fd, err := r.openAt(ownFolder+"/"+tempFolder+"/"+name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, fileMode)
	if err != nil {
		unix.Close(dir)
		return nil, err
	}
	// Where locks are not supported, sweep cannot take one either and leaves
	// the file alone.
	_ = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	return &temp{root: r, dir: dir, name: name, file: os.NewFile(uintptr(fd), name)}, nil
}

// publish gives the file its final name, durably: fsync the file, link, unlink
// the temporary name, fsync the folders from the innermost up to the root. The
// name appears only with all of the bytes on the medium. A name that is taken
// is fs.ErrExist and stays as it is. After any other error the name may or may
// not be there, with the right bytes.
func (t *temp) publish(folders []string, name string) error {
	if err := syncFile(int(t.file.Fd())); err != nil {
		return fmt.Errorf("sync %s in store %s: %w", t.name, t.root.store, err)
	}
	parent := "."
	if len(folders) > 0 {
		parent = strings.Join(folders, "/")
	}
	folder, err := t.root.openAt(parent, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	err = unix.Linkat(t.dir, t.name, folder, name, 0)
	unix.Close(folder)
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP):
		return fmt.Errorf("link %s in store %s: the filesystem seems to have no hard links: %w", name, t.root.store, err)
	case err != nil:
		return fmt.Errorf("link %s in store %s: %w", name, t.root.store, err)
	}
	t.remove()
	return t.root.syncFolders(folders)
}

// discard closes the file and removes its temporary name if it still has it.
func (t *temp) discard() {
	t.remove()
	t.file.Close()
	unix.Close(t.dir)
}

// remove needs no error: what it leaves behind, sweep finds.
func (t *temp) remove() {
	if t.name != "" {
		_ = unix.Unlinkat(t.dir, t.name, 0)
		t.name = ""
	}
}

// sweep removes the files that owner left behind when it was killed: its own
// by name, and locked by nobody. A file that cannot be judged stays.
func (r *root) sweep(owner string) error {
	fd, err := r.openAt(ownFolder+"/"+tempFolder, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	dir := os.NewFile(uintptr(fd), tempFolder)
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return fmt.Errorf("list temporary files of store %s: %w", r.store, err)
	}
	for _, name := range names {
		random, own := strings.CutPrefix(name, owner+".")
		if !own || strings.Contains(random, ".") {
			continue
		}
		file, err := r.openAt(ownFolder+"/"+tempFolder+"/"+name, unix.O_RDONLY, 0)
		if err != nil {
			continue
		}
		if unix.Flock(file, unix.LOCK_SH|unix.LOCK_NB) == nil {
			_ = unix.Unlinkat(int(dir.Fd()), name, 0)
		}
		unix.Close(file)
	}
	return nil
}
