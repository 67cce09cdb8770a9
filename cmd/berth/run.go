package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"berth/cmd/internal/agency"
	"berth/config"
)

func newRun() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Serve the bays (what the system service runs)",
		Long: "Serves the bays until it is told to stop. Everything it does can be taken up again\n" +
			"after a stop at any moment. Where it cannot start, it goes into safe mode and says why: it sees\n" +
			"cameras, and recordings stay on them. Logs go to standard error: JSON, or text on a terminal.",
		Example: "  berth run --config /etc/berth/berth.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, newLog())
		},
	}
}

// newLog writes JSON, or readable text where a person looks on.
func newLog() *slog.Logger {
	if term.IsTerminal(int(os.Stderr.Fd())) {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, nil))
}

// loadConfig reads the file that --config names.
func loadConfig(cmd *cobra.Command) (*config.Config, error) {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return nil, agency.Usage(err)
	}
	return cfg, nil
}
