package filetree

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// List walks the whole tree, folder by folder, and sorts what it found by the
// bytes of its path. Every name that is not a folder ends as an entry or as an
// exception; two names of one file are two entries, unless inode numbers mean
// nothing. A folder that cannot be read to its end is an exception, and what
// was read of it is listed. A tree beyond the limits is dock.ErrLimit.
func (t *Tree) List(ctx context.Context) (dock.Listing, error) {
	root, err := t.begin(ctx)
	if err != nil {
		return dock.Listing{}, fmt.Errorf("list camera: %w", err)
	}
	defer unix.Close(root)
	w := &walk{tree: t, sign: func() { dock.Sign(ctx) }}
	defer w.close()
	if err := w.run(ctx, root); err != nil {
		return dock.Listing{}, t.failed("list camera", err)
	}
	// Descriptors follow a folder that is moved away: what was listed was there
	// only if the root is attached still.
	if err := t.attached(); err != nil {
		return dock.Listing{}, fmt.Errorf("list camera: %w", err)
	}
	slices.SortFunc(w.found.Entries, func(a, b dock.Entry) int { return strings.Compare(string(a.Handle), string(b.Handle)) })
	slices.SortFunc(w.found.Exceptions, func(a, b dock.Exception) int { return strings.Compare(string(a.Name), string(b.Name)) })
	w.found.UsedBytes, w.found.Clean = t.root.UsedBytes(), t.root.Clean()
	return w.found, nil
}

// walk is one pass over the tree. It keeps a stack instead of recursing: how
// deep a tree goes is the camera's choice.
type walk struct {
	tree      *Tree
	sign      func() // called for whatever came from the camera; may be nil
	found     dock.Listing
	stack     []*frame
	names     int
	nameBytes int
}

// frame is one folder on the way down.
type frame struct {
	folder *os.File
	path   string   // with a closing slash; empty for the root
	names  []string // not visited yet
	last   string   // visited before
	lost   []string // listed, but not there when looked at
	alike  alikes   // by what they look like, where inode numbers mean nothing
}

// came notes that something came from the camera.
func (w *walk) came() {
	if w.sign != nil {
		w.sign()
	}
}

func (w *walk) close() {
	for _, f := range w.stack {
		f.folder.Close()
	}
}

func (w *walk) run(ctx context.Context, root int) error {
	if err := w.enter(root, ".", ""); err != nil {
		return err
	}
	for len(w.stack) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.came()
		top := w.stack[len(w.stack)-1]
		if len(top.names) > 0 {
			name := top.names[0]
			top.names = top.names[1:]
			if err := w.visit(top, name); err != nil {
				return err
			}
			continue
		}
		if err := w.leave(top); err != nil {
			return err
		}
	}
	return nil
}

// enter opens a folder and reads its names.
func (w *walk) enter(at int, name, path string) error {
	fd, err := openat2(at, name, unix.O_RDONLY|unix.O_DIRECTORY, confined)
	if err != nil {
		return err
	}
	f := &frame{folder: os.NewFile(uintptr(fd), "folder on camera"), path: path}
	w.stack = append(w.stack, f)
	return w.fill(f)
}

// fill reads the folder's names, as far as that goes.
func (w *walk) fill(f *frame) (err error) {
	f.names, err = w.read(f)
	if err != nil {
		return w.unreadable(strings.TrimSuffix(f.path, "/"), 0, err)
	}
	return nil
}

// read returns the folder's names in order, as far as they can be read, and
// counts them.
func (w *walk) read(f *frame) ([]string, error) {
	var names []string
	for {
		batch, err := f.folder.Readdirnames(4096)
		w.came()
		for _, name := range batch {
			w.nameBytes += len(f.path) + len(name)
		}
		w.names += len(batch)
		if w.names > w.tree.limits.Names || w.nameBytes > w.tree.limits.NameBytes {
			return nil, fmt.Errorf("%w: more than %d names, or longer than %d bytes together",
				dock.ErrLimit, w.tree.limits.Names, w.tree.limits.NameBytes)
		}
		names = append(names, batch...)
		if err != nil {
			slices.Sort(names)
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return names, err
		}
	}
}

// except notes an exception; an empty path is the root, which is called "."
// where it has no prefix.
func (w *walk) except(kind dock.ExceptionKind, path string, sizeBytes int64, detail string) {
	name := w.tree.prefix + path
	if path == "" {
		name = cmp.Or(strings.TrimSuffix(w.tree.prefix, "/"), ".")
	}
	w.found.Exceptions = append(w.found.Exceptions,
		dock.Exception{Kind: kind, Name: dock.RawName(name), SizeBytes: sizeBytes, Detail: detail})
}

