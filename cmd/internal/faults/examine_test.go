//go:build linux && amd64

package faults

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
	"berth/ingest/seal"
)

// holders are, by digest of the plaintext, the files in which a store holds it.
type holders map[hashing.Digest][]string

// holdings opens every sealed file of a store with the agency's key.
func (h *house) holdings(ctx context.Context, store string) (holders, error) {
	files, err := sealedFiles(h.path("stores", store))
	if err != nil {
		return nil, err
	}
	held := holders{}
	var errs []error
	for path, content := range files {
		if h.rotten && namedRight(path, content) != nil {
			continue // it counts as nothing
		}
		digest, err := h.open(ctx, path, content)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		held[digest] = append(held[digest], path)
	}
	return held, errors.Join(errs...)
}

// open says what a sealed file is a sealed file of.
func (h *house) open(ctx context.Context, path string, content []byte) (hashing.Digest, error) {
	if err := namedRight(path, content); err != nil {
		return hashing.Digest{}, err
	}
	if digest, known := h.opened[filepath.Base(path)]; known {
		return digest, nil // the name is the digest of these very bytes
	}
	r, err := seal.Open(ctx, bytes.NewReader(content), int64(len(content)), h.agency.key)
	if err != nil {
		return hashing.Digest{}, fmt.Errorf("open %s with the agency's key: %w", path, err)
	}
	plain := sha256.New()
	if err := r.Content(ctx, plain); err != nil {
		return hashing.Digest{}, fmt.Errorf("read the content of %s: %w", path, err)
	}
	digest := hashing.Digest(plain.Sum(nil))
	h.opened[filepath.Base(path)] = digest
	return digest, nil
}

// onCamera reports whether the camera still has the recording, as it was.
func (h *house) onCamera(o original) (bool, error) {
	content, err := os.ReadFile(h.path("bays", o.path))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && !bytes.Equal(content, o.content) {
		err = fmt.Errorf("%s has other bytes on its camera", o.path)
	}
	return true, err
}

// mayGo checks, at the moment at which a camera's file is about to be removed,
// that both stores hold it whole and in a way that no power cut takes away.
func (h *house) mayGo(ctx context.Context, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("remove %s, which is no recording: %w", path, err)
	}
	kept, err := h.kept(ctx)
	if err != nil {
		return err
	}
	return h.safe(kept, path, hashing.Sum(content))
}

// kept is what each store holds.
func (h *house) kept(ctx context.Context) (map[string]holders, error) {
	all := map[string]holders{}
	for _, store := range storeNames() {
		held, err := h.holdings(ctx, store)
		if err != nil {
			return nil, err
		}
		all[store] = held
	}
	return all, nil
}

// safe checks that both stores hold, among what is kept, this content.
func (h *house) safe(kept map[string]holders, what string, digest hashing.Digest) error {
	for _, store := range storeNames() {
		missing := "it is not there"
		for _, path := range kept[store][digest] {
			if missing = h.disks.missing(h.path("stores", store), path); missing == "" {
				break
			}
		}
		if missing != "" {
			return fmt.Errorf("%s goes from its camera before store %s holds it durably: %s", what, store, missing)
		}
	}
	return nil
}

// acknowledged checks, when the journal has just become durable, that what it
// says to be on the spool is so as well.
func (h *house) acknowledged(ctx context.Context) error {
	spool := h.path("data", "spool")
	doubtful := map[string]bool{}
	for name := range h.disks.names[spool] {
		doubtful[name] = finalName.MatchString(name)
	}
	if !slices.Contains(slices.Collect(maps.Values(doubtful)), true) {
		return nil
	}
	now, err := readLedger(ctx, h.path("data", "journal"))
	if err != nil {
		return fmt.Errorf("read the journal beside its station: %w", err)
	}
	var errs []error
	for _, row := range now.rows {
		if name := row.SealedSHA256.String() + ".sealed"; row.Recording.OnSpool() && doubtful[name] {
			errs = append(errs, fmt.Errorf("%s is journalled as spooled before its name is durable", row.Name))
		}
	}
	return errors.Join(errs...)
}

