package sim

import (
	"os"
	"path/filepath"
	"testing"

	"berth/dock"
)

// Where the kernel tells of nothing, as on a share, looking alone must do.
func TestLookingAloneFindsWhatLeft(t *testing.T) {
	dir := t.TempDir()
	path, away := filepath.Join(dir, "bay", "cam"), filepath.Join(dir, "away")
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(os.MkdirAll(path, 0o755))
	b := &bay{name: "A1", directory: filepath.Join(dir, "bay")}
	var generation dock.Generation
	look := func() dock.Generation {
		b.look(func() dock.Generation { generation++; return generation })
		if b.docked == nil {
			return 0
		}
		return b.docked.attachment.Generation
	}
	expect := func(what string, want dock.Generation) {
		t.Helper()
		if got := look(); got != want {
			t.Errorf("%s: generation %d, want %d", what, got, want)
		}
	}
	expect("docked", 1)
	expect("stays", 1)
	do(os.Rename(path, away))
	expect("moved away", 0)
	do(os.Rename(away, path))
	expect("came back", 2)
	do(os.Remove(path))
	do(os.Mkdir(path, 0o755))
	expect("made anew, perhaps with its inode", 3)
	do(os.Rename(path, away))
	do(os.Mkdir(path, 0o755))
	expect("another folder with its name", 4)
	do(os.RemoveAll(filepath.Join(dir, "bay")))
	expect("bay removed", 0)
}

// An arrival is no departure, and a moved directory is not watched any more:
// what leaves it later left no bay.
func TestOnlyWhatLeavesTheBayHasLeft(t *testing.T) {
	dir := t.TempDir()
	w := newWatcher(func() {})
	if w == nil {
		t.Skip("THE KERNEL HAS NO WATCHER TO GIVE")
	}
	defer w.close()
	path := filepath.Join(dir, "bay")
	if err := os.MkdirAll(filepath.Join(path, "cam"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.departures(path)
	if err := os.Mkdir(filepath.Join(path, "arrives"), 0o755); err != nil {
		t.Fatal(err)
	}
	if left := w.departures(path); len(left) != 0 {
		t.Errorf("an arrival counts as leaving: %v", left)
	}
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	if left := w.departures(path); !left[anything] {
		t.Errorf("left: %v", left)
	}
	if err := os.Remove(filepath.Join(path+".moved", "cam")); err != nil {
		t.Fatal(err)
	}
	if left := w.departures(path); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
