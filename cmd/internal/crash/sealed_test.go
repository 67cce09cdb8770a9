package crash

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"berth/hashing"
	"berth/ingest/custody"
)

// sealed is a sealed file that was found whole, and what it opens to.
type sealed struct {
	inode     uint64
	sizeBytes int64
	written   time.Time
	mounted   int  // since which mount its medium is known to have it
	kept      bool // it outlived a power cut, or never had to
	opens     hashing.Digest
}

// holding is what a directory of sealed files holds: for each original's
// digest, the files that open to it.
type holding map[hashing.Digest][]string

// wholeFiles reads every file with a final name below dir. Each must hash to
// its name and open with the agency's key. What was read already and has
// outlived a power cut since is not read again.
func (r *rig) wholeFiles(dir string) holding {
	r.t.Helper()
	found := holding{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".sealed") || filepath.Base(filepath.Dir(path)) == "damaged" {
			return err
		}
		opens := r.whole(path)
		found[opens] = append(found[opens], path)
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return found
}

// whole reads one sealed file, and returns the digest of what it opens to.
func (r *rig) whole(path string) hashing.Digest {
	r.t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		r.t.Fatal(err)
	}
	now := sealed{
		inode: info.Sys().(*syscall.Stat_t).Ino, sizeBytes: info.Size(), written: info.ModTime(), mounted: r.mounted,
	}
	before, known := r.seals[path]
	same := known && before.inode == now.inode && before.sizeBytes == now.sizeBytes && before.written.Equal(now.written)
	if same && (before.kept || before.mounted == r.mounted) {
		return before.opens
	}
	now.kept = same
	if got, err := fileDigest(path); err != nil || got.String()+".sealed" != filepath.Base(path) {
		r.t.Fatalf("HALF A FILE: %s has %d bytes and the digest %s (%v)", path, info.Size(), got, err)
	}
	now.opens = r.open(path)
	r.seals[path] = now
	return now.opens
}

// open opens a sealed file on the agency's side.
func (r *rig) open(path string) hashing.Digest {
	r.t.Helper()
	flow := hashing.NewFlow()
	_, err := custody.OpenFile(r.t.Context(), custody.OpenOptions{Path: path, Identities: []string{r.agency()}, Stdout: flow})
	if err != nil {
		r.t.Fatalf("NOT TO BE OPENED: %v", err)
	}
	return flow.Digest()
}

func fileDigest(path string) (hashing.Digest, error) {
	file, err := os.Open(path)
	if err != nil {
		return hashing.Digest{}, err
	}
	defer file.Close()
	digest, _, err := hashing.Of(file)
	return digest, err
}
