package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/dock"
	"berth/usb"
	"berth/usb/privileged"
)

// comesBack is how long a camera is waited for after its port was switched on.
const comesBack = 10 * time.Second

func newPortsPower() *cobra.Command {
	return &cobra.Command{
		Use:   "power off|on|cycle PORT|BAY",
		Short: "Switch a bay's port off or on, and say what really happened",
		Long: "Switches the power of one bay's port, under both of its names, and reads back what its hub and\n" +
			"the kernel say then. Not every hub really cuts the power: exit 1 if this one did not. Only ports\n" +
			"of bays are switched. The running station sees a camera leave and come back.",
		Example: "  berth ports power cycle A1\n  berth ports power off 1-1.4",
		Args:    agency.Args(cobra.MatchAll(cobra.ExactArgs(2), knowsWord)),
		RunE: func(cmd *cobra.Command, args []string) error {
			bays, note, err := configuredSlots(cmd)
			if err != nil {
				return err
			}
			if note != "" {
				return agency.Usage(errors.New("only bays are switched, and there are none: " + note))
			}
			port, err := portNamed(bays, args[1])
			if err != nil {
				return agency.Usage(err)
			}
			hubs := usb.NewHubControl("")
			power := usb.BayPower(bays, "", switches{privileged.NewLocal(privileged.Options{Log: slog.New(slog.DiscardHandler)})}, hubs)
			said, err := switchPort(cmd.Context(), power, port, args[0], func() (*usb.Plugged, error) { return pluggedIn(port) })
			if err = errors.Join(err, hubs.Close()); err != nil {
				return explainRights(err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), said)
			return nil
		},
	}
}

func knowsWord(_ *cobra.Command, args []string) error {
	if !slices.Contains([]string{"off", "on", "cycle"}, args[0]) {
		return fmt.Errorf("say off, on or cycle, not %q", args[0])
	}
	return nil
}

// portNamed is the port that a person means: a bay's name, or a port's.
func portNamed(bays []usb.Slot, name string) (dock.Port, error) {
	for _, bay := range bays {
		if string(bay.Bay) == name {
			return bay.Port, nil
		}
	}
	if err := dock.Port(name).Validate(); err != nil {
		return "", fmt.Errorf("no bay on USB is called %q, and it is no port", name)
	}
	return dock.Port(name), nil
}

// switchPort does what word says and tells what came of it; plugged looks at
// what the kernel has in the port.
func switchPort(ctx context.Context, power usb.Power, port dock.Port, word string, plugged func() (*usb.Plugged, error)) (string, error) {
	if word == "cycle" {
		done, err := usb.Cycle(ctx, power, port, 0)
		if err != nil {
			return "", err
		}
		return told("was off and is on again", done, cameBack(ctx, plugged)), nil
	}
	done, err := power.Set(ctx, port, word == "on")
	switch {
	case err != nil:
		return "", err
	case word == "off" && done.On:
		return "", fmt.Errorf("port %s: %w: its hub says that it is still on, so it does not cut the power", port, usb.ErrPower)
	case word == "on" && !done.On:
		return "", fmt.Errorf("port %s: %w: its hub says that it is still off", port, usb.ErrPower)
	case word == "off" && done.Attached:
		return "", fmt.Errorf("port %s: %w: what is plugged in is still there, so the hub does not cut the power", port, usb.ErrPower)
	case word == "off":
		return told("is off", done, "nothing is attached"), nil
	}
	return told("is on", done, cameBack(ctx, plugged)), nil
}

func told(what string, done usb.Powered, then string) string {
	return fmt.Sprintf("the port %s (switched by %s); %s", what, done.Method, then)
}

// cameBack waits for something to be in the port, and says what.
func cameBack(ctx context.Context, plugged func() (*usb.Plugged, error)) string {
	ctx, cancel := context.WithTimeout(ctx, comesBack)
	defer cancel()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		if d, err := plugged(); err == nil && d != nil {
			return fmt.Sprintf("in it is %s, device number %d", describePlugged(*d), d.Number)
		}
		select {
		case <-again.C: // the kernel enumerates: nothing here tells when
		case <-ctx.Done():
			return "nothing is attached"
		}
	}
}

func pluggedIn(port dock.Port) (*usb.Plugged, error) {
	ports, err := usb.Tree("")
	if err != nil {
		return nil, err
	}
	for _, s := range sockets(ports, nil) {
		if s.Port == port || s.other == port {
			return s.Device, nil
		}
	}
	return nil, fmt.Errorf("port %s: %w", port, fs.ErrNotExist)
}

// explainRights adds the next step to what fails because of who asks.
func explainRights(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w; switching ports takes root: sudo berth ports power", err)
	case errors.Is(err, errors.ErrUnsupported):
		return fmt.Errorf("%w: neither the kernel (6.0 or later) nor the hub has a switch for it", err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, dock.ErrGone):
		return fmt.Errorf("%w; 'berth ports' shows which ports there are", err)
	}
	return err
}
