package agency

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"berth/ingest/custody"
)

const openLong = `Opens a sealed recording with the agency's private key.

The file is checked first: it must be, bit for bit, what a station wrote, and
with --station it must be signed by that station. With -o the content appears
under its name only when all of it is proven and on the disk. Without -o it goes
to the standard output, piece by piece, each piece proven before it is written:
use it only if the command succeeded.

Exit codes: 0 done; 1 failed, or the wrong key; 2 wrong usage; 3 the file is not
what the station wrote.`

// NewOpenCommand is the command `open`.
func NewOpenCommand() *cobra.Command {
	var options custody.OpenOptions
	var station string
	cmd := &cobra.Command{
		Use:   "open --identity KEY.pem [--station PUB.pem] [-o OUT] FILE",
		Short: "Open a sealed recording with the agency's private key",
		Long:  openLong,
		Args:  Args(oneFile),
		RunE: func(cmd *cobra.Command, args []string) error {
			options.Path = args[0]
			options.Stdout = cmd.OutOrStdout()
			return runOpen(cmd, options, station)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&options.Identities, "identity", "i", nil, "the agency's private key, a PEM `FILE`; may be given several times")
	flags.StringVar(&station, "station", "", "the public key of the station that must have signed, a PEM `FILE`")
	flags.StringVarP(&options.Output, "output", "o", "", "write to `FILE` instead of the standard output")
	flags.BoolVar(&options.Metadata, "metadata", false, "write what is known about the recording, as JSON, instead of its content")
	flags.BoolVar(&options.Force, "force", false, "replace the output file if it exists")
	return cmd
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("give one file to open, not %d", len(args))
	}
	return nil
}

func runOpen(cmd *cobra.Command, options custody.OpenOptions, station string) error {
	if len(options.Identities) == 0 {
		return Usage(errors.New("say which private key opens the file: --identity KEY.pem"))
	}
	if options.Output == "" && !options.Metadata && isTerminal(options.Stdout) {
		return Usage(errors.New("a recording is not written to a terminal: pass -o FILE, or pipe it into a player"))
	}
	var err error
	if options.Station, err = readStation(station); err != nil {
		return err
	}
	report, err := custody.OpenFile(cmd.Context(), options)
	if err != nil {
		return err
	}
	printWarnings(cmd, report)
	return nil
}

func readStation(path string) (ed25519.PublicKey, error) {
	if path == "" {
		return nil, nil
	}
	key, err := custody.ReadStationPublic(path)
	if err != nil {
		return nil, Usage(fmt.Errorf("--station: %w", err))
	}
	return key, nil
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func printWarnings(cmd *cobra.Command, report custody.Report) {
	for _, warning := range report.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", report.File, warning)
	}
}
