//go:build linux && amd64

package faults

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/hashing"
	"berth/ingest/seal"
	"berth/offload"
)

// original is one recording as the camera made it.
type original struct {
	path    string // below the bays' folder
	name    string // as its camera lists it
	content []byte
	digest  hashing.Digest
}

// agency is who can open what a station sealed.
type agency struct {
	key    seal.PrivateKey
	public []byte
}

func newAgency(t *testing.T) agency {
	private, public, err := seal.GenerateKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return agency{key, public}
}

// house is everything on disk: the station's directories, its stores and the
// cameras in its bays, and what must never change about them.
type house struct {
	dir       string
	agency    agency
	originals []original
	disks     *disks
	journal   ledger
	opened    map[string]hashing.Digest // what a sealed file was opened to, by path and digest
	rotten    bool                      // a store's disk changed a bit by itself
	power     *power                    // nil if its disks cannot be cut off
}

// furnish makes a new house in an empty directory.
func furnish(dir string, a agency) (*house, error) {
	h := &house{dir: dir, agency: a, disks: newDisks(), opened: map[string]hashing.Digest{}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(h.path("agency.pem"), a.public, 0o600); err != nil {
		return nil, err
	}
	for _, store := range storeNames() {
		if err := os.MkdirAll(h.path("stores", store), 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(h.path("data"), 0o700); err != nil {
		return nil, err
	}
	return h, h.loadCameras()
}

// commission makes the stores' directories stores.
func (h *house) commission(ctx context.Context) error {
	for _, store := range storeNames() {
		if _, err := offload.NewDirectory(store, h.path("stores", store), true, "").Commission(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) loadCameras() error {
	random := rand.NewChaCha8([32]byte{7})
	sizes := map[string]int{
		"left/CAM-A/DCIM/A1.MP4": 1<<20 + 200_000, "left/CAM-A/DCIM/A2.MP4": 70_000, "left/CAM-A/A3.MP4": 1,
		"right/CAM-B/B1.MP4": 300_000, "right/CAM-B/B2.MP4": 4096,
	}
	for path, size := range sizes {
		o := original{path: path, content: make([]byte, size)}
		_, o.name, _ = strings.Cut(path, "/CAM-")
		o.name = o.name[2:]
		random.Read(o.content)
		o.digest = hashing.Sum(o.content)
		full := h.path("bays", path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, o.content, 0o644); err != nil {
			return err
		}
		h.originals = append(h.originals, o)
	}
	return nil
}

func (h *house) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}

// part is the disk that a path lies on, empty for none of the station's.
func (h *house) part(path string) string {
	for _, part := range []string{"data/journal", "data/spool", "data", "stores/one", "stores/two", "bays"} {
		if root := h.path(part); path == root || strings.HasPrefix(path, root+"/") {
			return part
		}
	}
	return ""
}

// live lets a station live in the house until it ends, which it is told to do
// so long after its fault.
func (h *house) live(w *watcher, patience time.Duration) (ending, error) {
	program, err := os.Executable()
	if err != nil {
		return ending{}, err
	}
	log, err := os.OpenFile(h.path("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return ending{}, err
	}
	defer log.Close()
	w.struck = make(chan struct{})
	started, ended, told := make(chan int, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		select {
		case <-w.struck:
		case <-ended:
			return
		}
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case <-late.C:
			_ = syscall.Kill(<-started, syscall.SIGUSR1) // it may just have ended
		case <-ended:
		}
	}()
	end, err := trace(traced{
		args: []string{program}, env: append(os.Environ(), "GOGC=off", houseVariable+"="+h.dir), log: log,
		started: func(pid int) { started <- pid },
	}, w)
	close(ended)
	<-told
	return end, err
}

// sealedFiles are all files with a final name below root, by path.
func sealedFiles(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !finalName.MatchString(entry.Name()) || strings.Contains(path, "/damaged/") {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = content
		return err
	})
	if os.IsNotExist(err) {
		err = nil
	}
	return files, err
}

// namedRight checks that a final name is the digest of the bytes under it.
func namedRight(path string, content []byte) error {
	got := fmt.Sprintf("%x.sealed", sha256.Sum256(content))
	if got != filepath.Base(path) {
		return fmt.Errorf("%s has other content than its name says (%d bytes)", path, len(content))
	}
	return nil
}
