// Command berth is the docking station: the service itself and everything that
// people type at it. Every subcommand has a file; all wiring is in wire.go.
//
// It promises the exit codes of cmd/internal/agency and that a command which
// only reads works beside a running station. It never prints a key.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/ingest"
)

func main() {
	ingest.OverlapDisk()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(agency.Execute(ctx, newRoot(), os.Args[1:], os.Stderr))
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "berth",
		Short: "An evidence-grade docking station for body cameras",
		Long: "Berth pulls recordings from docked cameras, seals them to the agency's public key,\n" +
			"forwards them, and erases a recording from its camera only once that is proven safe.\n\n" +
			"Try it without any hardware:  berth demo --once",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("config", "/etc/berth/berth.yaml", "the station's config `FILE`")
	root.AddCommand(
		newRun(), newDemo(), newStatus(), newRecordings(), newHold(), newRelease(),
		agency.NewOpenCommand(), agency.NewVerifyCommand(),
		newKeys(), newStores(), newPorts(), newConfig(), agency.NewVersionCommand(),
	)
	return root
}
