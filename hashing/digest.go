package hashing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

// Size is the length of a Digest in bytes.
const Size = sha256.Size

// Digest is a SHA-256 digest (FIPS 180-4). The zero value means "not known";
// it is never the digest of anything that Berth accepts as proof.
type Digest [Size]byte

// Sum returns the digest of b.
func Sum(b []byte) Digest { return sha256.Sum256(b) }

// String returns the digest as 64 lower-case hexadecimal digits, as sha256sum
// prints it.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether the digest is not known.
func (d Digest) IsZero() bool { return d == Digest{} }

// Parse reads 64 lower-case hexadecimal digits. Upper case is refused, so that
// parsing and printing are inverse to each other.
func Parse(s string) (Digest, error) {
	var d Digest
	if len(s) != 2*Size {
		return Digest{}, fmt.Errorf("parse digest: %d characters, want %d", len(s), 2*Size)
	}
	if _, err := hex.Decode(d[:], []byte(s)); err != nil {
		return Digest{}, fmt.Errorf("parse digest: %w", err)
	}
	if d.String() != s {
		return Digest{}, fmt.Errorf("parse digest: upper-case digits")
	}
	return d, nil
}

// MarshalText writes the digest as String does; an unknown digest becomes the
// empty text.
func (d Digest) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText is the inverse of MarshalText.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Digest{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Of reads r to its end and returns the digest and the number of bytes read.
func Of(r io.Reader) (Digest, int64, error) {
	flow := NewFlow()
	n, err := io.Copy(flow, r)
	if err != nil {
		return Digest{}, n, err
	}
	return flow.Digest(), n, nil
}
