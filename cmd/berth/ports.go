package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"berth/cmd/berth/view"
	"berth/cmd/internal/agency"
	"berth/config"
	"berth/dock"
	"berth/usb"
)

func newPorts() *cobra.Command {
	var asJSON, learn bool
	var first string
	cmd := &cobra.Command{
		Use:   "ports",
		Short: "Show the USB ports, or find out which is which bay",
		Long: "Shows every USB port of this machine, what is plugged in, and which port is which bay. A port\n" +
			"that is USB 2 and USB 3 has two names; the config may have either. Bays behind one hub share\n" +
			"its link, and how fast they are together stands below the table.\n" +
			"With --learn it finds the ports of the bays: plug a camera into each bay in turn, and it prints\n" +
			"the bays: section for the config. It changes nothing, and works beside a running station.",
		Example: "  berth ports\n  berth ports --learn > bays.yaml\n  berth ports --json | jq '.ports[] | select(.device) | {port, bay}'",
		Args:    agency.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if learn {
				return learnPorts(cmd, first)
			}
			return showPorts(cmd, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&learn, "learn", false, "find out which port is which bay")
	cmd.Flags().StringVar(&first, "first", "A1", "with --learn: the `NAME` of the first bay; its number counts up")
	cmd.AddCommand(newPortsPower(), newPortsUdev())
	return cmd
}

func showPorts(cmd *cobra.Command, asJSON bool) error {
	bays, note, err := configuredSlots(cmd)
	if err != nil {
		return err
	}
	ports, err := usb.Tree("")
	if err != nil {
		return fmt.Errorf("look at the USB ports: %w", err)
	}
	if asJSON {
		return printJSON(portsOf(ports, bays))
	}
	rows, sentences := portsTable(ports, bays)
	if note != "" {
		sentences = append(sentences, note)
	}
	for _, line := range view.Ports(rows, sentences, screen()) {
		fmt.Fprintln(cmd.OutOrStdout(), line)
	}
	return nil
}

// configuredSlots are the bays of the config. Before there is one, the ports
// are shown without; a config with mistakes is no reason not to show them.
func configuredSlots(cmd *cobra.Command) (bays []usb.Slot, note string, err error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, "", err
	}
	cfg, text, err := peekConfig(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !cmd.Flags().Changed("config"):
		return nil, fmt.Sprintf("There is no config at %s yet, so no port is a bay. Find the bays: berth ports --learn", path), nil
	case err != nil:
		return nil, "", agency.Usage(fmt.Errorf("read the config: %w", err))
	case cfg == nil:
		return nil, fmt.Sprintf("The config has mistakes, so the bays are not shown: berth config check %s (%s)", path, text), nil
	}
	return slots(cfg), "", nil
}

// portsTable is what a person reads.
func portsTable(ports []usb.PortInfo, bays []usb.Slot) (rows []view.Port, sentences []string) {
	seen := map[dock.BayName]bool{}
	for _, s := range sockets(ports, bays) {
		row := view.Port{Name: string(s.Port), Depth: s.Depth, Bay: string(s.bay)}
		if s.other != "" {
			row.Name += " " + string(s.other)
		}
		if s.Off {
			row.Note = "switched off"
		}
		if d := s.Device; d != nil {
			row.Speed, row.What, row.ID = generation(d.Mbps), describeTexts(*d), idOf(*d)
			switch {
			case d.Refused != "":
				row.Note = "not believed"
			case !d.Authorised:
				row.Note = "not let in"
			case s.bay != "" && d.Hub:
				row.Note = "a bay holds no hub"
			case s.bay != "" && d.Mbps < 100:
				row.Note = "slow"
			}
		}
		seen[s.bay] = true
		rows = append(rows, row)
	}
	if len(ports) == 0 {
		sentences = append(sentences, "This machine has no USB ports.")
	}
	for _, bay := range bays {
		if !seen[bay.Bay] {
			sentences = append(sentences, fmt.Sprintf("Bay %s is port %s, which is not there: is its hub plugged in?", bay.Bay, bay.Port))
		}
	}
	for _, share := range usb.Shares(ports, bays) {
		sentences = append(sentences, sharing(share)+".")
	}
	return rows, sentences
}

// idOf is vendor and product as the config takes them.
func idOf(d usb.Plugged) string { return fmt.Sprintf("%04x:%04x", d.Vendor, d.Product) }

// describePlugged is a device in one line: what it is, what it calls itself, and
// its numbers.
func describePlugged(d usb.Plugged) string {
	return strings.TrimPrefix(describeTexts(d)+", "+idOf(d), ", ")
}

func describeTexts(d usb.Plugged) string {
	var parts []string
	name := d.Name
	if !strings.HasPrefix(string(d.Name), string(d.Maker)) { // many begin with their maker's
		name = d.Maker + " " + d.Name
	}
	for _, text := range []dock.RawName{dock.RawName(d.Kind), name, d.Serial} {
		if shown := strings.TrimSpace(text.Display()); shown != "" {
			parts = append(parts, shown)
		}
	}
	return strings.Join(parts, ", ")
}

// peekConfig reads and checks the text of the config alone, without looking at
// what it names. Without a usable one, text says what is wrong first.
func peekConfig(path string) (cfg *config.Config, text string, err error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	cfg, problems := config.Parse(path, content)
	if len(problems) > 0 {
		return nil, problems[0].String(), nil
	}
	return cfg, "", nil
}
