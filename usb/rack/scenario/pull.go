package scenario

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"berth/dock"
	"berth/usb/rack"
	"berth/usb/rack/call"
)

func pullScenarios() []Scenario {
	return []Scenario{
		{Name: "eight-cameras", Promise: "eight cameras at once, every filesystem: all in both stores to the byte, all cards empty", Station: true, Limit: 25 * time.Minute, Run: eightCameras},
		{Name: "odd-names", Promise: "long, odd and foreign names arrive as they are", Station: true, Limit: 10 * time.Minute, Run: oddNames},
		{Name: "many-names", Promise: "2,000 files on one card arrive under their names", Station: true, Apart: "it takes a quarter of an hour", Limit: 40 * time.Minute, Run: manyNames},
		{Name: "big-file", Promise: "a recording of more than 4 GiB on exFAT arrives whole", Station: true, Apart: "it takes an hour", Limit: 90 * time.Minute, Run: bigFile},
		{Name: "never-written", Promise: "a card that is only read is the same to the byte afterwards, a dirty ext4 too", Station: true, Limit: 10 * time.Minute, Run: neverWritten},
		{Name: "two-of-one-name", Promise: "two cameras with one serial are both read, and neither is emptied", Station: true, Limit: 10 * time.Minute, Run: twoOfOneName},
	}
}

// camera is one card in one bay.
type camera struct {
	serial string // and with it the camera's name
	bay    string
	port   string
	image  string
	card   rack.Card
}

// plug is how it is plugged in.
func (c camera) plug() rack.Plug {
	return rack.Plug{Name: c.serial, Port: c.port, Disk: c.image, Serial: c.serial}
}

// begin makes a card for each bay, in their order, and starts a station whose
// config has more at its end.
func (t *Trial) begin(ctx context.Context, more string, cards ...rack.Card) ([]camera, *station, error) {
	cameras, err := t.cameras(ctx, cards...)
	if err != nil {
		return nil, nil, err
	}
	s, err := t.station(ctx, more)
	return cameras, s, err
}

