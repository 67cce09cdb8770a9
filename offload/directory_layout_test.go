package offload_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"berth/dock"
	"berth/offload"
	"berth/offload/storetest"
)

func newDirectory(t *testing.T) (*offload.Directory, string) {
	t.Helper()
	path := t.TempDir()
	d := offload.NewDirectory("nas", path, false, "")
	commission(t, d)
	return d, path
}

func put(t *testing.T, s offload.Store, sealed dock.Sealed) {
	t.Helper()
	if _, err := s.Put(t.Context(), sealed); err != nil {
		t.Fatal(err)
	}
}

// tree lists everything below a directory, without the UUID file.
func tree(t *testing.T, path string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() != "store-id" {
			names = append(names, strings.TrimPrefix(name, path+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPutLeavesOneReadOnlyFileAndNothingElse(t *testing.T) {
	d, path := newDirectory(t)
	sealed := storetest.Seal(storetest.Content(1, 9000))
	put(t, d, sealed)
	put(t, d, sealed)
	if names := tree(t, path); len(names) != 1 || names[0] != sealed.Key {
		t.Errorf("the store holds %q, want only %q", names, sealed.Key)
	}
	info, err := os.Lstat(filepath.Join(path, sealed.Key))
	if err != nil || info.Mode() != 0o440 {
		t.Errorf("the sealed file has mode %v, %v; want 0440", info.Mode(), err)
	}
	if links := info.Sys().(*syscall.Stat_t).Nlink; links != 1 {
		t.Errorf("the sealed file has %d names", links)
	}
	folder, err := os.Lstat(filepath.Dir(filepath.Join(path, sealed.Key)))
	if err != nil || folder.Mode().Perm() != 0o750 {
		t.Errorf("its folder has mode %v, %v; want 0750", folder.Mode(), err)
	}
}

func TestFailedPutLeavesNoFile(t *testing.T) {
	d, path := newDirectory(t)
	content := storetest.Content(1, 2<<20)
	sealed := storetest.Seal(content)
	sealed.Open = storetest.Seal(content[:1<<20]).Open
	if _, err := d.Put(t.Context(), sealed); err == nil {
		t.Fatal("a short file was stored")
	}
	if names := tree(t, path); len(names) != 0 {
		t.Errorf("a failed Put left %q", names)
	}
}

func TestPutNeverMakesTheStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mnt")
	d := offload.NewDirectory("nas", path, false, "")
	if _, err := d.Put(t.Context(), storetest.Seal(storetest.Content(1, 10))); !errors.Is(err, offload.ErrNotCommissioned) {
		t.Errorf("Put = %v, want ErrNotCommissioned", err)
	}
	if _, err := d.Commission(t.Context()); !errors.Is(err, offload.ErrNotCommissioned) {
		t.Errorf("Commission of a directory that is not there = %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was made: %v", err)
	}
}

func TestPlantedLinksDoNotLeadOut(t *testing.T) {
	sealed := storetest.Seal(storetest.Content(1, 9000))
	for _, planted := range []string{
		"hq-dock-1", "hq-dock-1/2026", "hq-dock-1/2026/03/09", sealed.Key, ".berth/tmp", ".berth",
	} {
		t.Run(planted, func(t *testing.T) {
			d, path := newDirectory(t)
			outside := t.TempDir()
			// Behind the link lies everything that a fooled store would need.
			twin := offload.NewDirectory("twin", outside, false, "")
			commission(t, twin)
			put(t, twin, sealed)
			before := tree(t, outside)
			link := filepath.Join(path, planted)
			err := errors.Join(os.RemoveAll(link), os.MkdirAll(filepath.Dir(link), 0o750),
				os.Symlink(filepath.Join(outside, planted), link))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Put(t.Context(), sealed); err == nil {
				t.Error("Put followed a link")
			} else if planted == sealed.Key && !errors.Is(err, offload.ErrDifferent) {
				t.Errorf("Put over a link = %v, want ErrDifferent", err)
			}
			if _, err := d.Open(t.Context(), sealed.Key, ""); err == nil {
				t.Error("Open followed a link")
			}
			if after := tree(t, outside); len(after) != len(before) {
				t.Errorf("outside the store there is now %q, was %q", after, before)
			}
		})
	}
}

func TestLinkInsideTheStoreIsNoSealedFile(t *testing.T) {
	d, path := newDirectory(t)
	sealed := storetest.Seal(storetest.Content(1, 9000))
	put(t, d, sealed)
	place := filepath.Join(path, sealed.Key)
	err := errors.Join(os.Rename(place, place+"-moved"), os.Symlink(filepath.Base(place)+"-moved", place))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(t.Context(), sealed); !errors.Is(err, offload.ErrDifferent) {
		t.Errorf("Put over a link to the same bytes = %v, want ErrDifferent", err)
	}
	if _, err := d.Open(t.Context(), sealed.Key, ""); err == nil {
		t.Error("Open followed a link")
	}
}

func TestWhatIsMountedBelowTheStoreIsNotTheStore(t *testing.T) {
	d, path := newDirectory(t)
	below := filepath.Join(path, "hq-dock-1")
	if err := os.Mkdir(below, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", below, "tmpfs", 0, ""); err != nil {
		t.Skipf("nothing can be mounted: %v", err)
	}
	defer syscall.Unmount(below, 0)
	if _, err := d.Put(t.Context(), storetest.Seal(storetest.Content(1, 9000))); !errors.Is(err, syscall.EXDEV) {
		t.Errorf("Put across a mount = %v, want EXDEV", err)
	}
	if names := tree(t, below); len(names) != 0 {
		t.Errorf("the other filesystem holds %q", names)
	}
	sealed := storetest.Seal([]byte("as if it were stored"))
	place := filepath.Join(path, sealed.Key)
	err := errors.Join(os.MkdirAll(filepath.Dir(place), 0o750), os.WriteFile(place, []byte("as if it were stored"), 0o440))
	if err != nil {
		t.Fatal(err)
	}
	if err := readBack(t.Context(), d, sealed); !errors.Is(err, syscall.EXDEV) {
		t.Errorf("reading back across a mount = %v, want EXDEV", err)
	}
}

func TestFileInUseSurvivesTheSweepOfAnother(t *testing.T) {
	d, path := newDirectory(t)
	sealed := storetest.Seal(storetest.Content(1, 3<<20))
	begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
	slow := storetest.Watched(sealed, func(offset int64) error {
		if offset == 1<<20 {
			close(begun)
			<-goOn
		}
		return nil
	})
	go func() {
		_, err := d.Put(t.Context(), slow)
		done <- err
	}()
	<-begun
	put(t, offload.NewDirectory("nas", path, false, ""), storetest.Seal(storetest.Content(2, 10)))
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := readBack(t.Context(), d, sealed); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoFileIsNeverOpenedOrReplaced(t *testing.T) {
	sealed := storetest.Seal(storetest.Content(1, 9000))
	for name, plant := range map[string]func(path string) error{
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) }, // opening one would hang
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			d, path := newDirectory(t)
			place := filepath.Join(path, sealed.Key)
			if err := errors.Join(os.MkdirAll(filepath.Dir(place), 0o750), plant(place)); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Put(t.Context(), sealed); !errors.Is(err, offload.ErrDifferent) {
				t.Errorf("Put = %v, want ErrDifferent", err)
			}
			if _, err := d.Open(t.Context(), sealed.Key, ""); err == nil || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Open = %v", err)
			}
			if info, err := os.Lstat(place); err != nil || info.Mode().IsRegular() {
				t.Errorf("it was replaced: %v, %v", info, err)
			}
		})
	}
}

