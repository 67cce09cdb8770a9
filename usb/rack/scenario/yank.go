package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"berth/dock"
	"berth/usb/rack"
	"berth/usb/rack/call"
)

func yankScenarios() []Scenario {
	return []Scenario{
		{Name: "undock-mid-file", Promise: "a camera pulled out mid-file goes on in another bay and arrives whole", Station: true, Limit: 15 * time.Minute, Run: undockMidFile},
		{Name: "fast-replugs", Promise: "fifty fast replugs leave nothing behind, and then the camera is read", Station: true, Limit: 20 * time.Minute, Run: fastReplugs},
		{Name: "hub-pulled", Promise: "a hub pulled with four cameras in it harms none of them", Station: true, Limit: 20 * time.Minute, Run: hubPulled},
		{Name: "stuck-device", Promise: "a camera that gives no data is cut off, while seven others are read and emptied", Station: true, Apart: "QEMU itself stands still when a read of its slowest disk is cancelled", Limit: 20 * time.Minute, Run: stuckDevice},
	}
}

// oneClip is a card with one recording of so many bytes and a small one.
func oneClip(filesystem string, size int64, seed uint64) rack.Card {
	return rack.Card{Filesystem: filesystem, Partitioned: true, MiB: size>>20 + 48, Label: "CLIP", Seed: seed, Files: []call.File{
		{Path: "DCIM/100BERTH/LONG.MP4", Size: size}, {Path: "DCIM/100BERTH/SHORT.MP4", Size: 4321},
	}}
}

func undockMidFile(ctx context.Context, t *Trial) error {
	cameras, s, err := t.begin(ctx, "", oneClip(rack.FAT32, 48<<20, 600))
	if err != nil {
		return err
	}
	c := cameras[0]
	plug := c.plug()
	plug.BytesPerSecond = 2 << 20
	if err := t.Rack.Dock(ctx, plug); err != nil {
		return err
	}
	amid := func(status dock.Status) bool {
		b := bay(status, c.bay)
		return b.BytesDone > 4<<20 && b.BytesDone < b.BytesTotal
	}
	if _, err := s.until(ctx, 2*patience, "the camera is in the middle of being read", amid); err != nil {
		return err
	}
	if err := t.Rack.Undock(ctx, c.serial); err != nil {
		return err
	}
	if _, err := s.until(ctx, patience, "the bay is free", inState(dock.BayEmpty, c.bay)); err != nil {
		return err
	}
	cameras[0].bay, cameras[0].port = "B9", "9"
	return s.emptied(ctx, 10*time.Minute, cameras)
}

func fastReplugs(ctx context.Context, t *Trial) error {
	cameras, s, err := t.begin(ctx, "", smallCard(rack.ExFAT, true, 610))
	if err != nil {
		return err
	}
	c := cameras[0]
	ticker := time.NewTicker(150 * time.Millisecond) // about as fast as a hand can
	defer ticker.Stop()
	for range 50 {
		if err := t.Rack.Dock(ctx, c.plug()); err != nil {
			return err
		}
		<-ticker.C
		if err := t.Rack.Undock(ctx, c.serial); err != nil {
			return err
		}
		<-ticker.C
	}
	if _, err := s.until(ctx, patience, "the bay is free", inState(dock.BayEmpty, c.bay)); err != nil {
		return err
	}
	return s.emptied(ctx, 10*time.Minute, cameras)
}

