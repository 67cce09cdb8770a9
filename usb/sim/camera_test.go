package sim_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/cameratest"
	"berth/usb/sim"
)

func TestDirectoryCameraConforms(t *testing.T) {
	cameratest.Run(t, cameratest.Harness{Dock: func(t *testing.T, content cameratest.Content) cameratest.Device {
		return dockIn(t, t.TempDir(), content)
	}})
}

// dockIn makes a bay below dir, with a camera in it.
func dockIn(t *testing.T, dir string, content cameratest.Content) cameratest.Device {
	t.Helper()
	bay, away := filepath.Join(dir, "bay"), filepath.Join(dir, "away")
	camera := filepath.Join(bay, "cam-7")
	for _, each := range []string{camera, away} {
		if err := os.MkdirAll(each, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, bytes := range content {
		put(t, filepath.Join(camera, name), bytes)
	}
	bus := newBus(t, sim.Bay{Name: "A1", Directory: bay})
	driver, err := sim.NewDriver(nil)
	if err != nil {
		t.Fatal(err)
	}
	where := camera
	return cameratest.Device{
		Driver:     driver,
		Attachment: only(t, bus),
		Holds:      func(t *testing.T) cameratest.Content { return holds(t, where) },
		Write: func(t *testing.T, name string, bytes []byte) {
			path := filepath.Join(camera, name)
			before := changeTime(t, path)
			put(t, path, bytes)
			// A clock tick may have room for two writes: on such a filesystem
			// nobody could tell, so the later one is repeated.
			for mode := fs.FileMode(0o600); changeTime(t, path) == before; mode ^= 0o004 {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
			}
		},
		Replace: func(t *testing.T, name string, bytes []byte) {
			path := filepath.Join(camera, name)
			put(t, path+".new", bytes)
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
		},
		Remove: func(t *testing.T, name string) {
			if err := os.Remove(filepath.Join(camera, name)); err != nil {
				t.Fatal(err)
			}
		},
		Unplug: func() error {
			where = filepath.Join(away, "cam-7")
			return os.Rename(camera, where)
		},
		Redock: func(t *testing.T) dock.Attachment {
			where = camera
			if err := os.Rename(filepath.Join(away, "cam-7"), camera); err != nil {
				t.Fatal(err)
			}
			return only(t, bus)
		},
	}
}

func newBus(t *testing.T, bays ...sim.Bay) *sim.Bus {
	t.Helper()
	bus, err := sim.New(bays, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bus.Close(); err != nil {
			t.Error(err)
		}
	})
	return bus
}

// only returns the one attachment of a bus.
func only(t *testing.T, bus *sim.Bus) dock.Attachment {
	t.Helper()
	attached, problems, err := bus.Attached(t.Context())
	if err != nil || len(problems) != 0 || len(attached) != 1 {
		t.Fatalf("attached: %v, %v, %v; want one attachment", attached, problems, err)
	}
	return attached[0]
}

func put(t *testing.T, path string, bytes []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes, 0o644); err != nil {
		t.Fatal(err)
	}
}

func changeTime(t *testing.T, path string) unix.Timespec {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ctim
}

func holds(t *testing.T, camera string) cameratest.Content {
	t.Helper()
	content := cameratest.Content{}
	err := filepath.WalkDir(camera, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(camera, path)
		if err == nil {
			content[name], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return content
}
