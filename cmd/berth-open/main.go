// Command berth-open is the agency's side of Berth: it opens sealed recordings
// and verifies them, on Windows, macOS and Linux, without a station, without
// cgo and without a network.
//
// It promises the exit codes of cmd/internal/agency. It never prints a key and
// never writes anything but the output that it was asked for.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := execute(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func execute(ctx context.Context, args []string) int {
	root := &cobra.Command{
		Use:   "berth-open",
		Short: "Open and verify what a Berth station sealed",
		Long: "berth-open opens recordings that a Berth station sealed to your agency's key, and\n" +
			"checks them. It needs no station, no network and no installation.",
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.AddCommand(agency.NewOpenCommand(), agency.NewVerifyCommand(), agency.NewVersionCommand())
	return agency.Execute(ctx, root, args, os.Stderr)
}
