package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"berth/cmd/internal/agency"
	"berth/ingest/seal"
)

func newKeys() *cobra.Command {
	keys := &cobra.Command{Use: "keys", Short: "Make the agency's keys", Args: cobra.NoArgs}
	keys.AddCommand(&cobra.Command{
		Use:   "new NAME",
		Short: "Make a key pair: NAME.key.pem opens recordings, NAME.pub.pem seals them",
		Long: "Makes a P-384 key pair. Run it on the agency's side, not on a station: whoever has\n" +
			"NAME.key.pem can read every recording that is sealed to it, and without it nobody can.\n" +
			"Keep two copies of it in two safes. NAME.pub.pem goes onto the stations.",
		Example: "  berth keys new agency",
		Args:    agency.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			private, public, err := newKeyPair(args[0])
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s  opens recordings: keep it off every station, two copies in two safes\n", private)
			fmt.Fprintf(out, "%s  seals recordings: name it under sealing: recipients: in the config\n", public)
			return nil
		},
	})
	return keys
}

// newKeyPair writes NAME.key.pem (0600) and NAME.pub.pem (0644) and never
// replaces either.
func newKeyPair(name string) (privatePath, publicPath string, err error) {
	privatePath, publicPath = name+".key.pem", name+".pub.pem"
	private, public, err := seal.GenerateKeyPair()
	if err != nil {
		return "", "", fmt.Errorf("make a key pair: %w", err)
	}
	if err := createFile(privatePath, private, 0o600); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return "", "", fmt.Errorf("%s exists already; choose another name: a key that is in use must not be lost", privatePath)
		}
		return "", "", err
	}
	if err := createFile(publicPath, public, 0o644); err != nil {
		return "", "", err
	}
	return privatePath, publicPath, nil
}
