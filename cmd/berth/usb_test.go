package main

import (
	"os"
	"path/filepath"
	"testing"

	"berth/config"
	"berth/usb"
)

func TestProfilesBecomeSignaturesInTheirOrder(t *testing.T) {
	got := signatures(&config.Config{Cameras: []config.Camera{
		{Name: "folders", Driver: config.DriverDirectory},
		{Name: "exact", Driver: config.DriverAny, USB: "12aB:5678"},
		{Name: "vendor", Driver: config.DriverMassStorage, USB: "1234:*"},
		{Name: "every", Driver: config.DriverAny},
	}})
	if len(got) != 3+len(usb.BuiltIn()) {
		t.Fatalf("%d signatures", len(got))
	}
	if s := got[0]; s.Profile != "exact" || *s.Vendor != 0x12ab || *s.Product != 0x5678 || s.Driver != usb.MassStorage || len(s.Interfaces) != 1 {
		t.Errorf("exact: %+v", s)
	}
	if s := got[1]; s.Profile != "vendor" || *s.Vendor != 0x1234 || s.Product != nil {
		t.Errorf("vendor: %+v", s)
	}
	if s := got[2]; s.Profile != "every" || s.Vendor != nil || s.Product != nil {
		t.Errorf("every: %+v", s)
	}
	if s := got[3]; s.Profile != "" {
		t.Errorf("built in: %+v", s)
	}
}

func TestAProfileIsForTheCamerasOfItsDriver(t *testing.T) {
	cfg := &config.Config{Cameras: []config.Camera{
		{Name: "folders", Driver: config.DriverDirectory},
		{Name: "cards", Driver: config.DriverMassStorage},
		{Name: "vendor", Driver: config.DriverAny, USB: "1234:5678"},
		{Name: "both", Driver: config.DriverAny},
	}}
	names := func(driver string) (list string) {
		for _, p := range profiles(cfg, driver) {
			list += p.Name + " "
		}
		return list
	}
	if got := names(config.DriverDirectory); got != "folders both " {
		t.Errorf("directory bays: %s", got)
	}
	if got := names(config.DriverMassStorage); got != "cards vendor both " {
		t.Errorf("USB bays: %s", got)
	}
}

func TestMissingRightsAreNamed(t *testing.T) {
	for effective, want := range map[string]string{
		"000001ffffffffff": "", "0000000000200002": "", "0000000000000000": "CAP_DAC_OVERRIDE and CAP_SYS_ADMIN",
		"0000000000000002": "CAP_SYS_ADMIN", "what": "",
	} {
		status := filepath.Join(t.TempDir(), "status")
		if err := os.WriteFile(status, []byte("Name:\tberth\nCapEff:\t"+effective+"\nCapBnd:\t0\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := missingRights(status); got != want {
			t.Errorf("%s: %q, want %q", effective, got, want)
		}
	}
}
