package filetree_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/filetree"
)

// swaps are what a camera, or somebody at it, could put in the way between the
// listing and the opening of DCIM/a.mp4.
func swaps(f fixture) map[string]func(t *testing.T) {
	replace := func(t *testing.T, name string) string {
		t.Helper()
		must(t, os.RemoveAll(f.path(name)))
		return f.path(name)
	}
	return map[string]func(*testing.T){
		"file by link to outside":   func(t *testing.T) { must(t, os.Symlink(f.outside, replace(t, "DCIM/a.mp4"))) },
		"file by link to sibling":   func(t *testing.T) { must(t, os.Symlink("b.mp4", replace(t, "DCIM/a.mp4"))) },
		"file by pipe":              func(t *testing.T) { must(t, unix.Mkfifo(replace(t, "DCIM/a.mp4"), 0o666)) },
		"file by folder":            func(t *testing.T) { must(t, os.Mkdir(replace(t, "DCIM/a.mp4"), 0o755)) },
		"file by file":              func(t *testing.T) { must(t, os.WriteFile(replace(t, "DCIM/a.mp4"), []byte("fake"), 0o644)) },
		"file by nothing":           func(t *testing.T) { replace(t, "DCIM/a.mp4") },
		"file by hard link outside": func(t *testing.T) { must(t, os.Link(f.outside, replace(t, "DCIM/a.mp4"))) },
		"folder by link to itself": func(t *testing.T) {
			must(t, os.Rename(f.path("DCIM"), f.path("moved")))
			must(t, os.Symlink("moved", f.path("DCIM")))
		},
		"folder by link to its copy outside": func(t *testing.T) {
			copied := filepath.Join(filepath.Dir(f.outside), "copied")
			must(t, os.Rename(f.path("DCIM"), copied))
			must(t, os.Symlink(copied, f.path("DCIM")))
		},
		"folder by file": func(t *testing.T) { must(t, os.WriteFile(replace(t, "DCIM"), nil, 0o644)) },
	}
}

func TestNothingElseIsOpenedOrErasedInPlaceOfWhatWasListed(t *testing.T) {
	for name := range swaps(fixture{}) {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.put(t, "DCIM/a.mp4", "recording")
			f.put(t, "DCIM/b.mp4", "recording")
			tree := f.open(t)
			e := entry(t, tree, "DCIM/a.mp4")
			clearance := f.cleared(t, tree, e)
			half, err := tree.Open(t.Context(), e, 0)
			must(t, err)
			defer half.Close()
			swaps(f)[name](t)
			_, err = io.ReadAll(half)
			wantError(t, "read on", err, dock.ErrChanged)
			_, err = tree.Open(t.Context(), e, 0)
			wantError(t, "open", err, dock.ErrChanged)
			_, err = tree.Reread(t.Context(), e)
			wantError(t, "reread", err, dock.ErrChanged)
			wantError(t, "erase", tree.Erase(t.Context(), e, clearance), dock.ErrChanged)
			f.checkOutside(t)
			if copied := filepath.Join(filepath.Dir(f.outside), "copied", "a.mp4"); strings.Contains(name, "copy outside") {
				if content, err := os.ReadFile(copied); err != nil || string(content) != "recording" {
					t.Errorf("the copy outside is %q, %v", content, err)
				}
			}
		})
	}
}

func TestHandleThatLeadsOutIsNoHandle(t *testing.T) {
	f := newFixture(t)
	f.put(t, "a.mp4", "x")
	f.put(t, "d/b", "x")
	tree := f.open(t)
	e := entry(t, tree, "a.mp4")
	for _, handle := range []dock.Handle{"", ".", "..", "../../outside", "/etc/passwd", "d/../a.mp4", "d//b", "./a.mp4", "a.mp4/", "a\x00b", dock.Handle(f.outside), "../cam/a.mp4"} {
		e.Handle = handle
		if r, err := tree.Open(t.Context(), e, 0); err == nil {
			r.Close()
			t.Errorf("%q was opened", string(handle))
		}
	}
}

