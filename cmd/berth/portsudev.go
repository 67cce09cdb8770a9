package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/usb"
)

func newPortsUdev() *cobra.Command {
	return &cobra.Command{
		Use:   "udev NAME",
		Short: "Answer the udev rule about one USB device (called by udev)",
		Long: "Says in a word what the device that the kernel calls NAME is to the station: carries-bays, bay,\n" +
			"camera or other. systemd/60-berth.rules lets in what is no bay's, and keeps out what is in a\n" +
			"bay until the station has looked at it. It only reads, and always answers: without a config, that\n" +
			"nothing is a bay; with one that cannot be read, as if every port could be a bay, but for hubs,\n" +
			"keyboards and mice.",
		Example: "  berth ports udev 1-1.4",
		Args:    agency.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := cmd.Flags().GetString("config")
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), usb.Rule("", args[0], planOf(path)))
			return nil
		},
	}
}

// planOf is what the config says about USB; nil if it cannot be read. One that
// is not there yet names no bays: a machine on which Berth was installed and not
// set up keeps its ports. Whether the files that it names are there is not
// asked: a missing key is no reason to treat the ports differently.
func planOf(path string) *usb.Plan {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return &usb.Plan{}
	}
	cfg, _, err := peekConfig(path)
	if err != nil || cfg == nil {
		return nil
	}
	return &usb.Plan{Slots: slots(cfg), Signatures: signatures(cfg)}
}
