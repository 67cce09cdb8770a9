package filetree_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"berth/usb/filetree"
)

func TestRefusalOfTheSystemIsReturnedAndNothingIsErased(t *testing.T) {
	t.Run("folder may not be written", func(t *testing.T) {
		f := newFixture(t)
		f.put(t, "a.mp4", "recording")
		f.asNobody(t, func() {
			tree := f.open(t)
			e := entry(t, tree, "a.mp4")
			wantError(t, "erase", tree.Erase(t.Context(), e, f.cleared(t, tree, e)), unix.EACCES)
			entry(t, tree, "a.mp4")
		})
	})
	t.Run("read-only medium", func(t *testing.T) {
		f := newFixture(t)
		mount(t, "none", f.dir, "tmpfs", 0)
		f.put(t, "a.mp4", "recording")
		f.attach(t)
		must(t, unix.Mount("none", f.dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
		tree := f.open(t)
		e := entry(t, tree, "a.mp4")
		wantError(t, "erase", tree.Erase(t.Context(), e, f.cleared(t, tree, e)), unix.EROFS)
		entry(t, tree, "a.mp4")
	})
}

// Where one of two names is erased, the other stays an object of its own, with
// a new identity since its file changed.
func TestErasingOneNameOfAFileLeavesTheOther(t *testing.T) {
	f := newFixture(t)
	f.put(t, "a.mp4", "recording")
	must(t, os.Link(f.path("a.mp4"), f.path("b.mp4")))
	tree := f.open(t)
	for _, name := range []string{"a.mp4", "b.mp4"} {
		e := entry(t, tree, name)
		must(t, tree.Erase(t.Context(), e, f.cleared(t, tree, e)))
	}
	if listing := list(t, tree); len(listing.Entries) != 0 {
		t.Errorf("left: %q", names(listing))
	}
}

func TestRereadSaysHowHonestItIs(t *testing.T) {
	f := newFixture(t)
	f.put(t, "on-disk/a", "recording")
	fromMedium := func(f fixture, name string) bool {
		tree := f.open(t)
		r, err := tree.Reread(t.Context(), entry(t, tree, name))
		must(t, err)
		direct := r.(filetree.Medium).FromMedium()
		if got := readAll(t, r); got != "recording" {
			t.Errorf("read %q", got)
		}
		return direct
	}
	var st unix.Statfs_t
	must(t, unix.Statfs(f.dir, &st))
	switch st.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC:
		if !fromMedium(f, "on-disk/a") {
			t.Error("this filesystem has direct I/O and it was not used")
		}
	default:
		t.Logf("DIRECT I/O WAS NOT TRIED: the temporary directory is on a filesystem of type %x", st.Type)
	}
	card := newFixture(t)
	mount(t, "none", card.dir, "tmpfs", 0)
	card.attach(t)
	card.put(t, "a", "recording")
	if fromMedium(card, "a") {
		t.Error("a filesystem in memory claims to read from a medium")
	}
}
