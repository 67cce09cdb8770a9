package filetree_test

import (
	"errors"
	"os"
	"testing"

	"berth/dock"
)

// A copy that stalls looks quiet: size and times no longer change.
func TestAFileThatSomebodyWritesToIsNeitherReadNorErased(t *testing.T) {
	f := newFixture(t)
	f.put(t, "1.mp4", "first half")
	tree := f.open(t)
	e := entry(t, tree, "1.mp4")
	clearance := f.cleared(t, tree, e)
	writer, err := os.OpenFile(f.path("1.mp4"), os.O_WRONLY, 0)
	must(t, err)
	if content, err := tree.Open(t.Context(), e, 0); !errors.Is(err, dock.ErrBusy) {
		t.Errorf("Open gave %v, %v; want ErrBusy", content, err)
	}
	if content, err := tree.Reread(t.Context(), e); !errors.Is(err, dock.ErrBusy) {
		t.Errorf("Reread gave %v, %v; want ErrBusy", content, err)
	}
	if err := tree.Erase(t.Context(), e, clearance); !errors.Is(err, dock.ErrBusy) {
		t.Errorf("Erase gave %v; want ErrBusy", err)
	}
	must(t, writer.Close())
	must(t, tree.Erase(t.Context(), e, clearance))
}
