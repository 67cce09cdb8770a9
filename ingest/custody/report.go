package custody

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"berth/hashing"
	"berth/ingest/seal"
)

// The ways in which evidence is not what it claims to be. Every other error
// says that something could not be done.
var (
	// ErrIntegrity: the file is not, bit for bit, what a station wrote.
	ErrIntegrity = seal.ErrIntegrity
	// ErrSigner: the file is whole, but another station signed it than expected.
	ErrSigner = errors.New("not signed by the expected station")
)

// Report is what is known of a sealed file after it was checked without a
// private key. Its JSON form is that of `verify --json`.
type Report struct {
	File         string         `json:"file"`
	SHA256       hashing.Digest `json:"sha256"` // of the sealed file; its name in every store
	SizeBytes    int64          `json:"size"`   // of the sealed file
	Segments     int64          `json:"segments"`
	Station      string         `json:"station"`       // who signed
	KeyID        hashing.Digest `json:"key_id"`        // SHA-256 of the signer's public key
	SignerPinned bool           `json:"signer_pinned"` // KeyID is the key that the caller expects
	NameMatches  *bool          `json:"name_matches"`  // null: the name is no digest
	Recipients   []string       `json:"recipients"`    // fingerprints of the keys that open it
	Warnings     []string       `json:"warnings"`      // what a person should know though the file is whole
}

// newReport says what a verified envelope amounts to for someone who expects
// the digest name (zero: unknown) and the station's key expected (nil: unknown).
func newReport(e *seal.Envelope, digest, name hashing.Digest, expected ed25519.PublicKey) (Report, error) {
	report := Report{
		SHA256: digest, SizeBytes: e.SizeBytes, Segments: e.Segments,
		Station: e.Station, KeyID: e.KeyID, Recipients: e.Recipients, Warnings: []string{},
	}
	if !name.IsZero() {
		if name != digest {
			return report, fmt.Errorf("%w: its name says sha256 %s, its bytes have %s", ErrIntegrity, name, digest)
		}
		matches := true
		report.NameMatches = &matches
	}
	if expected == nil {
		report.Warnings = append(report.Warnings, fmt.Sprintf(
			"signed by station %s (key %s), not checked against a key you trust; pass --station PUB.pem", e.Station, short(e.KeyID)))
		return report, nil
	}
	if !expected.Equal(e.PublicKey) {
		return report, fmt.Errorf("%w: the signature is of station %s (key %s), expected was key %s",
			ErrSigner, e.Station, short(e.KeyID), short(seal.StationKeyID(expected)))
	}
	report.SignerPinned = true
	return report, nil
}

// short is enough of a digest to tell keys apart by eye.
func short(d hashing.Digest) string { return d.String()[:16] }

// nameDigest is the digest that a sealed file's name claims, zero for a name
// that claims none.
func nameDigest(path string) hashing.Digest {
	text, sealed := strings.CutSuffix(filepath.Base(path), ".sealed")
	digest, err := hashing.Parse(text)
	if err != nil || !sealed {
		return hashing.Digest{}
	}
	return digest
}
