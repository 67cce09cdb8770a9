package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"berth/dock"
	"berth/usb/rack"
)

func attackerScenarios() []Scenario {
	return []Scenario{
		{Name: "not-a-camera", Promise: "keyboard, serial, network, audio and hub in bays get no driver and are shown", Station: true, Limit: 15 * time.Minute, Run: notACamera},
		{Name: "its-keyboard", Promise: "IT's keyboard outside the bays works with and without the station", Station: true, Limit: 10 * time.Minute, Run: itsKeyboard},
	}
}

// strangers are what people and attackers plug in, by bay.
func strangers() map[string]string {
	return map[string]string{"1": rack.Keyboard, "2": rack.Serial, "3": rack.Network, "4": rack.Audio, "5": rack.Hub, "6": "usb-mouse", "7": "usb-tablet"}
}

func notACamera(ctx context.Context, t *Trial) error {
	s, err := t.station(ctx, "")
	if err != nil {
		return err
	}
	for _, round := range []string{"while the station runs", "before the station starts"} {
		var bays []string
		for port, kind := range strangers() {
			if err := t.Rack.Dock(ctx, rack.Plug{Name: "stranger" + port, Port: port, Kind: kind}); err != nil {
				return err
			}
			bays = append(bays, "B"+port)
		}
		if round == "before the station starts" {
			if err := t.untilSeen(ctx); err != nil {
				return err
			}
			if err := s.start(ctx); err != nil {
				return err
			}
		}
		if _, err := s.until(ctx, patience, "all are shown as no camera", inState(dock.BayNotACamera, bays...)); err != nil {
			return fmt.Errorf("%s: %w", round, err)
		}
		if err := t.nothingBound(ctx); err != nil {
			return fmt.Errorf("%s: %w", round, err)
		}
		for port := range strangers() {
			if err := t.Rack.Undock(ctx, "stranger"+port); err != nil {
				return err
			}
		}
		if _, err := s.until(ctx, patience, "the bays are empty", inState(dock.BayEmpty, bays...)); err != nil {
			return fmt.Errorf("%s: %w", round, err)
		}
		if err := s.stop(ctx); err != nil {
			return err
		}
	}
	return nil
}

// untilSeen waits until the kernel has seen every stranger.
func (t *Trial) untilSeen(ctx context.Context) error {
	for port := range strangers() {
		if err := t.Rack.Guest.UntilThere(ctx, patience, "/sys/bus/usb/devices/1-"+port+"/idVendor"); err != nil {
			return err
		}
	}
	return nil
}

// nothingBound looks at what a driver would have made of the strangers, during
// the whole time, by the kernel's own events.
func (t *Trial) nothingBound(ctx context.Context) error {
	out, err := t.Rack.Guest.Shell(ctx, guestLimit, `
for port in 1 2 3 4 5 6 7; do
    for interface in /sys/bus/usb/devices/1-$port:*; do [ -e "$interface" ] && echo "${interface##*/}"; done
done
ls /sys/class/input /sys/class/net /dev/ttyUSB* /dev/snd/pcm* 2>/dev/null | grep -E '^(event|mouse|usb|eth|enx|/dev)' || :`)
	if err != nil {
		return err
	}
	if found := strings.Fields(out); len(found) > 0 {
		return fmt.Errorf("the kernel has made something of what is no camera: %s", strings.Join(found, " "))
	}
	return t.noDriver(ctx)
}

func field(fields []string, name string) string {
	for _, f := range fields {
		if value, found := strings.CutPrefix(f, name+"="); found {
			return value
		}
	}
	return ""
}

func itsKeyboard(ctx context.Context, t *Trial) error {
	works := func(when string) error {
		if err := t.Rack.Dock(ctx, rack.Plug{Name: "keyboard", Port: "15", Kind: rack.Keyboard}); err != nil {
			return err
		}
		if err := t.Rack.Guest.UntilThere(ctx, patience, "/sys/bus/usb/drivers/usbhid/1-15:1.0"); err != nil {
			return fmt.Errorf("%s: %w", when, err)
		}
		if err := t.Rack.Undock(ctx, "keyboard"); err != nil {
			return err
		}
		return t.Rack.Guest.UntilGone(ctx, patience, "/sys/bus/usb/devices/1-15")
	}
	s, err := t.station(ctx, "")
	if err != nil {
		return err
	}
	if err := works("while the station runs"); err != nil {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	if err := works("while the station does not run"); err != nil {
		return err
	}
	// The proof that the rule is at work, and not a kernel that lets all in: the
	// same keyboard in a bay stays without a driver, and nobody runs.
	if err := t.Rack.Dock(ctx, rack.Plug{Name: "keyboard", Port: "1", Kind: rack.Keyboard}); err != nil {
		return err
	}
	const device = "/sys/bus/usb/devices/1-1/"
	if err := errors.Join(t.Rack.Guest.UntilThere(ctx, patience, device+"idVendor"), t.Rack.Guest.UntilHolds(ctx, patience, device+"authorized", "0")); err != nil {
		return err
	}
	_, err = t.Rack.Guest.Run(ctx, guestLimit, "test", "!", "-e", device+"1-1:1.0")
	return err
}
