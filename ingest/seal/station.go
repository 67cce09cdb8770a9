package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"berth/hashing"
)

// GenerateStationKey makes the key that a station signs with.
func GenerateStationKey() (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generate station key: %w", err)
	}
	return key, nil
}

// EncodeStationKey writes the key as PKCS#8 PEM, to be kept with mode 0600.
func EncodeStationKey(key ed25519.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode station key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// ParseStationKey is the inverse of EncodeStationKey.
func ParseStationKey(file []byte) (ed25519.PrivateKey, error) {
	keys := privateKeysIn(file)
	if len(keys) != 1 {
		return nil, fmt.Errorf("read station key: %d private keys in PEM, want exactly 1", len(keys))
	}
	key, ok := keys[0].(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("read station key: not an Ed25519 key")
	}
	return key, nil
}

// EncodeStationPublic writes the public key as PEM, for everyone.
func EncodeStationPublic(key ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode station public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// ParseStationPublic is the inverse of EncodeStationPublic.
func ParseStationPublic(file []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(file)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("read station public key: no PUBLIC KEY in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read station public key: %w", err)
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("read station public key: not an Ed25519 key")
	}
	return key, nil
}

// StationKeyID names a station's public key: the SHA-256 of its
// SubjectPublicKeyInfo, as
//
//	openssl pkey -pubin -in PUB.pem -outform DER | sha256sum
//
// prints it. The zero digest stands for something that is no Ed25519 key.
func StationKeyID(key ed25519.PublicKey) hashing.Digest {
	if len(key) != ed25519.PublicKeySize {
		return hashing.Digest{}
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return hashing.Digest{}
	}
	return hashing.Sum(der)
}
