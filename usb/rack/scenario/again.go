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

func againScenarios() []Scenario {
	return []Scenario{
		{Name: "same-names-again", Promise: "an emptied camera that counts from one again has new recordings, and loses none", Station: true, Limit: 20 * time.Minute, Run: sameNamesAgain},
		{Name: "other-bytes", Promise: "a sector that changed between the two reads holds its recording and keeps the card", Station: true, Limit: 15 * time.Minute, Run: otherBytes},
		{Name: "port-off-and-on", Promise: "a bay's port is switched off and on, and the station follows", Station: true, Limit: 15 * time.Minute, Run: portOffAndOn},
		{Name: "many-entries", Promise: "a folder of 100,000 entries is listed to its end, and its recordings arrive", Station: true, Apart: "it takes an hour", Limit: 90 * time.Minute, Run: manyEntries},
	}
}

func sameNamesAgain(ctx context.Context, t *Trial) error {
	cameras, s, err := t.begin(ctx, "", smallCard(rack.FAT32, true, 900))
	if err != nil {
		return err
	}
	c := cameras[0]
	if err := t.Rack.Dock(ctx, c.plug()); err != nil {
		return err
	}
	if _, err := s.until(ctx, 8*time.Minute, "the camera is ready", inState(dock.BayReady, c.bay)); err != nil {
		return err
	}
	if err := t.Rack.Undock(ctx, c.serial); err != nil {
		return err
	}
	// The same names and sizes, other bytes, in another bay.
	again := camera{serial: c.serial, bay: "B12", port: "12", card: smallCard(rack.FAT32, true, 901)}
	if again.image, err = t.Card(ctx, "again", again.card); err != nil {
		return err
	}
	if err := t.Rack.Dock(ctx, again.plug()); err != nil {
		return err
	}
	ready := func(status dock.Status) bool {
		b := bay(status, again.bay)
		return b.State == dock.BayReady && b.RecordingsTotal > 0
	}
	if _, err := s.until(ctx, 8*time.Minute, "the camera is ready again", ready); err != nil {
		return err
	}
	stores, err := t.stores(ctx)
	if err != nil {
		return err
	}
	recordings, err := s.recordings(ctx)
	if err != nil {
		return err
	}
	if want := 2 * len(c.card.Files); len(recordings) != want {
		return fmt.Errorf("two times %d files became %d recordings", len(c.card.Files), len(recordings))
	}
	return errors.Join(holdAll(stores, c.card), holdAll(stores, again.card), s.stop(ctx))
}

