package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"berth/hashing"
	"berth/ingest/custody"
	"berth/usb/rack"
	"berth/usb/rack/call"
)

// opened is what the sealed files of one store open to: digest by the digest of
// the sealed file, which is its name.
type opened map[string]string

// mostComplaints is how many differences are told one by one.
const mostComplaints = 5

// compare is an error unless each file of the manifests, by camera, is exactly
// one recording, whose sealed file every store has and which opens to the bytes
// that were on the card. What a camera claims beyond its manifest is a
// difference too.
func compare(manifests map[string][]call.File, recordings []recording, stores map[string]opened) error {
	var wrong []error
	byName := map[string][]recording{}
	for _, r := range recordings {
		byName[r.Camera+"\x00"+r.Name] = append(byName[r.Camera+"\x00"+r.Name], r)
	}
	for camera, manifest := range manifests {
		for _, file := range manifest {
			key := camera + "\x00" + file.Path
			found := byName[key]
			delete(byName, key)
			if len(found) != 1 {
				wrong = append(wrong, fmt.Errorf("%s of %s became %d recordings", file.Path, camera, len(found)))
				continue
			}
			wrong = append(wrong, same(camera, file, found[0], stores))
		}
		for key, more := range byName {
			if strings.HasPrefix(key, camera+"\x00") {
				wrong = append(wrong, fmt.Errorf("%s of %s was never on its card", more[0].Name, camera))
			}
		}
	}
	wrong = slices.DeleteFunc(wrong, func(err error) bool { return err == nil })
	if len(wrong) > mostComplaints {
		wrong = append(wrong[:mostComplaints], fmt.Errorf("and %d more", len(wrong)-mostComplaints))
	}
	return errors.Join(wrong...)
}

// same compares one file with its recording and with what each store has of it.
func same(camera string, file call.File, r recording, stores map[string]opened) error {
	if r.Size != file.Size {
		return fmt.Errorf("%s of %s has %d bytes on the card and %d as a recording", file.Path, camera, file.Size, r.Size)
	}
	for store, has := range stores {
		switch content, there := has[r.Sealed]; {
		case !there:
			return fmt.Errorf("%s of %s is not in store %s", file.Path, camera, store)
		case content != file.SHA256:
			return fmt.Errorf("%s of %s opens to other bytes in store %s than were on the card", file.Path, camera, store)
		}
	}
	return nil
}

// holdAll is an error unless every store has the bytes of each file of a card,
// under whatever name: for cards of which the station cannot tell whose they are.
func holdAll(stores map[string]opened, card rack.Card) error {
	for _, file := range card.Manifest() {
		for store, has := range stores {
			if !slices.Contains(slices.Collect(maps.Values(has)), file.SHA256) {
				return fmt.Errorf("store %s does not have the bytes of %s", store, file.Path)
			}
		}
	}
	return nil
}

// imageDigest is what the image of a card hashes to now, on the host.
func imageDigest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	digest, _, err := hashing.Of(file)
	return digest.String(), err
}

// openStore opens every sealed file below a directory with the agency's key.
func openStore(ctx context.Context, dir, identity string) (opened, error) {
	found := opened{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".sealed") {
			return err
		}
		flow := hashing.NewFlow()
		if _, err := custody.OpenFile(ctx, custody.OpenOptions{Path: path, Identities: []string{identity}, Stdout: flow}); err != nil {
			return fmt.Errorf("opening what a store has: %w", err)
		}
		found[strings.TrimSuffix(filepath.Base(path), ".sealed")] = flow.Digest().String()
		return nil
	})
	return found, err
}

// stores opens everything that the scenario's stores have on their disks. The
// guest's filesystems are frozen meanwhile, so that the images are whole; what
// comes out of them is removed again.
func (t *Trial) stores(ctx context.Context) (map[string]opened, error) {
	found := map[string]opened{}
	for _, label := range []string{firstDisk, otherDisk} {
		below := filepath.Join(t.Dir, label)
		if err := os.MkdirAll(below, 0o755); err != nil {
			return nil, err
		}
		if err := t.extract(ctx, label, below); err != nil {
			return nil, err
		}
		content, err := openStore(ctx, below, t.agency)
		if err != nil {
			return nil, err
		}
		found[label] = content
		if err := os.RemoveAll(below); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// extract copies the scenario's directory of a store out of the disk's image.
func (t *Trial) extract(ctx context.Context, label, to string) (err error) {
	at := "/srv/" + label
	if _, err := t.Rack.Guest.Run(ctx, guestLimit, "fsfreeze", "-f", at); err != nil {
		return err
	}
	defer func() {
		_, thawed := t.Rack.Guest.Run(ctx, guestLimit, "fsfreeze", "-u", at)
		err = errors.Join(err, thawed)
	}()
	return host(ctx, "debugfs", "-R", fmt.Sprintf("rdump /%s %s", t.Name, to), t.disk(label))
}
