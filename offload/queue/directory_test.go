package queue_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"berth/dock"
	"berth/offload"
	"berth/offload/queue"
)

// disks are directory stores below a folder that stand in for two disks.
func (s *station) disks(folder string) (paths []string) {
	s.t.Helper()
	s.targets = nil
	for _, name := range []string{"nas", "vault"} {
		path := filepath.Join(folder, name)
		s.must(os.Mkdir(path, 0o750))
		d := offload.NewDirectory(name, path, true, "")
		_, err := d.Commission(s.t.Context())
		s.must(err)
		s.targets = append(s.targets, queue.Target{Name: name, Store: d})
		paths = append(paths, path)
	}
	s.must(s.journal.Close())
	s.boot()
	return paths
}

func TestDirectoriesThroughLossAndReturn(t *testing.T) {
	folder := t.TempDir()
	bubble(t, func(t *testing.T, s *station) {
		paths := s.disks(folder)
		s.start()
		first := s.spooled(2)
		// The disk goes; its mount point stays behind, empty.
		s.must(os.Rename(paths[0], paths[0]+"-away"))
		s.must(os.Mkdir(paths[0], 0o750))
		second := s.spooled(2)
		s.later(30 * time.Minute)
		if left, err := os.ReadDir(paths[0]); err != nil || len(left) != 0 {
			t.Errorf("an unmounted store was written to: %v, %v", left, err)
		}
		for _, id := range second {
			if got := s.stores(id); len(got) != 1 {
				t.Errorf("receipts of %v", got)
			}
		}
		s.restart()
		s.must(os.Remove(paths[0]))
		s.must(os.Rename(paths[0]+"-away", paths[0]))
		s.later(6 * time.Minute)
		for _, id := range append(first, second...) {
			s.expectOnDisks(paths, id)
			s.must(s.queue.Reconfirm(t.Context(), id))
			s.expectOnDisks(paths, id)
		}
		if s.spool.files() != 0 {
			t.Errorf("%d files on the spool", s.spool.files())
		}
	})
}

func (s *station) expectOnDisks(paths []string, id dock.RecordingID) {
	s.t.Helper()
	if got := s.stores(id); len(got) != len(paths) {
		s.t.Errorf("%s: receipts of %v", id, got)
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join(path, s.key(id))); err != nil {
			s.t.Errorf("%s: %v", id, err)
		}
	}
}
