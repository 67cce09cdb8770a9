package scenario

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"berth/dock"
	"berth/usb/rack"
	"berth/usb/rack/call"
)

func damageScenarios() []Scenario {
	return []Scenario{
		{Name: "read-errors", Promise: "a block that cannot be read costs its recording only, and locks the erasing", Station: true, Limit: 15 * time.Minute, Run: readErrors},
		{Name: "write-errors", Promise: "a card that fails while it is emptied is never called empty", Station: true, Limit: 15 * time.Minute, Run: writeErrors},
		{Name: "read-only-card", Promise: "a card with its write protection on is read, and never called empty", Station: true, Limit: 10 * time.Minute, Run: readOnlyCard},
		{Name: "damaged-fat", Promise: "FAT with loops, crossed chains and garbage is read as far as it goes and never written to", Station: true, Limit: 15 * time.Minute, Run: damagedFAT},
		{Name: "cut-exfat", Promise: "a truncated exFAT hurts nobody and is never written to", Station: true, Limit: 10 * time.Minute, Run: cutExFAT},
	}
}

// notEmptied docks cameras, waits until each wants attention, and sees to it that
// none was called ready and that each card still holds all it held.
func (s *station) wantAttention(ctx context.Context, limit time.Duration, plugs ...rack.Plug) (dock.Status, error) {
	var bays []string
	for _, plug := range plugs {
		if err := s.trial.Rack.Dock(ctx, plug); err != nil {
			return dock.Status{}, err
		}
		bays = append(bays, "B"+plug.Port)
	}
	ready := ""
	status, err := s.until(ctx, limit, "each camera wants attention", func(status dock.Status) bool {
		for _, name := range bays {
			if bay(status, name).State == dock.BayReady {
				ready = name
			}
		}
		return inState(dock.BayAttention, bays...)(status)
	})
	if ready != "" {
		err = errors.Join(err, fmt.Errorf("bay %s was called ready", ready))
	}
	return status, err
}

// contentAt is the first sector of a file's bytes in an image, found by looking
// for them: each sector of each file is the only one of its kind.
func contentAt(image string, card rack.Card, file call.File) (int64, error) {
	return rack.Find(image, card.Seed, file.Path, file.Size)
}

func readErrors(ctx context.Context, t *Trial) error {
	cameras, s, err := t.begin(ctx, "", smallCard(rack.FAT32, true, 700), smallCard(rack.Ext4, false, 701))
	if err != nil {
		return err
	}
	var plugs []rack.Plug
	whole := map[string][]call.File{}
	for _, c := range cameras {
		bad := c.card.Files[3]
		sector, err := contentAt(c.image, c.card, bad)
		if err != nil {
			return err
		}
		plug := c.plug()
		plug.Faults = []rack.Fault{{Sector: sector + 1000}}
		plugs = append(plugs, plug)
		for _, file := range c.card.Manifest() {
			if file.Path != bad.Path {
				whole[c.serial] = append(whole[c.serial], file)
			}
		}
	}
	if _, err := s.wantAttention(ctx, 10*time.Minute, plugs...); err != nil {
		return err
	}
	stored := func(status dock.Status) bool {
		for _, c := range cameras {
			if bay(status, c.bay).Stored < len(c.card.Files)-1 {
				return false
			}
		}
		return true
	}
	if _, err := s.until(ctx, 2*patience, "all but the damaged recordings are stored", stored); err != nil {
		return err
	}
	if err := s.compareAtLeast(ctx, whole); err != nil {
		return err
	}
	return s.stop(ctx)
}

// compareAtLeast compares what must be there and leaves out what need not be.
func (s *station) compareAtLeast(ctx context.Context, manifests map[string][]call.File) error {
	recordings, err := s.recordings(ctx)
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	for camera, files := range manifests {
		for _, file := range files {
			asked[camera+"\x00"+file.Path] = true
		}
	}
	var some []recording
	for _, r := range recordings {
		if asked[r.Camera+"\x00"+r.Name] {
			some = append(some, r)
		}
	}
	stores, err := s.trial.stores(ctx)
	if err != nil {
		return err
	}
	return compare(manifests, some, stores)
}