func otherBytes(ctx context.Context, t *Trial) error {
	card := rack.Card{Filesystem: rack.FAT32, Partitioned: true, MiB: 96, Label: "ROT", Seed: 910, Files: []call.File{
		{Path: "DCIM/A.MP4", Size: 12 << 20}, {Path: "DCIM/B.MP4", Size: 12 << 20},
	}}
	cameras, s, err := t.begin(ctx, "", card)
	if err != nil {
		return err
	}
	c := cameras[0]
	plug := c.plug()
	plug.BytesPerSecond = 1 << 20
	if err := t.Rack.Dock(ctx, plug); err != nil {
		return err
	}
	amid := func(status dock.Status) bool { return bay(status, c.bay).RecordingsDone == 1 }
	if _, err := s.until(ctx, 5*time.Minute, "one of two recordings is on the station", amid); err != nil {
		return err
	}
	recordings, err := s.recordings(ctx)
	if err != nil {
		return err
	}
	changed := ""
	for _, r := range recordings {
		if r.Sealed != "" && (changed == "" || r.State != "seen") {
			changed = r.Name
		}
	}
	if err := flip(c, changed); err != nil {
		return err
	}
	if err := t.Rack.Throttle(ctx, c.serial, 0); err != nil {
		return err
	}
	status, err := s.until(ctx, 8*time.Minute, "the camera wants attention", inState(dock.BayAttention, c.bay))
	if err != nil {
		return err
	}
	if b := bay(status, c.bay); b.Erased > 1 {
		return errors.New("a recording of which the camera gave other bytes was erased")
	}
	// What the stores have is what the camera gave first.
	if err := s.compare(ctx, manifests(cameras)); err != nil {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	left, err := t.filesOn(ctx, c)
	if err != nil {
		return err
	}
	for _, file := range left {
		if file.Path == changed {
			return nil
		}
	}
	return errors.New("the recording that changed is not on the card any more")
}

// flip changes one byte in the middle of a file's content, on the medium.
func flip(c camera, name string) error {
	sector, err := rack.Find(c.image, c.card.Seed, name, 12<<20)
	if err != nil {
		return err
	}
	disk, err := os.OpenFile(c.image, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer disk.Close()
	at := sector*512 + 5<<20
	one := make([]byte, 1)
	if _, err := disk.ReadAt(one, at); err != nil {
		return err
	}
	one[0] ^= 1
	_, err = disk.WriteAt(one, at)
	return err
}

func portOffAndOn(ctx context.Context, t *Trial) error {
	c := camera{serial: "BC2-POWER", bay: "H1", port: "14.1", card: smallCard(rack.FAT16, false, 920)}
	var err error
	if c.image, err = t.Card(ctx, c.serial, c.card); err != nil {
		return err
	}
	s, err := t.station(ctx, "")
	if err != nil {
		return err
	}
	hub := rack.Plug{Name: "hub", Port: "14", Kind: rack.Hub, Options: map[string]any{"port-power": true}}
	if err := errors.Join(t.Rack.Dock(ctx, hub), t.Rack.Dock(ctx, c.plug())); err != nil {
		return err
	}
	docked := func(status dock.Status) bool { return string(bay(status, c.bay).Camera) == c.serial }
	if _, err := s.until(ctx, 2*patience, "the camera is seen", docked); err != nil {
		return err
	}
	power := func(what string) error {
		_, err := t.Rack.Guest.Run(ctx, guestLimit, "/usr/bin/berth", "ports", "power", what, "1-14.1", "--config", configPath)
		return err
	}
	if err := power("off"); err != nil {
		return err
	}
	if _, err := s.until(ctx, patience, "no camera is in the bay while its port is off", withoutCamera(c.bay)); err != nil {
		return err
	}
	if err := power("on"); err != nil {
		return err
	}
	return s.finish(ctx, 8*time.Minute, []camera{c}, []string{c.bay})
}

func manyEntries(ctx context.Context, t *Trial) error {
	card := smallCard(rack.Ext4, true, 930)
	card.MiB = 640
	for i := range 100_000 {
		card.Files = append(card.Files, call.File{Path: fmt.Sprintf("DCIM/THUMBS/T%06d.THM", i)})
	}
	cameras, err := t.cameras(ctx, card)
	if err != nil {
		return err
	}
	// What is compared are the recordings; thumbnails are listed and stay.
	cameras[0].card.Files = card.Files[:6]
	s, err := t.station(ctx, "cameras:\n  - {name: thumbs, driver: mass-storage, auxiliary: [\"*.THM\"]}\n")
	if err != nil {
		return err
	}
	c := cameras[0]
	if err := t.Rack.Dock(ctx, c.plug()); err != nil {
		return err
	}
	if _, err := s.until(ctx, 80*time.Minute, "the camera is ready", inState(dock.BayReady, c.bay)); err != nil {
		return err
	}
	if err := s.compare(ctx, manifests(cameras)); err != nil {
		return err
	}
	out, err := t.Rack.Guest.Shell(ctx, 2*patience, "berth recordings --exceptions --json --config "+configPath+" | grep -c THM")
	if err != nil {
		return err
	}
	if out != "100000\n" {
		return fmt.Errorf("of 100000 thumbnails %s are listed", out)
	}
	return s.stop(ctx)
}
