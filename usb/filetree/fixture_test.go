package filetree_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/hashing"
	"berth/usb/cameratest"
	"berth/usb/filetree"
)

// fixture is a camera folder in a bay, with something private beside the bay.
type fixture struct {
	outside string // a file that no camera has anything to do with
	bay     string
	dir     string // the camera
	at      dock.Attachment
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	top := t.TempDir()
	f := fixture{outside: filepath.Join(top, "outside"), bay: filepath.Join(top, "bay"), dir: filepath.Join(top, "bay", "cam")}
	must(t, os.MkdirAll(f.dir, 0o755))
	must(t, os.WriteFile(f.outside, []byte("private"), 0o644))
	f.attach(t)
	return f
}

// attach takes what is at dir now for the attachment.
func (f *fixture) attach(t *testing.T) {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(f.dir, &st))
	f.at = dock.Attachment{Bay: "A1", Generation: f.at.Generation + 1, Port: f.bay,
		Folder: &dock.Folder{Bay: f.bay, Name: "cam", Device: st.Dev, Inode: st.Ino}}
}

func (f fixture) path(name string) string { return filepath.Join(f.dir, name) }

func (f fixture) put(t *testing.T, name, content string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(f.path(name)), 0o755))
	must(t, os.WriteFile(f.path(name), []byte(content), 0o644))
}

func (f fixture) open(t *testing.T, change ...func(*filetree.Options)) *filetree.Tree {
	t.Helper()
	root, err := filetree.NewFolder(*f.at.Folder)
	must(t, err)
	options := filetree.Options{Attachment: f.at, Root: root, Words: []filetree.Word{{Source: "folder-name", Text: "cam"}}}
	for _, each := range change {
		each(&options)
	}
	tree, err := filetree.New(t.Context(), options)
	must(t, err)
	t.Cleanup(func() { tree.Close() })
	return tree
}

// checkOutside fails if what lies outside of the camera is not as it was.
func (f fixture) checkOutside(t *testing.T) {
	t.Helper()
	if content, err := os.ReadFile(f.outside); err != nil || string(content) != "private" {
		t.Errorf("what lies outside is %q, %v", content, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, tree *filetree.Tree) dock.Listing {
	t.Helper()
	listing, err := tree.List(t.Context())
	must(t, err)
	return listing
}

func entry(t *testing.T, tree *filetree.Tree, name string) dock.Entry {
	t.Helper()
	for _, e := range list(t, tree).Entries {
		if string(e.Name) == name {
			return e
		}
	}
	t.Fatalf("%q is not listed", name)
	return dock.Entry{}
}

// kinds returns the exceptions of a listing by name.
func kinds(listing dock.Listing) map[string]dock.ExceptionKind {
	found := map[string]dock.ExceptionKind{}
	for _, x := range listing.Exceptions {
		found[string(x.Name)] = x.Kind
	}
	return found
}

func names(listing dock.Listing) []string {
	var found []string
	for _, e := range listing.Entries {
		found = append(found, string(e.Name))
	}
	return found
}

func readAll(t *testing.T, r io.ReadCloser) string {
	t.Helper()
	content, err := io.ReadAll(r)
	must(t, err)
	must(t, r.Close())
	return string(content)
}

func reread(t *testing.T, tree *filetree.Tree, e dock.Entry) string {
	t.Helper()
	r, err := tree.Reread(t.Context(), e)
	must(t, err)
	return readAll(t, r)
}

// cleared rereads the entry and returns the Clearance for it.
func (f fixture) cleared(t *testing.T, tree *filetree.Tree, e dock.Entry) dock.Clearance {
	t.Helper()
	content := reread(t, tree, e)
	return cameratest.Clearance(t, f.at, tree.Info().ID, e, hashing.Sum([]byte(content)))
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v; want %v", what, got, want)
	}
}

// asNobody runs the function with the file permissions of nobody, whatever the
// test runs as; the way down to the fixture is opened for it.
func (f fixture) asNobody(t *testing.T, run func()) {
	t.Helper()
	if os.Getuid() != 0 {
		run()
		return
	}
	must(t, os.Chmod(filepath.Dir(filepath.Dir(f.bay)), 0o755))
	must(t, os.Chmod(filepath.Dir(f.bay), 0o755))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	must(t, unix.Setfsuid(65534))
	defer unix.Setfsuid(0)
	if _, err := os.Stat(f.bay); err != nil {
		t.Skipf("THE TEMPORARY DIRECTORY IS CLOSED TO NOBODY: %v", err)
	}
	run()
}

// mount mounts for the length of the test, or skips it.
func mount(t *testing.T, source, target, kind string, flags uintptr) {
	t.Helper()
	if err := unix.Mount(source, target, kind, flags, ""); err != nil {
		t.Skipf("MOUNTING IS NOT POSSIBLE HERE: %v", err)
	}
	t.Cleanup(func() { must(t, unix.Unmount(target, 0)) })
}
