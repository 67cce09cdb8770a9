package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
)

// keys are what one file key amounts to: a sealer for each kind and the
// commitment, which ties the header to this key alone (AES-GCM by itself would
// let two keys open one ciphertext). Safe for concurrent use.
type keys struct {
	metadata, content, closing cipher.AEAD
	commitment                 []byte
}

// deriveKeys derives the keys by HKDF-SHA-256 without salt: the file key is
// uniformly random already.
func deriveKeys(fileKey []byte) (*keys, error) {
	k := &keys{}
	for name, aead := range map[string]*cipher.AEAD{"metadata": &k.metadata, "content": &k.content, "closing": &k.closing} {
		key, err := hkdf.Key(sha256.New, fileKey, nil, info(name), keyBytes)
		if err != nil {
			return nil, fmt.Errorf("derive %s key: %w", name, err)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("derive %s key: %w", name, err)
		}
		clear(key)
		if *aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("derive %s key: %w", name, err)
		}
	}
	var err error
	if k.commitment, err = hkdf.Key(sha256.New, fileKey, nil, info("commitment"), keyBytes); err != nil {
		return nil, fmt.Errorf("derive key commitment: %w", err)
	}
	return k, nil
}

// info separates the keys of one file from each other and from other formats.
func info(name string) string { return "berth-sealed v1 " + name }

func (k *keys) committed(commitment []byte) bool {
	return subtle.ConstantTimeCompare(k.commitment, commitment) == 1
}
