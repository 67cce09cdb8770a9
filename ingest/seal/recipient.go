package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"berth/hashing"
)

// The RSA keys that are taken, in bits. Shorter ones are too weak; longer ones
// only cost time.
const minRSA, maxRSA = 3072, 8192

// Recipient is a public key that recordings are sealed to. The zero value is
// no recipient. Immutable.
type Recipient struct {
	ec          *ecdsa.PublicKey // one of the two is set
	rsa         *rsa.PublicKey
	fingerprint string
}

// Fingerprint is "sha256:" and the SHA-256 of the key's SubjectPublicKeyInfo
// in hexadecimal, as
//
//	openssl pkey -pubin -in KEY.pub.pem -outform DER | sha256sum
//
// prints it. A certificate has the fingerprint of its key.
func (r Recipient) Fingerprint() string { return r.fingerprint }

// ParseRecipient reads a PEM file with exactly one public key or one X.509
// certificate, of a P-384 or an RSA key of 3072 to 8192 bits. A certificate's
// dates and issuer are not looked at: the config pins the key itself. A file
// with a private key in it, whatever else it holds, is ErrPrivateKey.
func ParseRecipient(file []byte) (Recipient, error) {
	var found []Recipient
	var firstErr error
	for rest := file; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return Recipient{}, fmt.Errorf("read recipient: %w: give the public key and keep this one off the station", ErrPrivateKey)
		}
		recipient, err := parsePublicBlock(block)
		if err != nil && firstErr == nil {
			firstErr = err
		}
		found = append(found, recipient)
	}
	switch {
	case firstErr != nil:
		return Recipient{}, fmt.Errorf("read recipient: %w", firstErr)
	case len(found) == 0 && len(privateKeysIn(file)) > 0:
		return Recipient{}, fmt.Errorf("read recipient: %w: give the public key and keep this one off the station", ErrPrivateKey)
	case len(found) != 1:
		return Recipient{}, fmt.Errorf("read recipient: %d public keys or certificates in PEM, want exactly 1", len(found))
	}
	return found[0], nil
}

func parsePublicBlock(block *pem.Block) (Recipient, error) {
	switch block.Type {
	case "PUBLIC KEY":
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return Recipient{}, err
		}
		return newRecipient(key)
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return Recipient{}, err
		}
		return newRecipient(certificate.PublicKey)
	}
	return Recipient{}, fmt.Errorf("PEM block %q is neither PUBLIC KEY nor CERTIFICATE", block.Type)
}

// newRecipient checks that key is of a kind that the format seals to.
func newRecipient(key any) (Recipient, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return Recipient{}, err
	}
	r := Recipient{fingerprint: "sha256:" + hashing.Sum(der).String()}
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P384() {
			return Recipient{}, fmt.Errorf("an elliptic-curve key must be on P-384, this one is on %s", key.Curve.Params().Name)
		}
		r.ec = key
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA || bits%8 != 0 {
			return Recipient{}, fmt.Errorf("an RSA key must have %d to %d bits, this one has %d", minRSA, maxRSA, bits)
		}
		r.rsa = key
	default:
		return Recipient{}, errors.New("neither a P-384 nor an RSA key")
	}
	return r, nil
}
