package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"berth/usb/rack"
	"berth/usb/rack/call"
)

// kernelScenarios say what the rack itself does, so that what the others find
// can be believed. They need no station.
func kernelScenarios() []Scenario {
	return []Scenario{
		{Name: "stick", Promise: "a stick is seen, read to the byte on every filesystem, and gone when it is pulled", Limit: 10 * time.Minute, Run: stick},
		{Name: "bad-sector", Promise: "a sector that cannot be read fails there and nowhere else", Limit: 5 * time.Minute, Run: badSector},
		{Name: "port-power", Promise: "a hub that switches its ports takes a device away and brings it back", Limit: 5 * time.Minute, Run: portPower},
	}
}

// smallCard is a card with a handful of files in the camera's way.
func smallCard(filesystem string, partitioned bool, seed uint64) rack.Card {
	card := rack.Card{Filesystem: filesystem, Partitioned: partitioned, MiB: 64, Label: "CAM", Seed: seed}
	if filesystem == rack.FAT16 {
		card.MiB = 32
	}
	for i := range 5 {
		card.Files = append(card.Files, call.File{Path: fmt.Sprintf("DCIM/%03dBERTH/CLIP%04d.MP4", 100+i%2, i), Size: int64(i) * 777_777})
	}
	card.Files = append(card.Files, call.File{Path: "README.TXT", Size: 11})
	return card
}

// byID is the name that udev gives the disk of a device with this serial.
func byID(serial string) string { return "/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_" + serial + "-0:0" }

func stick(ctx context.Context, t *Trial) error {
	for i, c := range []rack.Card{
		smallCard(rack.FAT16, false, 1), smallCard(rack.FAT32, true, 2), smallCard(rack.ExFAT, true, 3), smallCard(rack.Ext4, false, 4),
	} {
		if err := t.readStick(ctx, c, fmt.Sprintf("STICK%d", i)); err != nil {
			return fmt.Errorf("%s: %w", c.Filesystem, err)
		}
	}
	return nil
}

// readStick mounts a card in the guest and holds what the kernel reads against
// the manifest, and against one with another digest, which must be noticed.
func (t *Trial) readStick(ctx context.Context, card rack.Card, serial string) error {
	image, err := t.Card(ctx, serial, card)
	if err != nil {
		return err
	}
	const sysfs = "/sys/bus/usb/devices/2-3/product"
	if err := t.Rack.Dock(ctx, rack.Plug{Name: "stick", Port: "3", Disk: image, Serial: serial}); err != nil {
		return err
	}
	device := byID(serial)
	if card.Partitioned {
		device += "-part1"
	}
	guest := t.Rack.Guest
	if err := errors.Join(guest.UntilThere(ctx, patience, sysfs), guest.UntilThere(ctx, patience, device)); err != nil {
		return err
	}
	if _, err := guest.Run(ctx, guestLimit, "busybox", "mkdir", "-p", "/tmp/stick"); err != nil {
		return err
	}
	if _, err := guest.Run(ctx, guestLimit, "mount", "-o", "ro", device, "/tmp/stick"); err != nil {
		return err
	}
	found, err := guest.Tree(ctx, "/tmp/stick")
	if err != nil {
		return err
	}
	if _, err := guest.Run(ctx, guestLimit, "umount", "/tmp/stick"); err != nil {
		return err
	}
	manifest := card.Manifest()
	if err := sameTree(manifest, found); err != nil {
		return err
	}
	manifest[1].SHA256 = strings.Repeat("0", len(manifest[1].SHA256))
	if sameTree(manifest, found) == nil {
		return errors.New("a digest that nothing has was not noticed: this comparison proves nothing")
	}
	if err := t.Rack.Undock(ctx, "stick"); err != nil {
		return err
	}
	return errors.Join(guest.UntilGone(ctx, patience, sysfs), guest.UntilGone(ctx, patience, device))
}

// sameTree compares the files of a listing with a manifest.
func sameTree(manifest, found []call.File) error {
	digests := map[string]string{}
	for _, file := range found {
		if file.Kind == "file" {
			digests[file.Path] = file.SHA256
		}
	}
	for _, file := range manifest {
		if digests[file.Path] != file.SHA256 {
			return fmt.Errorf("%s reads as %q, not as %s", file.Path, digests[file.Path], file.SHA256)
		}
		delete(digests, file.Path)
	}
	if len(digests) > 0 {
		return fmt.Errorf("%d files are on the card that nobody put there", len(digests))
	}
	return nil
}

func badSector(ctx context.Context, t *Trial) error {
	image, err := t.Card(ctx, "card", smallCard(rack.FAT32, false, 5))
	if err != nil {
		return err
	}
	const bad = 100_000 // in the data, far from both ends
	plug := rack.Plug{Name: "card", Port: "4", Disk: image, Serial: "BADSECTOR", Faults: []rack.Fault{{Sector: bad}}}
	if err := t.Rack.Dock(ctx, plug); err != nil {
		return err
	}
	guest := t.Rack.Guest
	if err := guest.UntilThere(ctx, patience, byID(plug.Serial)); err != nil {
		return err
	}
	read := func(sector int) error {
		_, err := guest.Run(ctx, guestLimit, "dd", "if="+byID(plug.Serial), "iflag=direct", "of=/dev/null", "bs=512", "count=1", fmt.Sprintf("skip=%d", sector))
		return err
	}
	var exit *rack.ExitError
	if err := read(bad); !errors.As(err, &exit) || exit.TimedOut || !strings.Contains(exit.Text, "Input/output error") {
		return fmt.Errorf("reading the bad sector gave %w", err)
	}
	return errors.Join(read(bad-1), read(bad+1))
}

func portPower(ctx context.Context, t *Trial) error {
	image, err := t.Card(ctx, "card", smallCard(rack.FAT16, false, 6))
	if err != nil {
		return err
	}
	hub := rack.Plug{Name: "hub", Port: "14", Kind: rack.Hub, Options: map[string]any{"port-power": true}}
	if err := errors.Join(t.Rack.Dock(ctx, hub), t.Rack.Dock(ctx, rack.Plug{Name: "card", Port: "14.2", Disk: image, Serial: "BEHINDHUB"})); err != nil {
		return err
	}
	const port, device = "/sys/bus/usb/devices/1-14:1.0/1-14-port2/disable", "/sys/bus/usb/devices/1-14.2/devnum"
	guest := t.Rack.Guest
	if err := guest.UntilThere(ctx, patience, device); err != nil {
		return err
	}
	before, err := guest.ReadFile(ctx, device)
	if err != nil {
		return err
	}
	if err := errors.Join(guest.WriteFile(ctx, port, []byte("1")), guest.UntilGone(ctx, patience, device)); err != nil {
		return err
	}
	if off, err := guest.ReadFile(ctx, port); err != nil || strings.TrimSpace(string(off)) != "1" {
		return fmt.Errorf("the port that was switched off says %q (%w)", off, err)
	}
	if err := errors.Join(guest.WriteFile(ctx, port, []byte("0")), guest.UntilThere(ctx, patience, device)); err != nil {
		return err
	}
	after, err := guest.ReadFile(ctx, device)
	if err != nil {
		return err
	}
	if string(before) == string(after) {
		return fmt.Errorf("the device kept its number %s: it was never away", strings.TrimSpace(string(after)))
	}
	return nil
}
