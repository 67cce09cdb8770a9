package main

import (
	"os"
	"path/filepath"
	"testing"

	"berth/config"
	"berth/ingest/seal"
)

func TestAPrivateKeyIsFoundWhereverPeopleLeaveOne(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"etc", "recipients", "data/keys", "elsewhere"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	private, public, err := seal.GenerateKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	recipient, err := seal.ParseRecipient(public)
	if err != nil {
		t.Fatal(err)
	}
	stranger, _, err := seal.GenerateKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	cfg := &config.Config{
		File:    filepath.Join(dir, "etc", "berth.yaml"),
		Station: config.Station{Data: filepath.Join(dir, "data")},
		Sealing: config.Sealing{Recipients: []string{filepath.Join(dir, "recipients", "agency.pub.pem")}},
	}
	outside := filepath.Join(dir, "elsewhere", "agency.key.pem")
	if err := os.WriteFile(outside, private, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"etc", "recipients", "data", "data/keys"} {
		for what, leave := range map[string]func(path string) error{
			"the key":        func(path string) error { return os.WriteFile(path, private, 0o600) },
			"a link to it":   func(path string) error { return os.Symlink(outside, path) },
			"it in a bundle": func(path string) error { return os.WriteFile(path, append(public, private...), 0o600) },
		} {
			path := filepath.Join(dir, place, "oops")
			if found := findPrivateKey(cfg, []seal.Recipient{recipient}); found != "" {
				t.Fatalf("found %s where there is none", found)
			}
			if err := leave(path); err != nil {
				t.Fatal(err)
			}
			if found := findPrivateKey(cfg, []seal.Recipient{recipient}); found != path {
				t.Errorf("%s in %s: found %q", what, place, found)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Another key opens nothing that is sealed here.
	if err := os.WriteFile(filepath.Join(dir, "etc", "tls.key"), stranger, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := findPrivateKey(cfg, []seal.Recipient{recipient}); found != "" {
		t.Errorf("%s opens nothing and was taken for a recipient's key", found)
	}
}
