package custody_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"berth/hashing"
	"berth/ingest/custody"
	"berth/ingest/seal"
)

func TestVerifyNeedsNoPrivateKey(t *testing.T) {
	sealed := sign(t, unsigned(t, []byte("content")), stationKey(t))
	digest := hashing.Sum(sealed)
	path := write(t, filepath.Join(t.TempDir(), digest.String()+".sealed"), sealed)
	report, err := custody.VerifyFile(context.Background(), path, stationPublic(t))
	if err != nil {
		t.Fatal(err)
	}
	if report.SHA256 != digest || report.SizeBytes != int64(len(sealed)) || report.Segments != 1 || report.Station != "hq-dock-1" ||
		report.KeyID != seal.StationKeyID(stationPublic(t)) || !report.SignerPinned || report.NameMatches == nil || !*report.NameMatches ||
		len(report.Recipients) != 2 || len(report.Warnings) != 0 || report.File != path {
		t.Errorf("report %+v", report)
	}
}

func TestUnknownSignerIsAWarning(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "clip.sealed"), sign(t, unsigned(t, nil), stationKey(t)))
	report, err := custody.VerifyFile(context.Background(), path, nil)
	if err != nil || report.SignerPinned || report.NameMatches != nil {
		t.Fatalf("report %+v, %v", report, err)
	}
	id := report.KeyID.String()[:16]
	if want := []string{"signed by station hq-dock-1 (key " + id + "), not checked against a key you trust; pass --station PUB.pem"}; !slices.Equal(report.Warnings, want) {
		t.Errorf("warnings %q, want %q", report.Warnings, want)
	}
}

func TestVerifyRefusesWhatIsNotWhatItClaims(t *testing.T) {
	dir := t.TempDir()
	sealed := sign(t, unsigned(t, []byte("content")), stationKey(t))
	altered := bytes.Clone(sealed)
	altered[5000] ^= 1
	otherKey, err := seal.GenerateStationKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]struct {
		name    string
		content []byte
		is      error
		says    string
	}{
		"altered":        {"altered.sealed", altered, custody.ErrIntegrity, "altered.sealed: altered: the signature of station hq-dock-1 does not match the file"},
		"other name":     {hashing.Sum(nil).String() + ".sealed", sealed, custody.ErrIntegrity, ".sealed: altered: its name says sha256 " + hashing.Sum(nil).String()},
		"other station":  {"forged.sealed", sign(t, unsigned(t, nil), otherKey), custody.ErrSigner, "forged.sealed: not signed by the expected station: the signature is of station hq-dock-1 (key "},
		"cut":            {"cut.sealed", sealed[:len(sealed)-1], custody.ErrIntegrity, "cut.sealed: altered: "},
		"empty":          {"empty.sealed", nil, custody.ErrIntegrity, "empty.sealed: altered: 0 bytes are too few for a sealed file"},
		"something else": {"clip.mp4", bytes.Repeat([]byte("mp4 "), 9000), custody.ErrIntegrity, "clip.mp4: altered: it does not begin like a sealed file"},
	} {
		path := write(t, filepath.Join(dir, file.name), file.content)
		_, err := custody.VerifyFile(context.Background(), path, stationPublic(t))
		if !errors.Is(err, file.is) || !strings.Contains(err.Error(), file.says) {
			t.Errorf("%s: %v, want %q", name, err, file.says)
		}
	}
}

func TestWhatCannotBeReadIsNoIntegrityFailure(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{"missing": filepath.Join(dir, "none.sealed"), "directory": dir} {
		_, err := custody.VerifyFile(context.Background(), path, nil)
		if err == nil || errors.Is(err, custody.ErrIntegrity) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := custody.VerifyFile(context.Background(), filepath.Join(dir, "none.sealed"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func TestStationKeyFileIsCheckedAndBounded(t *testing.T) {
	if key, err := custody.ReadStationPublic(keyPath("station.pub.pem")); err != nil || !key.Equal(stationPublic(t)) {
		t.Fatal(err)
	}
	huge := filepath.Join(t.TempDir(), "huge.pem")
	if err := errors.Join(os.WriteFile(huge, nil, 0o600), os.Truncate(huge, 1<<40)); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{keyPath("agency.pub.pem"): "not an Ed25519 key", keyPath("station.key.pem"): "no PUBLIC KEY", huge: "too large for a key"} {
		if _, err := custody.ReadStationPublic(path); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