// cameras makes a card for each bay, in their order.
func (t *Trial) cameras(ctx context.Context, cards ...rack.Card) ([]camera, error) {
	var all []camera
	for i, card := range cards {
		c := camera{serial: fmt.Sprintf("BC2-%04d", 417+i), bay: fmt.Sprintf("B%d", i+1), port: fmt.Sprint(i + 1), card: card}
		var err error
		if c.image, err = t.Card(ctx, c.serial, card); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// manifests are what the cameras' cards held, by camera.
func manifests(cameras []camera) map[string][]call.File {
	all := map[string][]call.File{}
	for _, c := range cameras {
		all[c.serial] = c.card.Manifest()
	}
	return all
}

// emptied docks cameras and waits until the station calls each of them ready;
// then it compares the stores with the cards as they were, and looks at the
// cards, which must hold no file any more.
func (s *station) emptied(ctx context.Context, limit time.Duration, cameras []camera) error {
	var bays []string
	for _, c := range cameras {
		if err := s.trial.Rack.Dock(ctx, c.plug()); err != nil {
			return err
		}
		bays = append(bays, c.bay)
	}
	return s.finish(ctx, limit, cameras, bays)
}

// finish waits until the cameras in these bays are done, and looks.
func (s *station) finish(ctx context.Context, limit time.Duration, cameras []camera, bays []string) error {
	done := func(status dock.Status) bool {
		for i, name := range bays {
			if b := bay(status, name); b.State != dock.BayReady || string(b.Camera) != cameras[i].serial {
				return false
			}
		}
		return true
	}
	if _, err := s.until(ctx, limit, "all cameras are ready", done); err != nil {
		return err
	}
	if err := s.compare(ctx, manifests(cameras)); err != nil {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	for _, c := range cameras {
		files, err := s.trial.filesOn(ctx, c)
		if err != nil {
			return err
		}
		if len(files) > 0 {
			return fmt.Errorf("%s was called ready and still holds %d files", c.serial, len(files))
		}
	}
	return nil
}

// filesOn lists the files that a docked camera's card holds now, by mounting it
// once more beside the station.
func (t *Trial) filesOn(ctx context.Context, c camera) ([]call.File, error) {
	const at = "/tmp/look"
	part := ""
	if c.card.Partitioned {
		part = "1"
	}
	if _, err := t.Rack.Guest.Shell(ctx, guestLimit, fmt.Sprintf(
		"mkdir -p %s; disk=$(echo /sys/bus/usb/devices/[12]-%s:1.0/host*/target*/*/block/sd*); mount -o ro /dev/${disk##*/}%s %s", at, c.port, part, at)); err != nil {
		return nil, err
	}
	all, err := t.Rack.Guest.Tree(ctx, at)
	_, unmounted := t.Rack.Guest.Run(ctx, guestLimit, "umount", at)
	var files []call.File
	for _, file := range all {
		if file.Kind == "file" {
			files = append(files, file)
		}
	}
	return files, errors.Join(err, unmounted)
}

// untouched is an error unless a docked camera's card holds what it held when it
// was made.
func (t *Trial) untouched(ctx context.Context, c camera) error {
	found, err := t.filesOn(ctx, c)
	if err != nil {
		return err
	}
	if err := sameTree(c.card.Manifest(), found); err != nil {
		return fmt.Errorf("the card of %s is not what it was: %w", c.serial, err)
	}
	return nil
}

func eightCameras(ctx context.Context, t *Trial) error {
	var cards []rack.Card
	for i, filesystem := range []string{rack.FAT32, rack.ExFAT, rack.Ext4, rack.FAT16, rack.FAT32, rack.ExFAT, rack.Ext4, rack.FAT32} {
		cards = append(cards, smallCard(filesystem, i%2 == 0, uint64(100+i)))
	}
	return t.allEmptied(ctx, 20*time.Minute, cards...)
}

func manyNames(ctx context.Context, t *Trial) error {
	many := rack.Card{Filesystem: rack.FAT32, Partitioned: true, MiB: 128, Label: "MANY", Seed: 200}
	for i := range 2000 {
		many.Files = append(many.Files, call.File{Path: fmt.Sprintf("DCIM/%03dBERTH/CLIP%04d.MP4", 100+i/200, i), Size: int64(1 + i*7%9000)})
	}
	return t.allEmptied(ctx, 38*time.Minute, many)
}

func oddNames(ctx context.Context, t *Trial) error {
	odd := rack.Card{Filesystem: rack.ExFAT, MiB: 64, Label: "ODD", Seed: 201}
	deep := strings.Repeat("a folder/", 20)
	for i, name := range []string{
		strings.Repeat("long", 60) + ".mp4", "Überfall Straße.MP4", "видео 1.mp4", "ビデオ.mp4", "emoji 🎥.mp4", " leading space.mp4", "two  spaces.mp4",
		"quote'; DROP.mp4", "-rf.mp4", "%s%n.mp4", "$(reboot).mp4", deep + "deep.mp4", "no extension", "RECORD.MP4.part", ".hidden.mp4",
	} {
		odd.Files = append(odd.Files, call.File{Path: name, Size: int64(1000 + i)})
	}
	return t.allEmptied(ctx, 8*time.Minute, odd)
}

// allEmptied docks the cards and waits until every recording on them is in the
// stores and no longer on them.
func (t *Trial) allEmptied(ctx context.Context, within time.Duration, cards ...rack.Card) error {
	cameras, s, err := t.begin(ctx, "", cards...)
	if err != nil {
		return err
	}
	return s.emptied(ctx, within, cameras)
}

func bigFile(ctx context.Context, t *Trial) error {
	return t.allEmptied(ctx, 80*time.Minute, rack.Card{Filesystem: rack.ExFAT, Partitioned: true, MiB: 4400, Label: "BIG", Seed: 300, Files: []call.File{
		{Path: "DCIM/100BERTH/SHIFT.MP4", Size: 4<<30 + 12345}, {Path: "DCIM/100BERTH/AFTER.MP4", Size: 100},
	}})
}

func neverWritten(ctx context.Context, t *Trial) error {
	cameras, err := t.cameras(ctx, smallCard(rack.FAT32, true, 400), smallCard(rack.ExFAT, false, 401), smallCard(rack.Ext4, true, 402), smallCard(rack.Ext4, false, 403))
	if err != nil {
		return err
	}
	// The fourth is dirty: its camera's power was cut while it wrote.
	if err := t.soil(ctx, cameras[3]); err != nil {
		return err
	}
	before := map[string]string{}
	for _, c := range cameras {
		if before[c.serial], err = imageDigest(c.image); err != nil {
			return err
		}
	}
	s, err := t.station(ctx, "erase: {after: never}\n")
	if err != nil {
		return err
	}
	for _, c := range cameras {
		if err := t.Rack.Dock(ctx, c.plug()); err != nil {
			return err
		}
	}
	stored := func(status dock.Status) bool {
		for _, c := range cameras {
			if b := bay(status, c.bay); b.RecordingsTotal != len(c.card.Files) || b.Stored != b.RecordingsTotal {
				return false
			}
		}
		return true
	}
	if _, err := s.until(ctx, 8*time.Minute, "all are stored", stored); err != nil {
		return err
	}
	if err := errors.Join(s.compare(ctx, manifests(cameras)), s.stop(ctx)); err != nil {
		return err
	}
	for _, c := range cameras {
		if err := t.Rack.Undock(ctx, c.serial); err != nil {
			return err
		}
		if after, err := imageDigest(c.image); err != nil || after != before[c.serial] {
			return fmt.Errorf("the card of %s, with %s, was written to (%w)", c.serial, c.card.Filesystem, err)
		}
	}
	return nil
}

// soil leaves a card as a camera does whose battery fell out: mounted.
func (t *Trial) soil(ctx context.Context, c camera) error {
	const soiler = "SOILER"
	if err := t.Rack.Dock(ctx, rack.Plug{Name: soiler, Port: fmt.Sprint(rack.Ports), Disk: c.image, Serial: soiler}); err != nil {
		return err
	}
	if err := t.Rack.Guest.UntilThere(ctx, patience, byID(soiler)); err != nil {
		return err
	}
	// What was written must be in the journal, and not yet where it belongs: the
	// journal is committed and the card pulled before it is written back.
	if _, err := t.Rack.Guest.Shell(ctx, guestLimit, "mkdir -p /tmp/soil; mount "+byID(soiler)+" /tmp/soil; mkdir /tmp/soil/half; sync -f /tmp/soil"); err != nil {
		return err
	}
	if err := t.Rack.Undock(ctx, soiler); err != nil {
		return err
	}
	if _, err := t.Rack.Guest.Run(ctx, guestLimit, "umount", "-l", "/tmp/soil"); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "dumpe2fs", "-h", c.image).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("needs_recovery")) {
		return fmt.Errorf("the card that should be dirty is clean, which proves nothing (%w)", err)
	}
	return nil
}

func twoOfOneName(ctx context.Context, t *Trial) error {
	cameras, s, err := t.begin(ctx, "", smallCard(rack.FAT32, false, 500), smallCard(rack.FAT32, true, 501))
	if err != nil {
		return err
	}
	for _, c := range cameras {
		plug := c.plug()
		plug.Serial = "SHARED-0001"
		if err := t.Rack.Dock(ctx, plug); err != nil {
			return err
		}
	}
	both := func(status dock.Status) bool {
		for _, c := range cameras {
			if b := bay(status, c.bay); b.RecordingsTotal != len(c.card.Files) || b.Stored != b.RecordingsTotal || b.State != dock.BayAttention {
				return false
			}
		}
		return true
	}
	if _, err := s.until(ctx, 8*time.Minute, "both are stored and want attention", both); err != nil {
		return err
	}
	stores, err := t.stores(ctx)
	if err != nil {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	for _, c := range cameras {
		if err := errors.Join(holdAll(stores, c.card), t.untouched(ctx, c)); err != nil {
			return err
		}
	}
	return nil
}
