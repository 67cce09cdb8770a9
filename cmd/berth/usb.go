package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"berth/config"
	"berth/dock"
	"berth/usb"
	"berth/usb/filetree"
	"berth/usb/massstorage"
	"berth/usb/privileged"
	"berth/usb/sim"
)

// buses are the bus of the directory bays and that of the USB bays as one.
type buses struct {
	usb.Bus
	closers []func() error // in the order of closing

	local   *privileged.Local
	hubs    *usb.HubControl
	slots   []usb.Slot
	trouble []dock.Problem // why USB bays cannot be served, or not well
}

// newBuses begins to watch the bays until ctx ends; close it all the same.
// Where USB bays cannot be served the others are, and trouble says why.
func newBuses(ctx context.Context, cfg *config.Config, log *slog.Logger) (*buses, error) {
	var directories []sim.Bay
	b := &buses{slots: slots(cfg)}
	for _, bay := range cfg.Bays {
		if bay.Port == "" {
			directories = append(directories, sim.Bay{Name: dock.BayName(bay.Name), Directory: bay.Directory})
		}
	}
	folders, err := sim.New(directories, pollBays)
	if err != nil {
		return nil, err
	}
	b.Bus, b.closers = folders, []func() error{folders.Close}
	if len(b.slots) == 0 {
		return b, nil
	}
	b.local = privileged.NewLocal(privileged.Options{Log: log})
	b.hubs = usb.NewHubControl("")
	b.trouble = usbTrouble(b.slots)
	ports, err := usb.NewPorts(ctx, usb.PortsOptions{
		Slots: b.slots, Signatures: signatures(cfg), Admission: admission{b.local}, Log: log,
	})
	if err != nil {
		b.trouble = append(b.trouble, dock.ProblemOf("usb", "the USB bays cannot be watched: "+err.Error()))
		return b, nil
	}
	joined := usb.Join(folders, ports)
	b.Bus, b.closers = joined, []func() error{joined.Close, ports.Close, b.hubs.Close, folders.Close}
	return b, nil
}

func (b *buses) close() error {
	var errs []error
	for _, shut := range b.closers {
		errs = append(errs, shut())
	}
	return errors.Join(errs...)
}

// slots are the bays that are USB ports.
func slots(cfg *config.Config) []usb.Slot {
	var list []usb.Slot
	for _, b := range cfg.Bays {
		if b.Port != "" {
			list = append(list, usb.Slot{Bay: dock.BayName(b.Name), Port: dock.Port(b.Port)})
		}
	}
	return list
}

// signatures are what is let into USB bays: cameras of the profiles, in their
// order, and then the built-in ones.
func signatures(cfg *config.Config) []usb.Signature {
	var list []usb.Signature
	for _, c := range cfg.Cameras {
		if c.Driver == config.DriverDirectory {
			continue
		}
		for _, s := range usb.BuiltIn() {
			s.Profile = c.Name
			s.Vendor, s.Product = vendorAndProduct(c.USB)
			list = append(list, s)
		}
	}
	return append(list, usb.BuiltIn()...)
}

// vendorAndProduct reads "1234:5678" and "1234:*", whose form the config
// checked; nil is any.
func vendorAndProduct(text string) (vendor, product *uint16) {
	left, right, _ := strings.Cut(text, ":")
	return hex16(left), hex16(right)
}

func hex16(text string) *uint16 {
	n, err := strconv.ParseUint(text, 16, 16)
	if err != nil {
		return nil
	}
	number := uint16(n)
	return &number
}

// drivers are all that this program has.
func (b *buses) drivers(cfg *config.Config, log *slog.Logger) ([]dock.Driver, error) {
	folders, err := sim.NewDriver(profiles(cfg, config.DriverDirectory))
	if err != nil || b.local == nil {
		return []dock.Driver{folders}, err
	}
	cards, err := massstorage.NewDriver(massstorage.Options{Helper: b.local, Profiles: profiles(cfg, config.DriverMassStorage), Log: log})
	return []dock.Driver{folders, cards}, err
}

// profiles are those for the cameras of one driver.
func profiles(cfg *config.Config, driver string) []filetree.Profile {
	var list []filetree.Profile
	for _, c := range cfg.Cameras {
		if c.Driver != driver && c.Driver != config.DriverAny || driver == config.DriverDirectory && c.USB != "" {
			continue
		}
		list = append(list, filetree.Profile{
			Name: c.Name, Recordings: c.Recordings, Auxiliary: c.Auxiliary, Identity: c.Identity,
		})
	}
	return list
}

// admission lets devices in, in this process.
type admission struct{ local *privileged.Local }

func (a admission) Authorise(ctx context.Context, port dock.Port, number int, admit bool) error {
	return a.local.Authorise(ctx, privileged.Device{Port: port, Number: number}, admit)
}

// switches is usb.Power in this process.
type switches struct{ local *privileged.Local }

func (s switches) Set(ctx context.Context, port dock.Port, on bool) (usb.Powered, error) {
	done, err := s.local.Power(ctx, port, on)
	return usb.Powered{On: done.On, Attached: done.Attached, Method: done.Method}, err
}

// power is how the ports of the bays are switched.
func (b *buses) power() usb.Power {
	return usb.BayPower(b.slots, "", switches{b.local}, b.hubs)
}

// Cycle is station.Power.
func (b *buses) Cycle(ctx context.Context, port dock.Port) error {
	if b.local == nil {
		return errors.ErrUnsupported
	}
	_, err := usb.Cycle(ctx, b.power(), port, 0)
	return err
}

// usbTrouble says what a person has to do before USB bays can be served.
func usbTrouble(slots []usb.Slot) []dock.Problem {
	var list []dock.Problem
	names := make([]string, 0, len(slots))
	for _, s := range slots {
		names = append(names, string(s.Bay))
	}
	ports, err := usb.Tree("")
	if err == nil && len(ports) == 0 {
		list = append(list, dock.ProblemOf("usb", fmt.Sprintf("this machine has no USB ports, so bay %s cannot be served", strings.Join(names, ", "))))
	}
	if missing := missingRights("/proc/self/status"); missing != "" {
		list = append(list, dock.ProblemOf("usb", fmt.Sprintf(
			"bay %s cannot be served without %s: let the system service run berth, or run it as root", strings.Join(names, ", "), missing)))
	}
	return list
}

// missingRights names the capabilities that mounting cards and switching ports
// take (capabilities(7)) and that this process has not; empty if it has all,
// or if that cannot be told.
func missingRights(status string) string {
	text, err := os.ReadFile(status)
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), "\nCapEff:\t")
	line, _, _ := strings.Cut(rest, "\n")
	have, err := strconv.ParseUint(line, 16, 64)
	if err != nil {
		return ""
	}
	var missing []string
	for _, c := range []struct {
		name string
		bit  uint
	}{{"CAP_DAC_OVERRIDE", 1}, {"CAP_SYS_ADMIN", 21}} {
		if have&(1<<c.bit) == 0 {
			missing = append(missing, c.name)
		}
	}
	return strings.Join(missing, " and ")
}