func hubPulled(ctx context.Context, t *Trial) error {
	var cameras []camera
	for i := range 4 {
		c := camera{serial: fmt.Sprintf("HUB-%04d", i), bay: fmt.Sprintf("H%d", i+1), port: fmt.Sprintf("14.%d", i+1), card: oneClip(rack.FAT16, 3<<20, uint64(620+i))}
		var err error
		if c.image, err = t.Card(ctx, c.serial, c.card); err != nil {
			return err
		}
		cameras = append(cameras, c)
	}
	s, err := t.station(ctx, "")
	if err != nil {
		return err
	}
	plugAll := func() error {
		hub := rack.Plug{Name: "hub", Port: "14", Kind: rack.Hub, Options: map[string]any{"port-power": true}}
		if err := t.Rack.Dock(ctx, hub); err != nil {
			return err
		}
		for _, c := range cameras {
			if err := t.Rack.Dock(ctx, c.plug()); err != nil {
				return err
			}
		}
		return nil
	}
	if err := plugAll(); err != nil {
		return err
	}
	var bays []string
	for _, c := range cameras {
		bays = append(bays, c.bay)
	}
	reading := func(status dock.Status) bool {
		for _, name := range bays {
			if bay(status, name).BytesTotal == 0 {
				return false
			}
		}
		return true
	}
	if _, err := s.until(ctx, 2*patience, "all four are being read", reading); err != nil {
		return err
	}
	if err := t.Rack.UndockHub(ctx, "hub"); err != nil {
		return err
	}
	if _, err := s.until(ctx, patience, "no camera is in the four bays", withoutCamera(bays...)); err != nil {
		return err
	}
	if err := plugAll(); err != nil {
		return err
	}
	return s.finish(ctx, 15*time.Minute, cameras, bays)
}

func stuckDevice(ctx context.Context, t *Trial) error {
	cards := []rack.Card{oneClip(rack.FAT32, 32<<20, 630)}
	for i := range 7 {
		cards = append(cards, smallCard(rack.FAT16, i%2 == 0, uint64(631+i)))
	}
	cameras, s, err := t.begin(ctx, "usb: {stall: 15s}\n", cards...)
	if err != nil {
		return err
	}
	stuck := cameras[0]
	plug := stuck.plug()
	plug.BytesPerSecond = 4 << 20
	if err := t.Rack.Dock(ctx, plug); err != nil {
		return err
	}
	amid := func(status dock.Status) bool { return bay(status, stuck.bay).BytesDone > 1<<20 }
	if _, err := s.until(ctx, 2*patience, "the camera is in the middle of being read", amid); err != nil {
		return err
	}
	if err := t.Rack.Throttle(ctx, stuck.serial, 1); err != nil {
		return err
	}
	if err := s.emptiedBeside(ctx, cameras[1:], stuck.bay); err != nil {
		return err
	}
	if err := t.Rack.Throttle(ctx, stuck.serial, 0); err != nil {
		return err
	}
	if err := t.Rack.Undock(ctx, stuck.serial); err != nil {
		return err
	}
	if _, err := s.until(ctx, patience, "the stuck camera's bay is free, or misses it", func(status dock.Status) bool {
		b := bay(status, stuck.bay)
		return b.State == dock.BayEmpty || strings.Contains(b.Attention, "did not come back")
	}); err != nil {
		return err
	}
	return s.emptied(ctx, 10*time.Minute, cameras[:1])
}

// emptiedBeside docks cameras and waits until all are ready while another bay is
// not, and has been cut off.
func (s *station) emptiedBeside(ctx context.Context, cameras []camera, other string) error {
	var bays []string
	for _, c := range cameras {
		if err := s.trial.Rack.Dock(ctx, c.plug()); err != nil {
			return err
		}
		bays = append(bays, c.bay)
	}
	status, err := s.until(ctx, 10*time.Minute, "the seven others are ready", inState(dock.BayReady, bays...))
	if err != nil {
		return err
	}
	if state := bay(status, other).State; state == dock.BayReady {
		return errors.New("the camera that gives nothing is called ready")
	}
	_, err = s.until(ctx, 2*patience, "the stuck camera was cut off, and its bay says so", func(status dock.Status) bool {
		b := bay(status, other)
		return b.State == dock.BayEmpty || b.State == dock.BayAttention || b.Attention != ""
	})
	return errors.Join(err, s.compare(ctx, manifests(cameras)))
}
