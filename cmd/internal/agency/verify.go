package agency

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"berth/ingest/custody"
)

const verifyLong = `Checks sealed recordings without any private key: that each is, bit for bit, what
a station wrote and signed, that its digest is its name if the name is a digest,
and with --station that this station signed it.

Every file is checked, whatever became of the ones before.

Exit codes: 0 all are whole; 1 a file could not be read; 2 wrong usage; 3 a file
is not what it claims to be, whatever else happened.`

// NewVerifyCommand is the command `verify`.
func NewVerifyCommand() *cobra.Command {
	var station string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [--station PUB.pem] [--json] FILE...",
		Short: "Check sealed recordings, without a key",
		Long:  verifyLong,
		Args:  Args(atLeastOneFile),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runVerify(cmd, args, station, asJSON)
		},
	}
	cmd.Flags().StringVar(&station, "station", "", "the public key of the station that must have signed, a PEM `FILE`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an array with an object for every file")
	return cmd
}

func atLeastOneFile(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("say which files to check")
	}
	return nil
}

// verified is one element of `verify --json`. Where the file is not whole, only
// file, ok and error mean anything.
type verified struct {
	OK    bool   `json:"ok"`
	Error string `json:"error"` // empty if ok
	custody.Report
}

func runVerify(cmd *cobra.Command, paths []string, station string, asJSON bool) error {
	expected, err := readStation(station)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	results := make([]verified, 0, len(paths))
	var errs []error
	for _, path := range paths {
		report, err := custody.VerifyFile(cmd.Context(), path, expected)
		if err != nil {
			errs = append(errs, err)
			results = append(results, verified{Error: err.Error(), Report: report})
			continue
		}
		results = append(results, verified{OK: true, Report: report})
		if !asJSON {
			printReport(out, report)
			printWarnings(cmd, report)
		}
	}
	if asJSON {
		if err := writeJSON(out, results); err != nil {
			return err
		}
	}
	// One line a file; an integrity failure among them decides the exit code.
	return errors.Join(errs...)
}

func printReport(out io.Writer, report custody.Report) {
	signer := "station " + report.Station
	if report.SignerPinned {
		signer += " (the key you passed)"
	}
	keys := "1 key"
	if n := len(report.Recipients); n != 1 {
		keys = fmt.Sprintf("%d keys", n)
	}
	fmt.Fprintf(out, "%s: whole, sha256 %s, signed by %s, sealed to %s\n", report.File, report.SHA256, signer, keys)
}

func writeJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
