package offload_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"berth/offload"
	"berth/offload/storetest"
)

// What gets the name while a recording is on its way is compared with it, and
// stays: the recording itself is as good as stored, anything else is not.
func TestNameTakenWhileARecordingIsOnItsWayIsCompared(t *testing.T) {
	sealed := storetest.Seal(storetest.Content(1, 9000))
	for name, taken := range map[string]struct {
		content []byte
		want    error
	}{
		"other bytes":  {storetest.Content(2, 9000), offload.ErrDifferent},
		"half of it":   {storetest.Content(1, 9000)[:4500], offload.ErrDifferent},
		"the same one": {storetest.Content(1, 9000), nil},
	} {
		t.Run(name, func(t *testing.T) {
			d, path := newDirectory(t)
			place := filepath.Join(path, sealed.Key)
			slow := storetest.Watched(sealed, func(int64) error {
				return errors.Join(os.MkdirAll(filepath.Dir(place), 0o750), os.WriteFile(place, taken.content, 0o440))
			})
			if _, err := d.Put(t.Context(), slow); !errors.Is(err, taken.want) {
				t.Errorf("Put = %v, want %v", err, taken.want)
			}
			if now, err := os.ReadFile(place); err != nil || string(now) != string(taken.content) {
				t.Errorf("what had the name was replaced: %v", err)
			}
		})
	}
}

// A directory keeps one object under a key. Whoever asks for a version asks for
// something that it does not have.
func TestDirectoryKeepsNoVersions(t *testing.T) {
	d, _ := newDirectory(t)
	sealed := storetest.Seal(storetest.Content(1, 9000))
	put(t, d, sealed)
	if _, err := d.Stat(t.Context(), sealed.Key, "v1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of a version = %v, want fs.ErrNotExist", err)
	}
	if reader, err := d.Open(t.Context(), sealed.Key, "v1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of a version = %v, want fs.ErrNotExist", err)
		if err == nil {
			reader.Close()
		}
	}
}

// An empty mount point says that the store is away. It must not say that the
// object is: that would be a loss, and the receipt would go.
func TestEmptyMountPointIsNoLostObject(t *testing.T) {
	d, path := newDirectory(t)
	sealed := storetest.Seal(storetest.Content(1, 9000))
	put(t, d, sealed)
	if err := errors.Join(os.Rename(path, path+"-away"), os.Mkdir(path, 0o750)); err != nil {
		t.Fatal(err)
	}
	_, identity := d.Identity(t.Context())
	_, stat := d.Stat(t.Context(), sealed.Key, "")
	_, open := d.Open(t.Context(), sealed.Key, "")
	for call, err := range map[string]error{"Identity": identity, "Stat": stat, "Open": open} {
		if !errors.Is(err, offload.ErrNotCommissioned) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s = %v, want ErrNotCommissioned and no fs.ErrNotExist", call, err)
		}
	}
	if names := tree(t, path); len(names) != 0 {
		t.Errorf("in the empty mount point lies %q", names)
	}
}
