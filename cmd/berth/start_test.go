package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"berth/config"
	"berth/dock/station"
	"berth/ingest"
	"berth/ingest/seal"
)

// A run that ended because its disk could not be believed has the next one hash
// the whole spool; an ordinary start does not take the time.
func TestAStartAfterAFailedSyncHashesTheWholeSpool(t *testing.T) {
	dir := t.TempDir()
	_, public, err := seal.GenerateKeyPair()
	recipient := filepath.Join(dir, "agency.pub.pem")
	if err := errors.Join(err, os.WriteFile(recipient, public, 0o600)); err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{
		File:    filepath.Join(dir, "berth.yaml"),
		Station: config.Station{ID: "test-dock", Data: filepath.Join(dir, "data")},
		Sealing: config.Sealing{Recipients: []string{recipient}}, Copies: 1,
	}
	log := slog.New(slog.DiscardHandler)
	failures := station.NewFailures(log, cfg.Station.Data, "")
	for _, failed := range []bool{false, true} {
		if failed {
			failures.Note(ingest.ErrSync)
		}
		a, err := begin(t.Context(), cfg, log, failures, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.puller == nil || a.puller.Rehash != failed {
			t.Errorf("a sync failed before: %t, the spool is hashed: %t", failed, !failed)
		}
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if err := errors.Join(a.run(stopped), a.close()); err != nil {
			t.Error(err)
		}
	}
}