// examine checks everything that must be true of a house whose station is not
// running, whatever happened to it.
func (h *house) examine(ctx context.Context) error {
	kept, err := h.kept(ctx)
	errs := []error{err}
	for _, o := range h.originals {
		there, err := h.onCamera(o)
		errs = append(errs, err)
		if !there {
			errs = append(errs, h.safe(kept, o.path, o.digest))
		}
	}
	spooled, err := sealedFiles(h.path("data", "spool"))
	errs = append(errs, err)
	for path, content := range spooled {
		_, err := h.open(ctx, path, content)
		errs = append(errs, err)
	}
	errs = append(errs, h.journal.follow(ctx, h.path("data", "journal")))
	for _, row := range h.journal.rows {
		errs = append(errs, h.examineRow(row))
	}
	return errors.Join(errs...)
}

// examineRow compares what the journal says of a recording with the disks.
func (h *house) examineRow(row journal.Row) error {
	var errs []error
	if row.Recording.OnSpool() {
		if _, err := os.Stat(h.path("data", "spool", row.SealedSHA256.String()+".sealed")); err != nil {
			errs = append(errs, fmt.Errorf("%s is journalled as spooled: %w", row.Name, err))
		}
	}
	if n := len(row.Receipts); n > 0 {
		found := 0
		for _, store := range storeNames() {
			if _, err := os.Stat(h.path("stores", store, filepath.FromSlash(row.Key))); err == nil {
				found++
			}
		}
		if found < n {
			errs = append(errs, fmt.Errorf("%s has %d receipts, and %d stores have it", row.Name, n, found))
		}
	}
	for _, o := range h.originals {
		if o.name != string(row.Name) {
			continue
		}
		there, _ := h.onCamera(o)
		if row.State == dock.StateErased && there {
			errs = append(errs, fmt.Errorf("%s is journalled as erased and is on its camera", o.path))
		}
		if !there && !intended(row.Recording) {
			errs = append(errs, fmt.Errorf("%s is gone from its camera without a clearance in the journal", o.path))
		}
		if !row.SHA256.IsZero() && row.SHA256 != o.digest {
			errs = append(errs, fmt.Errorf("%s is journalled with another digest", o.path))
		}
	}
	return errors.Join(errs...)
}

func intended(r dock.Recording) bool {
	for _, f := range r.Facts {
		if _, ok := f.Body.(dock.EraseIntent); ok {
			return true
		}
	}
	return false
}

// examineEnd checks what must be true once a station without faults said that
// both cameras may be taken: everything once, everywhere, and nothing left over.
func (h *house) examineEnd(ctx context.Context) error {
	var errs []error
	seen := map[string]int{}
	for _, row := range h.journal.rows {
		seen[string(row.Name)]++
		// What was told to go from a camera whose station then died is on record
		// as unconfirmed: no listing of that same docking showed it gone.
		_, unconfirmed := row.Recording.Erasing()
		if row.State != dock.StateErased && !unconfirmed {
			errs = append(errs, fmt.Errorf("%s ends as %s", row.Name, row.State))
		}
		if row.Recording.OnSpool() {
			errs = append(errs, fmt.Errorf("%s is still on the spool", row.Name))
		}
	}
	for _, o := range h.originals {
		if there, _ := h.onCamera(o); there {
			errs = append(errs, fmt.Errorf("%s is still on its camera", o.path))
		}
		if seen[o.name] != 1 {
			errs = append(errs, fmt.Errorf("the journal has %s %d times", o.name, seen[o.name]))
		}
	}
	for _, store := range storeNames() {
		held, err := h.holdings(ctx, store)
		errs = append(errs, err)
		for digest, paths := range held {
			if len(paths) != 1 {
				errs = append(errs, fmt.Errorf("store %s holds %s %d times", store, digest, len(paths)))
			}
		}
		if len(held) != len(h.originals) {
			errs = append(errs, fmt.Errorf("store %s holds %d recordings, not %d", store, len(held), len(h.originals)))
		}
	}
	for _, dir := range []string{"tmp", "damaged"} {
		if left, err := os.ReadDir(h.path("data", "spool", dir)); err != nil || len(left) > 0 {
			errs = append(errs, fmt.Errorf("the spool's %s holds %d files: %w", dir, len(left), err))
		}
	}
	return errors.Join(errs...)
}