func writeErrors(ctx context.Context, t *Trial) error {
	cameras, err := t.cameras(ctx, smallCard(rack.FAT32, true, 710), smallCard(rack.Ext4, false, 711))
	if err != nil {
		return err
	}
	return t.neverReady(ctx, cameras, func(plug *rack.Plug) { plug.Faults = []rack.Fault{{Sector: -1, Write: true}} })
}

func readOnlyCard(ctx context.Context, t *Trial) error {
	cameras, err := t.cameras(ctx, smallCard(rack.FAT32, true, 720), smallCard(rack.ExFAT, false, 721))
	if err != nil {
		return err
	}
	return t.neverReady(ctx, cameras, func(plug *rack.Plug) { plug.ReadOnly = true })
}

// neverReady docks cameras whose cards cannot be written to: everything must get
// to the stores, and none may be called ready.
func (t *Trial) neverReady(ctx context.Context, cameras []camera, spoil func(*rack.Plug)) error {
	s, err := t.station(ctx, "")
	if err != nil {
		return err
	}
	var plugs []rack.Plug
	for _, c := range cameras {
		plug := c.plug()
		spoil(&plug)
		plugs = append(plugs, plug)
	}
	if _, err := s.wantAttention(ctx, 8*time.Minute, plugs...); err != nil {
		return err
	}
	if err := s.compare(ctx, manifests(cameras)); err != nil {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	for _, c := range cameras {
		if err := t.Rack.Undock(ctx, c.serial); err != nil {
			return err
		}
	}
	return nil
}

func damagedFAT(ctx context.Context, t *Trial) error {
	cards := []rack.Card{smallCard(rack.FAT32, false, 730), smallCard(rack.FAT32, false, 731), smallCard(rack.FAT16, false, 732)}
	cameras, err := t.cameras(ctx, cards...)
	if err != nil {
		return err
	}
	for i, spoil := range []func(*rack.FATImage) error{(*rack.FATImage).Loop, (*rack.FATImage).Cross, (*rack.FATImage).Garbage} {
		image, err := rack.OpenFAT(cameras[i].image)
		if err != nil {
			return err
		}
		if err := errors.Join(spoil(image), image.Close()); err != nil {
			return err
		}
	}
	return t.readAsFarAsItGoes(ctx, cameras)
}

func cutExFAT(ctx context.Context, t *Trial) error {
	cameras, err := t.cameras(ctx, smallCard(rack.ExFAT, false, 740))
	if err != nil {
		return err
	}
	if err := os.Truncate(cameras[0].image, 20<<20); err != nil {
		return err
	}
	return t.readAsFarAsItGoes(ctx, cameras)
}

// readAsFarAsItGoes docks cameras with damaged cards beside a healthy one: they
// end with a person, not written to, and the healthy one never notices.
func (t *Trial) readAsFarAsItGoes(ctx context.Context, damaged []camera) error {
	healthy := camera{serial: "HEALTHY-1", bay: "B9", port: "9", card: smallCard(rack.FAT32, true, 739)}
	var err error
	if healthy.image, err = t.Card(ctx, healthy.serial, healthy.card); err != nil {
		return err
	}
	before := map[string]string{}
	var plugs []rack.Plug
	for _, c := range damaged {
		if before[c.serial], err = imageDigest(c.image); err != nil {
			return err
		}
		plugs = append(plugs, c.plug())
	}
	s, err := t.station(ctx, "")
	if err != nil {
		return err
	}
	if err := t.Rack.Dock(ctx, healthy.plug()); err != nil {
		return err
	}
	if _, err := s.wantAttention(ctx, 8*time.Minute, plugs...); err != nil {
		return err
	}
	if err := s.finish(ctx, 8*time.Minute, []camera{healthy}, []string{healthy.bay}); err != nil {
		return err
	}
	for _, c := range damaged {
		if err := t.Rack.Undock(ctx, c.serial); err != nil {
			return err
		}
		if after, err := imageDigest(c.image); err != nil || after != before[c.serial] {
			return fmt.Errorf("the damaged card of %s was written to (%w)", c.serial, err)
		}
	}
	return nil
}