func TestOnlyOwnStaleFilesAreSweptAway(t *testing.T) {
	path := t.TempDir()
	commission(t, offload.NewDirectory("nas", path, false, ""))
	temp := filepath.Join(path, ".berth", "tmp")
	for _, name := range []string{"hq-dock-1.STALE", "hq-dock-1.LIVE", "hq-dock-2.STALE", "hq-dock-1.a.b", "notes"} {
		if err := os.WriteFile(filepath.Join(temp, name), []byte(name), 0o440); err != nil {
			t.Fatal(err)
		}
	}
	live, err := os.Open(filepath.Join(temp, "hq-dock-1.LIVE"))
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	if err := syscall.Flock(int(live.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	put(t, offload.NewDirectory("nas", path, false, ""), storetest.Seal(storetest.Content(1, 10)))
	got := strings.Join(tree(t, temp), " ")
	if want := "hq-dock-1.LIVE hq-dock-1.a.b hq-dock-2.STALE notes"; got != want {
		t.Errorf("left are %q, want %q", got, want)
	}
}

func TestCommissionNeverReplacesAnIdentity(t *testing.T) {
	d, path := newDirectory(t)
	id, err := d.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.Commission(t.Context())
	if !errors.Is(err, offload.ErrCommissioned) || again != id {
		t.Errorf("second Commission = %s, %v; want %s and ErrCommissioned", again, err, id)
	}
	file := filepath.Join(path, ".berth", "store-id")
	for _, rubbish := range []string{"", "\n", string(id), string(id) + "\n\n", strings.ToUpper(string(id)) + "\n", "{" + string(id) + "}\n"} {
		if err := errors.Join(os.Remove(file), os.WriteFile(file, []byte(rubbish), 0o440)); err != nil {
			t.Fatal(err)
		}
		if id, err := d.Identity(t.Context()); !errors.Is(err, offload.ErrNotCommissioned) {
			t.Errorf("Identity of %q = %q, %v; want ErrNotCommissioned", rubbish, id, err)
		}
		if _, err := d.Commission(t.Context()); !errors.Is(err, offload.ErrCommissioned) {
			t.Errorf("Commission over %q = %v, want ErrCommissioned", rubbish, err)
		}
		if text, _ := os.ReadFile(file); string(text) != rubbish {
			t.Errorf("Commission replaced %q by %q", rubbish, text)
		}
	}
}
