package journal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

const saltBytes = 16

// keys are derived from the station's data key, one for each use.
type keys struct {
	personal cipher.AEAD
	token    []byte
}

func deriveKeys(dataKey [32]byte) (keys, error) {
	personal, err := hkdf.Key(sha256.New, dataKey[:], nil, "berth journal personal 1", 32)
	if err != nil {
		return keys{}, fmt.Errorf("derive journal key: %w", err)
	}
	token, err := hkdf.Key(sha256.New, dataKey[:], nil, "berth journal token 1", 32)
	if err != nil {
		return keys{}, fmt.Errorf("derive journal key: %w", err)
	}
	block, err := aes.NewCipher(personal)
	if err != nil {
		return keys{}, fmt.Errorf("derive journal key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return keys{}, fmt.Errorf("derive journal key: %w", err)
	}
	return keys{personal: aead, token: token}, nil
}

// seal encrypts a personal value of an event and returns the commitment that
// the event carries in its place.
func (k keys) seal(event int64, field, value string) (sealed []byte, commitment string) {
	salted := make([]byte, saltBytes, saltBytes+len(value))
	rand.Read(salted) // never fails: crypto/rand ends the process instead
	salted = append(salted, value...)
	return k.personal.Seal(nil, nil, salted, owner(event, field)), commit(salted)
}

// open is the inverse of seal.
func (k keys) open(event int64, field string, sealed []byte) (value, commitment string, err error) {
	salted, err := k.personal.Open(nil, nil, sealed, owner(event, field))
	if err != nil {
		return "", "", fmt.Errorf("%w: open %s of event %d: %w", ErrBroken, field, event, err)
	}
	if len(salted) < saltBytes {
		return "", "", fmt.Errorf("%w: %s of event %d is too short", ErrBroken, field, event)
	}
	return string(salted[saltBytes:]), commit(salted), nil
}

func commit(salted []byte) string {
	sum := sha256.Sum256(salted)
	return hex.EncodeToString(sum[:])
}

// owner ties a sealed value to its place, so that none can be moved to another.
func owner(event int64, field string) []byte { return fmt.Appendf(nil, "event %d|%s", event, field) }

// tokenOf is what a value is found by without being stored: equal values of one
// kind have equal tokens under one data key.
func (k keys) tokenOf(kind string, parts ...string) []byte {
	mac := hmac.New(sha256.New, k.token)
	for _, part := range append([]string{kind}, parts...) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}

// check recognises the data key.
func (k keys) check() []byte { return k.tokenOf("key check") }
