package crash

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
)

// check is what must be true of a dead station, whenever it died. Nobody has
// repaired anything yet.
func (r *rig) check() {
	r.t.Helper()
	stores := r.nothingLost()
	seen := r.atRest()
	if seen == nil {
		return
	}
	ids := map[string]dock.StoreID{}
	for _, row := range seen.rows {
		r.journalIsTrue(row, ids)
	}
	r.nothingDoubled(seen.rows, stores)
}

// nothingLost: what a camera no longer has is in both stores, and every file
// with a final name is whole.
func (r *rig) nothingLost() [2]holding {
	r.t.Helper()
	stores := [2]holding{r.wholeFiles(r.stores[0]), r.wholeFiles(r.stores[1])}
	r.wholeFiles(r.spool())
	for _, c := range r.cameras {
		for _, o := range c.holds {
			if c.has(r.t, o) {
				continue
			}
			for i, store := range stores {
				if len(store[o.digest]) == 0 {
					r.t.Fatalf("LOST: %s of %s (%d bytes, %s) is neither on its camera nor in store-%d", o.name, o.camera, o.sizeBytes, o.digest, i+1)
				}
			}
		}
	}
	return stores
}

// spool is where the sealed files wait, also where that is a link.
func (r *rig) spool() string {
	r.t.Helper()
	path := filepath.Join(r.data, "spool")
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return real
}

// journalIsTrue: what the journal says is on the spool or in a store is there.
func (r *rig) journalIsTrue(row journal.Row, ids map[string]dock.StoreID) {
	r.t.Helper()
	if intent, spooled := row.Recording.Spooled(); spooled && row.Recording.OnSpool() {
		path := filepath.Join(r.spool(), intent.Sealed.String()+".sealed")
		if _, err := os.Stat(path); err != nil {
			r.t.Fatalf("LOST: the journal says that recording %s is on the spool: %v", row.ID, err)
		}
		if r.whole(path) != intent.SHA256 {
			r.t.Fatalf("ALTERED: recording %s on the spool opens to something else", row.ID)
		}
	}
	for _, receipt := range row.Receipts {
		path := filepath.Join(r.storeOf(receipt.Receipt.Record().Store, ids), filepath.FromSlash(row.Key))
		if _, err := os.Stat(path); err != nil {
			r.t.Fatalf("LOST: the journal has a receipt for recording %s: %v", row.ID, err)
		}
		if r.whole(path) != row.SHA256 {
			r.t.Fatalf("ALTERED: recording %s in %s opens to something else", row.ID, path)
		}
	}
	if row.State == dock.StateVanished || row.State == dock.StateHeld || row.Camera == "" {
		r.t.Errorf("recording %s (%s of %q) is %s %s", row.ID, row.Name, row.Camera, row.State, row.HeldReason)
	}
}

// storeOf finds the store that gave a receipt by what was written into it.
func (r *rig) storeOf(id dock.StoreID, known map[string]dock.StoreID) string {
	r.t.Helper()
	for _, path := range r.stores {
		if known[path] == "" {
			text, err := os.ReadFile(filepath.Join(path, ".berth", "store-id"))
			if err != nil {
				r.t.Fatal(err)
			}
			known[path] = dock.StoreID(bytes.TrimSpace(text))
		}
		if known[path] == id {
			return path
		}
	}
	r.t.Fatalf("no store is %s", id)
	return ""
}

// nothingDoubled: one recording for each original, and one file in each store.
func (r *rig) nothingDoubled(rows []journal.Row, stores [2]holding) {
	r.t.Helper()
	type name struct{ camera, name string }
	seen := map[name]dock.RecordingID{}
	for _, row := range rows {
		n := name{string(row.Camera), string(row.Name)}
		if other, twice := seen[n]; twice {
			r.t.Fatalf("DOUBLED: %v is recording %s and recording %s", n, other, row.ID)
		}
		seen[n] = row.ID
	}
	digests := map[hashing.Digest]int{}
	for _, o := range r.originals {
		digests[o.digest]++
	}
	for i, store := range stores {
		for digest, files := range store {
			if len(files) > digests[digest] {
				r.t.Fatalf("DOUBLED: %d originals are %d files in store-%d: %q", digests[digest], len(files), i+1, files)
			}
		}
	}
}

// nothingShows: no piece of an original is anywhere on the station's disk or
// in a store, in the space that no file has any more included.
func (r *rig) nothingShows() {
	r.t.Helper()
	places := append([]string{r.data}, r.stores[:]...)
	for _, d := range r.disks {
		d.settle()
		places = append(places, d.image)
	}
	for _, place := range places {
		err := filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
				return nil
			}
			if err != nil {
				return err
			}
			return r.holdsNothing(path)
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// holdsNothing looks for the marker in a file, past its holes.
func (r *rig) holdsNothing(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := make([]byte, 1<<20)
	for at := int64(0); ; {
		at, err = file.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			return nil
		}
		if err != nil {
			return err
		}
		n, err := file.ReadAt(buffer, at)
		if bytes.Contains(buffer[:n], []byte(marker)) {
			r.t.Fatalf("PLAIN: a piece of an original is in %s near %d", path, at)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at += int64(n - len(marker))
	}
}

// everyOriginalIsHome: at rest, all that was ever recorded on a camera that is
// docked is erased from it, and in both stores.
func (r *rig) everyOriginalIsHome() {
	r.t.Helper()
	for _, c := range r.docked() {
		for _, o := range c.holds {
			if c.has(r.t, o) {
				r.t.Fatalf("%s of %s is still on the camera", o.name, o.camera)
			}
		}
	}
	if slices.ContainsFunc(r.originals, func(o *original) bool { return o.sizeBytes > 0 && o.digest == hashing.Sum(nil) }) {
		r.t.Fatal("an original has no content: the harness is wrong")
	}
}
