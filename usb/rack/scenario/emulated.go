package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"berth/dock"
)

// The classes that the emulated devices claim.
const (
	classHID     = 0x03
	classStorage = 0x08
)

// device is a device descriptor: USB 2.0, class told by its interfaces, one
// configuration, no strings.
func device() []byte {
	return []byte{18, 1, 0x00, 0x02, 0, 0, 0, 64, 0xf4, 0x46, 0x01, 0x00, 0, 1, 0, 0, 0, 1}
}

// storage and keyboard are interfaces with their endpoints.
func storage(number byte) []byte {
	return []byte{9, 4, number, 0, 2, classStorage, 6, 0x50, 0, 7, 5, 0x81, 2, 0, 2, 0, 7, 5, 0x02, 2, 0, 2, 0}
}

func keyboard(number byte) []byte {
	return []byte{9, 4, number, 0, 1, classHID, 1, 1, 0, 9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0, 7, 5, 0x83, 3, 8, 0, 10}
}

// configuration is one with these interfaces; count is how many it claims.
func configuration(count byte, interfaces ...[]byte) []byte {
	total := 9
	for _, i := range interfaces {
		total += len(i)
	}
	all := append(device(), 9, 2, byte(total), byte(total>>8), count, 1, 0, 0x80, 50)
	for _, i := range interfaces {
		all = append(all, i...)
	}
	return all
}

// hostile are devices that no camera is, by what they are.
func hostile() map[string][]byte {
	var hundred [][]byte
	for number := range byte(100) {
		hundred = append(hundred, storage(number))
	}
	apart := configuration(2, storage(0), storage(7))
	short := configuration(1, storage(0))
	short[deviceSize+2]-- // the configuration claims one byte less than it has
	endless := configuration(1, append(storage(0), 0, 5, 1, 1))
	return map[string][]byte{
		"storage and keyboard": configuration(2, storage(0), keyboard(1)),
		"a hundred interfaces": configuration(100, hundred...),
		"numbers with a gap":   apart,
		"cut short":            short,
		"length zero":          endless,
		"more than is there":   configuration(3, storage(0)),
	}
}

const deviceSize = 18

// hostileDevices plugs in, one after another in each bay, what only an attacker
// builds. The kernel may refuse some by itself.
func hostileDevices(ctx context.Context, t *Trial) error {
	guest := t.Rack.Guest
	out, err := guest.Shell(ctx, 2*patience, "modprobe vhci_hcd; udevadm settle; ls -d /sys/devices/platform/vhci_hcd.0/usb* | head -n 1")
	if err != nil {
		return err
	}
	_, bus, _ := strings.Cut(strings.TrimSpace(out), "/usb")
	t.bays = map[string]string{}
	for port := 1; port <= len(hostile()); port++ {
		t.bays[fmt.Sprintf("V%d", port)] = fmt.Sprintf("%s-%d", bus, port)
	}
	s, err := t.station(ctx, "")
	if err != nil {
		return err
	}
	port := 0
	var plugged []string
	for what, descriptors := range hostile() {
		if err := guest.Emulate(ctx, port, descriptors); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		port++
		if what == "storage and keyboard" || what == "a hundred interfaces" || what == "numbers with a gap" {
			plugged = append(plugged, fmt.Sprintf("V%d", port))
		}
	}
	if _, err := s.until(ctx, patience, "what the kernel takes for devices is shown as no camera", inState(dock.BayNotACamera, plugged...)); err != nil {
		return err
	}
	if err := t.noDriver(ctx); err != nil {
		return err
	}
	for port := range len(hostile()) {
		if err := guest.Emulate(ctx, port, nil); err != nil {
			return err
		}
	}
	if err := t.shapeShifter(ctx, s); err != nil {
		return err
	}
	if err := s.stop(ctx); err != nil {
		return err
	}
	_, err = guest.Run(ctx, guestLimit, "modprobe", "-r", "vhci_hcd")
	return err
}

// shapeShifter is a stick that is let in as a stick and comes back as a keyboard.
func (t *Trial) shapeShifter(ctx context.Context, s *station) error {
	guest := t.Rack.Guest
	if _, err := s.until(ctx, patience, "the first bay is free", inState(dock.BayEmpty, "V1")); err != nil {
		return err
	}
	if err := guest.Emulate(ctx, 0, configuration(1, storage(0))); err != nil {
		return err
	}
	if err := guest.UntilThere(ctx, patience, "/sys/bus/usb/devices/"+t.bays["V1"]+":1.0/driver"); err != nil {
		return fmt.Errorf("what looks like a stick should be let in: %w", err)
	}
	if err := errors.Join(guest.Emulate(ctx, 0, nil), guest.UntilGone(ctx, patience, "/sys/bus/usb/devices/"+t.bays["V1"])); err != nil {
		return err
	}
	if err := guest.Emulate(ctx, 0, configuration(1, keyboard(0))); err != nil {
		return err
	}
	if _, err := s.until(ctx, patience, "the stick that became a keyboard is no camera", inState(dock.BayNotACamera, "V1")); err != nil {
		return err
	}
	if _, err := guest.Run(ctx, guestLimit, "test", "!", "-e", "/sys/bus/usb/devices/"+t.bays["V1"]+":1.0"); err != nil {
		return err
	}
	return guest.Emulate(ctx, 0, nil)
}

// noDriver is an error if a driver was bound to anything since the scenario
// began, but to hubs of controllers.
func (t *Trial) noDriver(ctx context.Context) error {
	events, err := t.Rack.Guest.Events(ctx, t.began)
	if err != nil {
		return err
	}
	for _, event := range events {
		path := field(event.Fields, "DEVPATH")
		if field(event.Fields, "ACTION") == "bind" && field(event.Fields, "DEVTYPE") == "usb_interface" && !strings.HasSuffix(path, "-0:1.0") {
			return fmt.Errorf("driver %s was bound to %s", field(event.Fields, "DRIVER"), path)
		}
	}
	return nil
}

// emulatedScenarios need descriptors that QEMU's devices do not have.
func emulatedScenarios() []Scenario {
	return []Scenario{
		{Name: "hostile-devices", Promise: "composites, a hundred interfaces, malformed descriptors and a stick that becomes a keyboard get no driver", Station: true, Limit: 20 * time.Minute, Run: hostileDevices},
	}
}
