package filetree_test

import (
	"os"
	"testing"

	"berth/dock"
	"berth/usb/filetree"
)

// A filesystem that finds one object by two names of a folder hides another
// one; two names of one file stand in for that here.
func TestNameThatLeadsToAnotherObjectIsAnException(t *testing.T) {
	f := newFixture(t)
	f.put(t, "DCIM/long name.mp4", "in front")
	must(t, os.Link(f.path("DCIM/long name.mp4"), f.path("DCIM/LONGNA~1.MP4")))
	f.put(t, "DCIM/other.mp4", "in front") // looks alike but for its times
	listing := list(t, f.open(t, func(o *filetree.Options) { o.Volume = "vfat:1a2b-3c4d" }))
	if got := kinds(listing); len(got) != 1 || got["DCIM/long name.mp4"] != dock.ExceptionUnreadable {
		t.Errorf("exceptions %v", got)
	}
	if got := names(listing); len(got) != 2 || got[0] != "DCIM/LONGNA~1.MP4" || got[1] != "DCIM/other.mp4" {
		t.Errorf("entries %q", got)
	}
	if listing := list(t, f.open(t)); len(listing.Entries) != 3 || len(listing.Exceptions) != 0 {
		t.Errorf("where inode numbers count, two names are two entries: %+v", listing)
	}
}

// Inode numbers of such a filesystem change while nothing changes.
func TestIdentityWithoutInodeNumbersSurvivesThem(t *testing.T) {
	f := newFixture(t)
	f.put(t, "a", "same")
	volume := func(o *filetree.Options) { o.Volume = "vfat:1a2b-3c4d" }
	before := entry(t, f.open(t, volume), "a")
	other := entry(t, f.open(t, func(o *filetree.Options) { o.Volume = "vfat:other" }), "a")
	if before.Identity == other.Identity {
		t.Error("objects of two volumes are one")
	}
	tree := f.open(t, volume)
	if again := entry(t, tree, "a"); again.Identity != before.Identity {
		t.Errorf("identity %s, then %s", before.Identity, again.Identity)
	}
	f.put(t, "a", "other")
	_, err := tree.Open(t.Context(), before, 0)
	wantError(t, "open what was written to", err, dock.ErrChanged)
}

// Several trees are one camera by their prefixes.
func TestPrefixBeginsEveryNameAndHandle(t *testing.T) {
	f := newFixture(t)
	f.put(t, "DCIM/a.mp4", "a")
	f.put(t, "ID.TXT", "number-5")
	must(t, os.Symlink("a", f.path("link")))
	tree := f.open(t, func(o *filetree.Options) {
		o.Prefix = "lun0p1/"
		o.Profile = filetree.Profile{Recordings: []string{"DCIM/*"}, Identity: []string{"file:ID.TXT"}}
	})
	e := entry(t, tree, "lun0p1/DCIM/a.mp4")
	if !e.Known || e.Handle != "lun0p1/DCIM/a.mp4" {
		t.Errorf("listed as %+v", e)
	}
	if got := kinds(list(t, tree)); got["lun0p1/link"] != dock.ExceptionLink || got["lun0p1/ID.TXT"] != dock.ExceptionAuxiliary {
		t.Errorf("exceptions %v", got)
	}
	if reread(t, tree, e) != "a" {
		t.Error("read something else")
	}
	foreign := e
	foreign.Handle = "lun0p2/DCIM/a.mp4"
	if _, err := tree.Open(t.Context(), foreign, 0); err == nil {
		t.Error("a handle of another volume was opened")
	}
	must(t, tree.Permits(e, f.cleared(t, tree, e)))
	must(t, tree.Erase(t.Context(), e, f.cleared(t, tree, e)))
	if _, err := os.Stat(f.path("DCIM/a.mp4")); err == nil {
		t.Error("it is still there")
	}
}
