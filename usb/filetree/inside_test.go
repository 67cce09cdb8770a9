package filetree

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// stays is a Root that never leaves.
type stays struct{ path string }

func (s stays) Open() (int, error) {
	return unix.Open(s.path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}
func (s stays) Attached() error  { return nil }
func (s stays) UsedBytes() int64 { return 12345 }
func (s stays) Clean() bool      { return false }

func newTree(t *testing.T, files ...string) (*Tree, string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := New(t.Context(), Options{Root: stays{dir}, Words: []Word{{"usb-serial", "7"}}})
	if err != nil {
		t.Fatal(err)
	}
	return tree, dir
}

func lookedAt(t *testing.T, dir, name string) (int, dock.Entry) {
	t.Helper()
	fd, err := unix.Open(filepath.Join(dir, name), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	st, err := fstat(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, dock.Entry{Handle: dock.Handle(name), Identity: identityOf(st), SizeBytes: st.Size}
}

func TestWhatTheRootSaysIsListed(t *testing.T) {
	tree, _ := newTree(t)
	listing, err := tree.List(t.Context())
	if err != nil || listing.UsedBytes != 12345 || listing.Clean {
		t.Errorf("%+v, %v", listing, err)
	}
}

// The name is looked at once more right before the removal.
func TestRemovalComparesTheNameOnceMore(t *testing.T) {
	tree, dir := newTree(t, "a", "b")
	parent, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(parent)
	looked, e := lookedAt(t, dir, "a")
	if err := tree.unlink(parent, "b", looked, e); !errors.Is(err, dock.ErrChanged) {
		t.Errorf("removed by another name: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "b")); err != nil {
		t.Error(err)
	}
}

// The kernel cannot remove by handle: if the last look was overtaken, the
// handle shows that another object went.
func TestRemovalOfAnotherObjectIsSaid(t *testing.T) {
	tree, dir := newTree(t, "a", "b")
	parent, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(parent)
	looked, _ := lookedAt(t, dir, "a")
	_, overtaken := lookedAt(t, dir, "b")
	if err := tree.unlink(parent, "b", looked, overtaken); !errors.Is(err, dock.ErrChanged) {
		t.Errorf("another object was removed: %v", err)
	}
	if err := tree.unlink(parent, "b", looked, overtaken); !errors.Is(err, unix.ENOENT) {
		t.Errorf("removed again: %v", err)
	}
}

// Not even an entry that claims to be a pipe makes us open one.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	tree, dir := newTree(t)
	if err := unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, e := lookedAt(t, dir, "pipe")
	if _, err := tree.Open(t.Context(), e, 0); !errors.Is(err, dock.ErrChanged) {
		t.Errorf("open: %v", err)
	}
}

// Whoever closes a reader that another goroutine is in takes no buffer from it.
func TestReaderMayBeClosedWhileItReads(t *testing.T) {
	tree, dir := newTree(t, "a")
	if err := os.Truncate(filepath.Join(dir, "a"), 1<<40); err != nil {
		t.Fatal(err)
	}
	_, e := lookedAt(t, dir, "a")
	r, err := tree.Reread(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	begun, ended := make(chan struct{}), make(chan error)
	go func() {
		_, first := r.Read(make([]byte, 10))
		close(begun)
		_, err := io.Copy(io.Discard, r)
		ended <- errors.Join(first, err)
	}()
	<-begun
	if err := r.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("reading ended with %v", err)
	}
	if _, err := r.Read(make([]byte, 10)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read after closing: %v", err)
	}
}

// leaves is a Root that has left after a number of looks; descriptors that
// were opened before stay good, as they do for a folder that is moved away.
type leaves struct {
	stays
	looks *int
}

func (l leaves) Attached() error {
	if *l.looks--; *l.looks < 0 {
		return dock.ErrGone
	}
	return nil
}

// The first Open of the root succeeds always: what it leads to must be
// believed only after another look at the bay.
func TestDescriptorsOfARootThatLeftAreNotBelieved(t *testing.T) {
	tree, dir := newTree(t, "a")
	_, e := lookedAt(t, dir, "a")
	looks := 0
	leave := func() *Tree {
		return &Tree{root: leaves{stays{dir}, &looks}, limits: Limits{}.orDefault(), witness: tree.witness}
	}
	if _, err := leave().List(t.Context()); !errors.Is(err, dock.ErrGone) {
		t.Errorf("list: %v", err)
	}
	r, err := leave().Open(t.Context(), e, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); !errors.Is(err, dock.ErrGone) {
		t.Errorf("read %q, %v", got, err)
	}
	parent, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(parent)
	looked, e := lookedAt(t, dir, "a")
	if err := leave().unlink(parent, "a", looked, e); !errors.Is(err, dock.ErrGone) {
		t.Errorf("erase: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); err != nil {
		t.Error(err)
	}
}

// Long objects are not read on for minutes after the camera left.
func TestReaderLooksForItsRootOnTheWay(t *testing.T) {
	tree, dir := newTree(t, "a")
	if err := os.Truncate(filepath.Join(dir, "a"), 10<<20); err != nil {
		t.Fatal(err)
	}
	_, e := lookedAt(t, dir, "a")
	looks := 2
	leave := &Tree{root: leaves{stays{dir}, &looks}, limits: Limits{}.orDefault(), witness: tree.witness}
	r, err := leave.Open(t.Context(), e, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if !errors.Is(err, dock.ErrGone) || len(got) < 2*checkEvery || len(got) > 5*checkEvery {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A damaged filesystem may end an object before the size that it still claims.
func TestObjectThatEndsBeforeItsSizeIsAnError(t *testing.T) {
	tree, dir := newTree(t, "a")
	_, e := lookedAt(t, dir, "a")
	opened, err := tree.Open(t.Context(), e, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	opened.(*reader).content = io.LimitReader(opened.(*reader).file, e.SizeBytes-1)
	if got, err := io.ReadAll(opened); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d of %d bytes, %v", len(got), e.SizeBytes, err)
	}
}

// A corrupt folder may list a name that nobody can find, or one name twice.
func TestNameThatCannotBeFoundIsAnException(t *testing.T) {
	listed := []string{"e", "c", "a", "d", "b"}
	tree, dir := newTree(t, listed...)
	folder, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &walk{tree: tree, stack: []*frame{{folder: folder, lost: append(listed, "removed meanwhile")}}}
	if err := w.leave(w.stack[0]); err != nil {
		t.Fatal(err)
	}
	if got := w.found.Exceptions; len(got) != len(listed) || got[0].Kind != dock.ExceptionUnreadable || got[0].Name != "e" {
		t.Errorf("exceptions: %v", got)
	}
}

func TestNameListedTwiceIsOneEntryAndAnException(t *testing.T) {
	tree, dir := newTree(t, "twice")
	folder, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	w := &walk{tree: tree}
	f := &frame{folder: folder}
	for range 2 {
		if err := w.visit(f, "twice"); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.found.Entries) != 1 || len(w.found.Exceptions) != 1 || w.found.Exceptions[0].Kind != dock.ExceptionUnreadable {
		t.Errorf("found %+v", w.found)
	}
}

// Our own lack of descriptors is no word about the camera.
func TestOwnTroubleEndsTheListing(t *testing.T) {
	w := &walk{tree: &Tree{}}
	for _, ours := range []error{unix.EMFILE, unix.ENOMEM, unix.ESTALE, dock.ErrLimit} {
		if err := w.unreadable("a", 0, ours); !errors.Is(err, ours) {
			t.Errorf("%v became %v", ours, err)
		}
	}
	if err := w.unreadable("a", 0, unix.EIO); err != nil || len(w.found.Exceptions) != 1 {
		t.Errorf("a bad object: %v, %v", err, w.found.Exceptions)
	}
}

func TestChunksAreWholeElements(t *testing.T) {
	long := string(make([]byte, chunkBytes+1))
	for _, path := range []string{"a", "a/b", long, "a/" + long} {
		chunk, rest := cutChunk(path)
		if rest != "" {
			chunk += "/" + rest
		}
		if chunk != path {
			t.Errorf("%d bytes became %d", len(path), len(chunk))
		}
	}
}

// A folder on a damaged card breaks off in the middle: what it gave is listed,
// and that it broke off.
func TestFolderThatCannotBeReadToItsEndIsAnException(t *testing.T) {
	for path, want := range map[string]dock.RawName{"DCIM/": "lun0p1/DCIM", "": "lun0p1"} {
		w := &walk{tree: &Tree{prefix: "lun0p1/", limits: Limits{}.orDefault()}}
		// A file is a folder whose names cannot be read.
		file, err := os.Open("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := w.fill(&frame{folder: file, path: path}); err != nil {
			t.Fatal(err)
		}
		if got := w.found.Exceptions; len(got) != 1 || got[0].Kind != dock.ExceptionUnreadable || got[0].Name != want {
			t.Errorf("exceptions %+v; want one for %v", got, want)
		}
	}
}
