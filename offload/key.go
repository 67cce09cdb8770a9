package offload

import (
	"fmt"
	"strings"
	"time"

	"berth/dock"
	"berth/hashing"
)

// suffix ends the name of every sealed file.
const suffix = ".sealed"

// key is a parsed key: <station>/<yyyy>/<mm>/<dd>/<sha256>.sealed.
type key struct {
	station string
	folders []string // station, year, month, day
	name    string   // 64 hexadecimal digits and the suffix
	digest  hashing.Digest
}

// CheckKey reports with ErrBadKey whether s is not a key that Berth makes: a
// station id, a day that exists, and the digest of the sealed file.
func CheckKey(s string) error {
	_, err := parseKey(s)
	return err
}

// CheckSealed is CheckKey for a sealed file's key, which must also name the
// file's own digest.
func CheckSealed(sealed dock.Sealed) error {
	_, err := parseSealed(sealed)
	return err
}

func parseSealed(sealed dock.Sealed) (key, error) {
	parsed, err := parseKey(sealed.Key)
	if err != nil {
		return key{}, err
	}
	if parsed.digest != sealed.Digest || sealed.Digest.IsZero() {
		return key{}, fmt.Errorf("%w: %q names another digest than %s", ErrBadKey, sealed.Key, sealed.Digest)
	}
	if sealed.SizeBytes < 0 {
		return key{}, fmt.Errorf("%w: %q has a size of %d bytes", ErrBadKey, sealed.Key, sealed.SizeBytes)
	}
	return parsed, nil
}

func parseKey(s string) (key, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 5 {
		return key{}, fmt.Errorf("%w: %q has %d parts, want 5", ErrBadKey, s, len(parts))
	}
	if err := dock.StationID(parts[0]).Validate(); err != nil {
		return key{}, fmt.Errorf("%w: %q: %w", ErrBadKey, s, err)
	}
	day := strings.Join(parts[1:4], "/")
	if _, err := time.Parse("2006/01/02", day); err != nil {
		return key{}, fmt.Errorf("%w: %q has no such day", ErrBadKey, s)
	}
	digits, found := strings.CutSuffix(parts[4], suffix)
	if !found {
		return key{}, fmt.Errorf("%w: %q does not end in %s", ErrBadKey, s, suffix)
	}
	digest, err := hashing.Parse(digits)
	if err != nil {
		return key{}, fmt.Errorf("%w: %q: %w", ErrBadKey, s, err)
	}
	return key{station: parts[0], folders: parts[:4], name: parts[4], digest: digest}, nil
}
