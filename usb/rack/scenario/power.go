package scenario

import (
	"context"
	"fmt"
	"time"

	"berth/dock"
	"berth/usb/rack"
)

func powerScenarios() []Scenario {
	return []Scenario{
		{Name: "power-cut", Promise: "the whole station loses its power amid reading and amid emptying, and nothing is lost", Station: true, Limit: 30 * time.Minute, Run: powerCut},
	}
}

func powerCut(ctx context.Context, t *Trial) error {
	cameras, s, err := t.begin(ctx, "", oneClip(rack.FAT32, 24<<20, 800), smallCard(rack.Ext4, true, 801), smallCard(rack.ExFAT, false, 802))
	if err != nil {
		return err
	}
	config, err := t.Rack.Guest.ReadFile(ctx, configPath)
	if err != nil {
		return err
	}
	moments := []struct {
		what  string
		there func(dock.Status) bool
	}{
		{"a camera is in the middle of being read", func(status dock.Status) bool { return bay(status, cameras[0].bay).BytesDone > 1<<20 }},
		{"something is stored and not all", func(status dock.Status) bool { return bay(status, cameras[1].bay).Stored > 0 }},
		{"something was erased", func(status dock.Status) bool {
			return bay(status, cameras[1].bay).Erased > 0 || bay(status, cameras[2].bay).Erased > 0
		}},
	}
	for _, moment := range moments {
		for _, c := range cameras {
			if err := t.Rack.Dock(ctx, c.plug()); err != nil {
				return err
			}
		}
		if _, err := s.until(ctx, 8*time.Minute, moment.what, moment.there); err != nil {
			return err
		}
		t.PowerCut()
		if err := t.boot(ctx); err != nil {
			return fmt.Errorf("after the power came back: %w", err)
		}
		if err := t.Rack.Guest.WriteFile(ctx, configPath, config); err != nil {
			return err
		}
		if _, err := t.Rack.Guest.Shell(ctx, 2*guestLimit, installRule); err != nil {
			return err
		}
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	return s.emptied(ctx, 12*time.Minute, cameras)
}