// visit decides by what a name is, having looked and not opened, what becomes of it.
func (w *walk) visit(in *frame, name string) error {
	path := in.path + name
	if name == in.last {
		w.except(dock.ExceptionUnreadable, path, 0, "the folder lists this name twice")
		return nil
	}
	in.last = name
	fd, err := openat2(int(in.folder.Fd()), name, unix.O_PATH, confined)
	switch {
	case errors.Is(err, unix.ENOENT):
		in.lost = append(in.lost, name)
		return nil
	case errors.Is(err, unix.EXDEV):
		w.except(dock.ExceptionForeign, path, 0, "another filesystem is mounted here")
		return nil
	case err != nil:
		return w.unreadable(path, 0, err)
	}
	defer unix.Close(fd)
	st, err := fstat(fd)
	if err != nil {
		return w.unreadable(path, 0, err)
	}
	in.alike.note(w.tree, fd, name, st)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return w.regular(fd, path, st)
	case unix.S_IFDIR:
		if len(w.stack) > w.tree.limits.Depth {
			w.except(dock.ExceptionTooDeep, path, 0, fmt.Sprintf("more than %d folders deep", w.tree.limits.Depth))
			return nil
		}
		if err := w.enter(fd, ".", path+"/"); err != nil {
			return w.unreadable(path, 0, err)
		}
	case unix.S_IFLNK:
		w.except(dock.ExceptionLink, path, 0, "symbolic link")
	case unix.S_IFIFO:
		w.except(dock.ExceptionPipe, path, 0, "named pipe")
	case unix.S_IFSOCK:
		w.except(dock.ExceptionPipe, path, 0, "socket")
	case unix.S_IFCHR, unix.S_IFBLK:
		w.except(dock.ExceptionDevice, path, 0, "device node")
	default:
		w.except(dock.ExceptionUnreadable, path, 0, "neither file nor folder")
	}
	return nil
}

// regular makes an entry of a file that can be opened.
func (w *walk) regular(looked int, path string, st unix.Stat_t) error {
	kind := w.tree.sorter.sort(path)
	if kind == auxiliary {
		w.except(dock.ExceptionAuxiliary, path, st.Size, "by the profile")
		return nil
	}
	fd, err := reopen(looked, unix.O_RDONLY)
	if err != nil {
		return w.unreadable(path, st.Size, err)
	}
	unix.Close(fd)
	w.found.Entries = append(w.found.Entries, dock.Entry{
		Handle: dock.Handle(w.tree.prefix + path), Name: dock.RawName(w.tree.prefix + path), SizeBytes: st.Size,
		Modified: time.Unix(st.Mtim.Unix()), Identity: w.tree.identity(looked, "", st), Known: kind == recording,
	})
	return nil
}

// unreadable makes an exception of what the camera does not let us open or read
// to its end. What is our own trouble, or is too much, ends the listing instead.
func (w *walk) unreadable(path string, sizeBytes int64, err error) error {
	if errors.Is(err, dock.ErrLimit) {
		return err
	}
	for _, ours := range []error{unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ESTALE, unix.ENODEV, unix.ENOSYS} {
		if errors.Is(err, ours) {
			return err
		}
	}
	w.except(dock.ExceptionUnreadable, path, sizeBytes, err.Error())
	return nil
}

// leave ends a folder. A name that was listed but could not be found was
// removed in between, or the folder is corrupt: then it is listed again.
func (w *walk) leave(f *frame) error {
	w.stack = w.stack[:len(w.stack)-1]
	defer f.folder.Close()
	if err := w.tellAliases(f); err != nil {
		return err
	}
	if len(f.lost) == 0 {
		return nil
	}
	_, err := f.folder.Seek(0, io.SeekStart)
	names := f.lost
	if err == nil {
		names, err = w.read(f)
	}
	if err != nil {
		if err := w.unreadable(strings.TrimSuffix(f.path, "/"), 0, err); err != nil {
			return err
		}
	}
	for _, name := range f.lost {
		if _, still := slices.BinarySearch(names, name); still {
			w.except(dock.ExceptionUnreadable, f.path+name, 0, "the folder lists a name that cannot be found")
		}
	}
	return nil
}
