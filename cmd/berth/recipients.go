package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"berth/cmd/internal/agency"
	"berth/config"
	"berth/dock"
	"berth/ingest/seal"
)

// loadRecipients reads the public keys that recordings are sealed to. All that
// is wrong with them is said at once.
func loadRecipients(cfg *config.Config) ([]seal.Recipient, error) {
	var recipients []seal.Recipient
	var errs []error
	for _, path := range cfg.Sealing.Recipients {
		pem, err := os.ReadFile(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("read recipient: %w", err))
			continue
		}
		recipient, err := seal.ParseRecipient(pem)
		if errors.Is(err, seal.ErrPrivateKey) {
			err = fmt.Errorf("%w: take it off the station and name the public key instead (NAME.pub.pem)", err)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("read recipient %s: %w", path, err))
			continue
		}
		recipients = append(recipients, recipient)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, agency.Usage(err)
	}
	return recipients, nil
}

// keyFileMax is the largest file that is looked into for a private key.
const keyFileMax = 64 << 10

// findPrivateKey looks for a recipient's private key where people leave one:
// beside the config, beside the recipients, in the data directory and its
// folder of keys. It returns the path, or "" if there is none.
func findPrivateKey(cfg *config.Config, recipients []seal.Recipient) string {
	places := []string{filepath.Dir(cfg.File), cfg.Station.Data, keysDir(cfg.Station.Data)}
	for _, path := range cfg.Sealing.Recipients {
		places = append(places, filepath.Dir(path))
	}
	slices.Sort(places)
	for _, dir := range slices.Compact(places) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a place that does not exist yet holds no key
		}
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			if smallFile(path) && holdsKey(path, recipients) {
				return path
			}
		}
	}
	return ""
}

// smallFile follows links: a link to a key opens as much as the key.
func smallFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() <= keyFileMax
}

func holdsKey(path string, recipients []seal.Recipient) bool {
	content, err := os.ReadFile(path)
	return err == nil && seal.HoldsPrivateKey(content, recipients)
}

func privateKeyProblem(path string) dock.Problem {
	return dock.ProblemOf("private-key", "a private key that opens the recordings lies on the station: "+path)
}
