package sim_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/filetree"
	"berth/usb/sim"
)

func TestFirstMatchingProfileIsUsed(t *testing.T) {
	driver, err := sim.NewDriver([]filetree.Profile{
		{Name: "acme", Identity: []string{"file:SYS/ACME.TXT", "file:ID.TXT"}},
		{Name: "other", Identity: []string{"file:OTHER.TXT"}},
		{Name: "any", Recordings: []string{"*.mp4"}},
		{Name: "never"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]dock.CameraInfo{
		"ID.TXT":    {ID: "number-5", Basis: "file:ID.TXT", Profile: "acme"},
		"OTHER.TXT": {ID: "number-5", Basis: "file:OTHER.TXT", Profile: "other"},
		"a.mp4":     {ID: "cam", Basis: "folder-name", Profile: "any"},
	} {
		bay := t.TempDir()
		put(t, filepath.Join(bay, "cam", name), []byte("number-5"))
		if got := infoOf(t, driver, bay); got != want {
			t.Errorf("with %s: %+v; want %+v", name, got, want)
		}
	}
}

func TestProfileOfAnIdentityFileThatIsALinkDoesNotMatch(t *testing.T) {
	driver, err := sim.NewDriver([]filetree.Profile{{Name: "acme", Identity: []string{"file:ID.TXT"}}})
	if err != nil {
		t.Fatal(err)
	}
	bay := t.TempDir()
	put(t, filepath.Join(bay, "cam", "real"), []byte("number-5"))
	if err := os.Symlink("real", filepath.Join(bay, "cam", "ID.TXT")); err != nil {
		t.Fatal(err)
	}
	if got, want := infoOf(t, driver, bay), (dock.CameraInfo{ID: "cam", Basis: "folder-name"}); got != want {
		t.Errorf("%+v; want %+v", got, want)
	}
}

func infoOf(t *testing.T, driver dock.Driver, bay string) dock.CameraInfo {
	t.Helper()
	camera, err := driver.Open(t.Context(), only(t, newBus(t, sim.Bay{Name: "A1", Directory: bay})))
	if err != nil {
		t.Fatal(err)
	}
	defer camera.Close()
	return camera.Info()
}

func TestBadProfilesAreRefused(t *testing.T) {
	if _, err := sim.NewDriver([]filetree.Profile{{Name: "bad", Recordings: []string{"["}}}); err == nil {
		t.Error("no error")
	}
}

// A folder's name comes from the bay and is one element of a path, or refused.
func TestFolderNameThatLeadsElsewhereIsRefused(t *testing.T) {
	driver, err := sim.NewDriver(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "a/..", "/", "a\x00"} {
		at := dock.Attachment{Bay: "A1", Generation: 1, Folder: &dock.Folder{Bay: dir, Name: name, Device: st.Dev, Inode: st.Ino}}
		if camera, err := driver.Open(t.Context(), at); err == nil {
			camera.Close()
			t.Errorf("%q was opened", name)
		}
	}
}
