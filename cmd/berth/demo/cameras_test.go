package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"berth/ingest/media"
)

func made(t *testing.T, seed uint64, total int64) []Camera {
	t.Helper()
	cameras, err := WriteCameras(t.Context(), t.TempDir(), seed, total)
	if err != nil {
		t.Fatal(err)
	}
	return cameras
}

func TestEveryRecordingIsReadableAndOfTheSizeAskedFor(t *testing.T) {
	for _, total := range []int64{LeastBytes(), 1_000_003, 8 << 20} {
		var sum int64
		cameras := made(t, 7, total)
		if len(cameras) != camerasMade {
			t.Fatalf("%d cameras", len(cameras))
		}
		for _, c := range cameras {
			for _, f := range c.Files {
				info, size := sniff(t, filepath.Join(c.Folder, f.Name))
				if size != f.SizeBytes {
					t.Errorf("%s has %d bytes, not %d", f.Name, size, f.SizeBytes)
				}
				sum += size
				if info.Status != media.StatusRead || info.Container != "mp4" || !strings.HasPrefix(info.Location, "+39.") ||
					info.DurationMillis == nil || *info.DurationMillis < 4000 || !reflect.DeepEqual(info.Codecs, []string{"avc1", "mp4a"}) {
					t.Errorf("%s is %+v", f.Name, info)
				}
				if info.Created == nil || !info.Created.Equal(f.Created) {
					t.Errorf("%s says %v, not %v", f.Name, info.Created, f.Created)
				}
			}
		}
		if sum != total {
			t.Errorf("%d bytes in all, not %d", sum, total)
		}
	}
}

func sniff(t *testing.T, name string) (media.Info, int64) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := media.NewSniffer()
	n, err := io.Copy(s, f)
	if err != nil {
		t.Fatal(err)
	}
	whole := media.Inspect(f, n)
	if info := s.Info(); !reflect.DeepEqual(info, whole) {
		t.Errorf("as a stream %+v, as a file %+v", info, whole)
	}
	return s.Info(), n
}

// tree is every file below dir by its path, as a digest.
func tree(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	files := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir)] = sha256.Sum256(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestOneSeedMakesOneSetOfBytesAndNoTwoRecordingsAreAlike(t *testing.T) {
	const total = 2 << 20
	first := tree(t, filepath.Dir(made(t, 1, total)[0].Folder))
	if again := tree(t, filepath.Dir(made(t, 1, total)[0].Folder)); !reflect.DeepEqual(first, again) {
		t.Fatal("the same seed made something else")
	}
	seen := map[string]string{}
	for _, cameras := range [][]Camera{made(t, 1, total), made(t, 2, total)} {
		for _, c := range cameras {
			for _, f := range c.Files {
				content, err := os.ReadFile(filepath.Join(c.Folder, f.Name))
				if err != nil {
					t.Fatal(err)
				}
				end := string(content[len(content)-4096:])
				if other, twice := seen[end]; twice {
					t.Errorf("%s of %s ends as %s", f.Name, c.ID, other)
				}
				seen[end] = f.Name + " of " + c.ID
			}
		}
	}
}

func TestACameraLooksLikeACamera(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range made(t, 3, LeastBytes()) {
		id, err := os.ReadFile(filepath.Join(c.Folder, "ID.TXT"))
		if err != nil || string(id) != c.ID+"\n" || ids[c.ID] {
			t.Errorf("%s says %q, %v", c.ID, id, err)
		}
		ids[c.ID] = true
		thumb, err := os.ReadFile(filepath.Join(c.Folder, "MISC", "ACME0001.THM"))
		if err != nil || !bytes.HasPrefix(thumb, []byte("\xff\xd8\xff")) {
			t.Errorf("%s has no thumbnail: %v", c.ID, err)
		}
		if files := tree(t, c.Folder); len(files) != len(c.Files)+2 {
			t.Errorf("%s holds %d files", c.ID, len(files))
		}
	}
}

func TestNoHalfCameraIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := WriteCameras(ctx, dir, 1, LeastBytes()); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

func TestACameraThatIsThereIsNotTouched(t *testing.T) {
	dir := t.TempDir()
	cameras, err := WriteCameras(t.Context(), dir, 1, LeastBytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cameras[:2] { // the last one stays
		if err := os.RemoveAll(c.Folder); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, dir)
	if _, err := WriteCameras(t.Context(), dir, 2, LeastBytes()); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("got %v", err)
	}
	if after := tree(t, dir); !reflect.DeepEqual(before, after) {
		t.Fatal("something was written")
	}
}

func TestTooLittleRoomIsSaid(t *testing.T) {
	if _, err := WriteCameras(t.Context(), t.TempDir(), 1, LeastBytes()-1); err == nil || !strings.Contains(err.Error(), "at least") {
		t.Fatalf("got %v", err)
	}
}

func TestABoxBeyondFourGigabytesSaysItsSizeInEightBytes(t *testing.T) {
	if b := freeBox(1<<32 - 1); len(b) != 8 || !bytes.HasPrefix(b, []byte{0xff, 0xff, 0xff, 0xff, 'f'}) {
		t.Errorf("%x", b)
	}
	if b := freeBox(1 << 32); !bytes.Equal(b, []byte{0, 0, 0, 1, 'f', 'r', 'e', 'e', 0, 0, 0, 1, 0, 0, 0, 0}) {
		t.Errorf("%x", b)
	}
}

func TestATimeThatNoClipCanSayIsRefused(t *testing.T) {
	for _, at := range []time.Time{{}, time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := createdAt(patrol, at); err == nil {
			t.Errorf("%v is said", at)
		}
	}
	if _, err := createdAt("no clip", time.Now()); err == nil {
		t.Error("what is no clip is given a time")
	}
}
