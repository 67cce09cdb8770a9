package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"berth/cmd/berth/demo"
	"berth/config"
)

// demoHome is a demo's directory: berth.yaml, recipients/, bays/, stores/,
// data/, cameras/ (those that are not docked) and agency-side/, which stands
// for another computer.
type demoHome struct {
	dir     string
	config  *config.Config
	cameras []demoCamera
}

// demoCamera is one camera of the demo and the bay where it is docked.
type demoCamera struct {
	name string
	bay  string
}

const demoConfig = `# The demo's station. "berth config example" explains every key.
station: {id: demo-dock, agency: Demo Police Department, data: data, contact: "you"}
bays:
  - {name: A1, directory: bays/A1}
  - {name: A2, directory: bays/A2, priority: high}
  - {name: A3, directory: bays/A3}
  - {name: A4, directory: bays/A4}
cameras:
  - {name: acme-bc2, recordings: ["DCIM/**"], auxiliary: ["*.THM", "ID.TXT"], identity: ["file:ID.TXT", folder-name]}
sealing: {recipients: [recipients/agency.pub.pem]}
stores:
  # Both on this computer's disk: fine to try it out, no place for evidence.
  - {name: evidence-1, type: directory, path: stores/evidence-1, shares-device: true}
  - {name: evidence-2, type: directory, path: stores/evidence-2, shares-device: true}
copies: 2
`

// prepareDemo makes what is missing in dir, fills the cameras and leaves them
// undocked. Recordings that an interrupted demo left on a camera stay there.
func prepareDemo(ctx context.Context, dir string, sizeBytes int64) (*demoHome, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	h := &demoHome{dir: dir}
	for _, sub := range []string{
		"agency-side", "recipients", "cameras", "stores/evidence-1", "stores/evidence-2",
		"bays/A1", "bays/A2", "bays/A3", "bays/A4",
	} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	if err := h.makeKeysAndConfig(); err != nil {
		return nil, err
	}
	for _, store := range h.config.Stores {
		if _, err := commission(ctx, h.config, store.Name); err != nil {
			return nil, err
		}
	}
	return h, h.fillCameras(ctx, sizeBytes)
}

func (h *demoHome) makeKeysAndConfig() error {
	pair := filepath.Join(h.dir, "agency-side", "agency")
	if _, err := os.Stat(pair + ".key.pem"); errors.Is(err, fs.ErrNotExist) {
		if _, _, err := newKeyPair(pair); err != nil {
			return err
		}
	}
	public, err := os.ReadFile(pair + ".pub.pem")
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		"recipients/agency.pub.pem": public, "berth.yaml": []byte(demoConfig),
	} {
		if err := createFile(filepath.Join(h.dir, path), content, 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	h.config, err = config.Load(filepath.Join(h.dir, "berth.yaml"))
	return err
}

// fillCameras takes the cameras of an earlier run out of their bays and gives
// every camera new recordings that has none.
func (h *demoHome) fillCameras(ctx context.Context, sizeBytes int64) error {
	fresh, err := os.MkdirTemp(h.dir, ".cameras-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	made, err := demo.WriteCameras(ctx, fresh, uint64(time.Now().UnixNano()), sizeBytes)
	if err != nil {
		return err
	}
	for i, camera := range made {
		name, bay := filepath.Base(camera.Folder), fmt.Sprintf("A%d", i+1)
		home := filepath.Join(h.dir, "cameras", name)
		docked := filepath.Join(h.dir, "bays", bay, name)
		if err := os.Rename(docked, home); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		full, err := holdsRecordings(home)
		if err != nil {
			return err
		}
		if !full {
			if err := errors.Join(os.RemoveAll(home), os.Rename(camera.Folder, home)); err != nil {
				return err
			}
		}
		h.cameras = append(h.cameras, demoCamera{name: name, bay: bay})
	}
	return nil
}

func holdsRecordings(camera string) (bool, error) {
	found := false
	err := filepath.WalkDir(camera, func(path string, d fs.DirEntry, err error) error {
		found = found || err == nil && strings.EqualFold(filepath.Ext(path), ".MP4")
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return found, err
}

// dock puts every camera into its bay, at once and whole, as a plug does.
func (h *demoHome) dock() error {
	for _, c := range h.cameras {
		from, to := filepath.Join(h.dir, "cameras", c.name), filepath.Join(h.dir, "bays", c.bay, c.name)
		if err := os.Rename(from, to); err != nil {
			return fmt.Errorf("dock a camera: %w", err)
		}
	}
	return nil
}
