package seal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// PrivateKey opens what was sealed to its Recipient. It belongs to the agency
// and is never on a station. The zero value opens nothing. Immutable.
type PrivateKey struct {
	key       any // *ecdsa.PrivateKey or *rsa.PrivateKey
	recipient Recipient
}

// Recipient is the public half.
func (k PrivateKey) Recipient() Recipient { return k.recipient }

// ParsePrivateKey reads a PEM file with exactly one private key: PKCS#8, as
// `berth keys new` and openssl write it, or the older SEC 1 and PKCS #1 forms.
// Encrypted keys are refused with a hint how to decrypt them.
func ParsePrivateKey(file []byte) (PrivateKey, error) {
	for rest := file; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return PrivateKey{}, errors.New("read private key: it is protected by a passphrase; decrypt it first: openssl pkey -in KEY.pem -out PLAIN.pem")
		}
	}
	keys := privateKeysIn(file)
	if _, err := ParseRecipient(file); len(keys) == 0 && err == nil {
		return PrivateKey{}, errors.New("read private key: this is a public key, which seals; opening takes the private one")
	}
	if len(keys) != 1 {
		return PrivateKey{}, fmt.Errorf("read private key: %d private keys in PEM, want exactly 1", len(keys))
	}
	return newPrivateKey(keys[0])
}

func newPrivateKey(key any) (PrivateKey, error) {
	public, ok := publicHalf(key)
	if !ok {
		return PrivateKey{}, errors.New("read private key: neither a P-384 nor an RSA key")
	}
	recipient, err := newRecipient(public)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("read private key: %w", err)
	}
	return PrivateKey{key: key, recipient: recipient}, nil
}

func publicHalf(key any) (any, bool) {
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		return &key.PublicKey, true
	case *rsa.PrivateKey:
		return &key.PublicKey, true
	}
	return nil, false
}

// HoldsPrivateKey reports whether file, PEM or DER with anything around the
// PEM, holds the unencrypted private key of one of the recipients: a station
// that finds one beside its data no longer keeps promise 2.
func HoldsPrivateKey(file []byte, recipients []Recipient) bool {
	for _, key := range privateKeysIn(file) {
		private, err := newPrivateKey(key)
		if err == nil && slices.ContainsFunc(recipients, func(r Recipient) bool {
			return r.fingerprint == private.recipient.fingerprint
		}) {
			return true
		}
	}
	return false
}

// privateKeysIn returns every private key that can be read out of file.
func privateKeysIn(file []byte) []any {
	var keys []any
	if key := parsePrivateDER(file); key != nil {
		keys = append(keys, key)
	}
	for rest := file; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return keys
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if key := parsePrivateDER(block.Bytes); key != nil {
			keys = append(keys, key)
		}
	}
}

func parsePrivateDER(der []byte) any {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	return nil
}

// GenerateKeyPair makes a P-384 key pair for an agency: the private key as
// PKCS#8 PEM, to be written with mode 0600 and kept off every station, and the
// public key as PEM that ParseRecipient reads.
func GenerateKeyPair() (privatePEM, publicPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generate key pair: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("generate key pair: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("generate key pair: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), nil
}
