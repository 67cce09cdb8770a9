package filetree

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// Limits bound what is read of one camera. A zero field stands for its default.
type Limits struct {
	Names     int // files, folders and other things together; 1,000,000
	NameBytes int // the sum of their paths' lengths; 256 MiB
	Depth     int // folders within folders; 64
}

func (l Limits) orDefault() Limits {
	if l.Names == 0 {
		l.Names = 1_000_000
	}
	if l.NameBytes == 0 {
		l.NameBytes = 256 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	return l
}

// Options say which tree is opened as which camera.
type Options struct {
	Attachment dock.Attachment
	Root       Root
	Profile    Profile // the zero Profile: every regular file is a recording
	// Words are what the driver knows of the camera's identity without opening
	// a file, in the order of trust; the last one is taken whatever it says.
	Words  []Word
	Limits Limits
	// Prefix begins every name and handle, so that several trees can be one
	// camera; it ends with a slash, or is empty.
	Prefix string
	// Volume is a word for a filesystem that makes up inode numbers as it goes
	// (FAT, exFAT): objects are told apart by it and their times instead, and
	// names of one folder that lead to one object are told. Empty: inode numbers
	// are the filesystem's own.
	Volume string
}

// Tree is a camera that is a tree of files. It is a dock.Camera, a
// dock.Rereader and a dock.Eraser, and safe for concurrent use.
type Tree struct {
	root    Root
	info    dock.CameraInfo
	limits  Limits
	sorter  sorter
	prefix  string
	volume  string
	witness *dock.Witness
	buffers sync.Pool   // of *[]byte, aligned for direct I/O
	gone    atomic.Bool // the root was seen to be gone; for good
	closed  atomic.Bool
}

// New opens the tree and identifies the camera. dock.ErrGone if the root has
// left; an error for an invalid profile.
func New(ctx context.Context, o Options) (*Tree, error) {
	if err := o.Profile.Validate(); err != nil {
		return nil, err
	}
	t := &Tree{
		root: o.Root, limits: o.Limits.orDefault(), sorter: newSorter(o.Profile), prefix: o.Prefix, volume: o.Volume,
		witness: dock.NewWitness(o.Attachment),
	}
	root, err := t.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("identify camera: %w", err)
	}
	defer unix.Close(root)
	t.info = Identify(o.Profile, o.Words, root)
	return t, nil
}

// Info is what the camera said about itself when it was opened.
func (t *Tree) Info() dock.CameraInfo { return t.info }

// Close ends the use of the camera. Readers that are still open fail at their
// object's end, since nothing can be checked any more.
func (t *Tree) Close() error {
	t.closed.Store(true)
	return nil
}

var errClosed = errors.New("camera was closed")

// begin starts an operation: it opens the root anew.
func (t *Tree) begin(ctx context.Context) (root int, err error) {
	if err := ctx.Err(); err != nil {
		return -1, err
	}
	if t.closed.Load() {
		return -1, errClosed
	}
	if t.gone.Load() {
		return -1, dock.ErrGone
	}
	root, err = t.root.Open()
	return root, t.noteGone(err)
}

// attached says whether the root is still there; once gone, it is gone for good.
func (t *Tree) attached() error {
	if t.gone.Load() {
		return dock.ErrGone
	}
	return t.noteGone(t.root.Attached())
}

func (t *Tree) noteGone(err error) error {
	if errors.Is(err, dock.ErrGone) {
		t.gone.Store(true)
	}
	return err
}

// failed explains why an operation failed: whatever the kernel said, a root
// that has left is the reason.
func (t *Tree) failed(tried string, err error) error {
	if gone := t.attached(); errors.Is(gone, dock.ErrGone) {
		return fmt.Errorf("%s: %w", tried, gone)
	}
	switch {
	case errors.Is(err, unix.ESTALE), errors.Is(err, unix.ENODEV):
		return t.noteGone(fmt.Errorf("%s: %w: %w", tried, dock.ErrGone, err))
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP), errors.Is(err, unix.EXDEV):
		return fmt.Errorf("%s: %w: %w", tried, dock.ErrChanged, err)
	}
	return fmt.Errorf("%s: %w", tried, err)
}

// lookAt finds the object of e below root, for looking at it only, and checks
// that it is the one that was listed.
func (t *Tree) lookAt(root int, e dock.Entry) (fd int, err error) {
	path, ours := strings.CutPrefix(string(e.Handle), t.prefix)
	if !ours {
		return -1, errHandle
	}
	fd, err = lookUp(root, path)
	if err != nil {
		return -1, err
	}
	st, err := fstat(fd)
	if err == nil && (!isRegular(st) || t.identity(fd, "", st) != e.Identity) {
		err = dock.ErrChanged
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// confirm checks that the name of e still leads to the object that was listed,
// beginning at the bay. Whoever read from a descriptor of that object knows
// then that it did not change meanwhile: writing, cutting, replacing and
// removing it all change its identity.
func (t *Tree) confirm(tried string, e dock.Entry) error {
	root, err := t.begin(context.Background())
	if err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	defer unix.Close(root)
	fd, err := t.lookAt(root, e)
	if err != nil {
		return t.failed(tried, err)
	}
	unix.Close(fd)
	// Descriptors follow a folder that is moved away: look at the bay last.
	if err := t.attached(); err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	return nil
}