func TestAnotherFolderInThePlaceOfTheCameraIsGone(t *testing.T) {
	for name, swap := range map[string]func(t *testing.T, f fixture, away string){
		"moved away": func(t *testing.T, f fixture, away string) {},
		"another folder": func(t *testing.T, f fixture, away string) {
			f.put(t, "a.mp4", "recording")
		},
		"link to the moved one": func(t *testing.T, f fixture, away string) { must(t, os.Symlink(away, f.dir)) },
		"file":                  func(t *testing.T, f fixture, away string) { must(t, os.WriteFile(f.dir, nil, 0o644)) },
		"bay removed":           func(t *testing.T, f fixture, away string) { must(t, os.Remove(f.bay)) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.put(t, "a.mp4", "recording")
			tree := f.open(t)
			e := entry(t, tree, "a.mp4")
			clearance := f.cleared(t, tree, e)
			away := filepath.Join(filepath.Dir(f.outside), "officers-copy")
			must(t, os.Rename(f.dir, away))
			swap(t, f, away)
			wantError(t, "erase", tree.Erase(t.Context(), e, clearance), dock.ErrGone)
			_, err := tree.List(t.Context())
			wantError(t, "list", err, dock.ErrGone)
			_, err = filetree.NewFolder(*f.at.Folder)
			wantError(t, "open anew", err, dock.ErrGone)
			if content, err := os.ReadFile(filepath.Join(away, "a.mp4")); err != nil || string(content) != "recording" {
				t.Errorf("the officer's copy is %q, %v", content, err)
			}
		})
	}
}

// A reused inode is not the folder that it used to be.
func TestFolderMadeAnewUnderItsNameIsGone(t *testing.T) {
	f := newFixture(t)
	tree := f.open(t)
	must(t, os.Remove(f.dir))
	must(t, os.Mkdir(f.dir, 0o755))
	_, err := tree.List(t.Context())
	wantError(t, "list", err, dock.ErrGone)
}

func TestCloseSaysThatWhatWasReadInPartChanged(t *testing.T) {
	f := newFixture(t)
	f.put(t, "a.mp4", "recording")
	tree := f.open(t)
	e := entry(t, tree, "a.mp4")
	for _, change := range []bool{false, true} {
		r, err := tree.Open(t.Context(), e, 0)
		must(t, err)
		_, err = io.ReadFull(r, make([]byte, 9))
		must(t, err)
		if change {
			f.put(t, "a.mp4", "longer than before")
		}
		if err := r.Close(); errors.Is(err, dock.ErrChanged) != change {
			t.Errorf("changed %v, close: %v", change, err)
		}
	}
}

// Whoever writes and sets the time back cannot set back the time of the change.
func TestWriteUnderARestoredTimeIsAChange(t *testing.T) {
	f := newFixture(t)
	f.put(t, "a.mp4", "recording")
	tree := f.open(t)
	e := entry(t, tree, "a.mp4")
	changed := func() unix.Timespec {
		var st unix.Stat_t
		must(t, unix.Lstat(f.path("a.mp4"), &st))
		return st.Ctim
	}
	for before := changed(); changed() == before; { // a clock tick may have room for both
		f.put(t, "a.mp4", "forgeries")
		must(t, os.Chtimes(f.path("a.mp4"), e.Modified, e.Modified))
	}
	if _, err := tree.Open(t.Context(), e, 0); !errors.Is(err, dock.ErrChanged) {
		t.Errorf("open: %v", err)
	}
}

func TestErrorsDoNotCarryNames(t *testing.T) {
	f := newFixture(t)
	f.put(t, "Jane Doe/interview.mp4", "recording")
	tree := f.open(t)
	e := entry(t, tree, "Jane Doe/interview.mp4")
	clearance := f.cleared(t, tree, e)
	must(t, os.RemoveAll(f.path("Jane Doe")))
	_, open := tree.Open(t.Context(), e, 0)
	_, reread := tree.Reread(t.Context(), e)
	erase := tree.Erase(t.Context(), e, clearance)
	must(t, os.Remove(f.dir))
	_, list := tree.List(t.Context())
	for _, err := range []error{open, reread, erase, list} {
		if err == nil || strings.Contains(err.Error(), "Jane") || strings.Contains(err.Error(), f.bay) {
			t.Errorf("error: %v", err)
		}
	}
}

func TestClosedCameraAnswersNothing(t *testing.T) {
	f := newFixture(t)
	f.put(t, "a.mp4", "recording")
	tree := f.open(t)
	e := entry(t, tree, "a.mp4")
	must(t, tree.Close())
	if _, err := tree.List(t.Context()); err == nil {
		t.Error("listed")
	}
	if _, err := tree.Open(t.Context(), e, 0); err == nil {
		t.Error("opened")
	}
}

// A pull goes on where it was cut off, which is a multiple of nothing.
func TestReadingBeginsAtAnyOffset(t *testing.T) {
	f := newFixture(t)
	content := strings.Repeat("0123456789", 100_000)
	f.put(t, "a", content)
	tree := f.open(t)
	e := entry(t, tree, "a")
	for _, offset := range []int64{0, 1, 511, 4095, 4096, 4097, 256<<10 - 1, 256<<10 + 1, e.SizeBytes - 1, e.SizeBytes} {
		r, err := tree.Open(t.Context(), e, offset)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, r); got != content[offset:] {
			t.Errorf("from %d: %d bytes, or others", offset, len(got))
		}
	}
}
