package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"berth/cmd/berth/view"
	"berth/cmd/internal/agency"
	"berth/dock"
	"berth/dock/kiosk"
)

func newStatus() *cobra.Command {
	var watch, asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the bays, the stores and what needs a person",
		Long: "Asks the running station (exit 4 if none answers). \"secured\" means that everything is\n" +
			"sealed and verified on this station; \"stored\" that the stores have proven to hold it.",
		Example: "  berth status\n  berth status --watch\n  berth status --json | jq '.bays[] | {bay, state}'",
		Args:    agency.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			client := kiosk.NewClient(cfg.Station.Data)
			if watch {
				return reachable(watchStatus(cmd.Context(), client, asJSON))
			}
			status, err := client.Status(cmd.Context())
			if err != nil {
				return reachable(err)
			}
			if asJSON {
				return printJSON(status)
			}
			for _, line := range view.Table(status, screen()) {
				fmt.Println(line)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "stay and show every change, until interrupted")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON; with --watch one object a line")
	return cmd
}

func watchStatus(ctx context.Context, client *kiosk.Client, asJSON bool) error {
	live := view.NewLive(os.Stdout, screen, time.Now)
	defer live.Close()
	show := live.Show
	if asJSON {
		encoder := json.NewEncoder(os.Stdout)
		show = func(s dock.Status) error { return encoder.Encode(s) }
	}
	for status, err := range client.Watch(ctx) {
		if ctx.Err() != nil {
			return nil // interrupted: that is how watching ends
		}
		if err != nil {
			return err
		}
		if err := show(status); err != nil {
			return err
		}
	}
	return nil
}

func screen() view.Screen { return view.Detect(os.Stdout, os.Getenv) }

func printJSON(v any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
