package seal

import (
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"berth/hashing"
)

// The key envelope is a JSON Web Encryption (RFC 7516) in the general JSON
// serialization, narrowed to one form: canonical JSON with exactly the members
// below and one content encryption. Everything that JWE leaves open is a place
// for two readers to disagree, so all of it is closed here.
type keyEnvelope struct {
	Protected  string       `json:"protected"`
	Recipients []wrappedKey `json:"recipients"`
	IV         string       `json:"iv"`
	Ciphertext string       `json:"ciphertext"`
	Tag        string       `json:"tag"`
}

type wrappedKey struct {
	Header       recipientHeader `json:"header"`
	EncryptedKey string          `json:"encrypted_key"`
}

type recipientHeader struct {
	Algorithm string        `json:"alg"`
	KeyID     string        `json:"kid"`
	Ephemeral *ephemeralKey `json:"epk,omitempty"` // with ECDH-ES+A256KW only
}

type ephemeralKey struct {
	KeyType string `json:"kty"`
	Curve   string `json:"crv"`
	X       string `json:"x"`
	Y       string `json:"y"`
}

const (
	algorithmEC  = "ECDH-ES+A256KW"
	algorithmRSA = "RSA-OAEP-256"

	protectedHeader = `{"enc":"A256CBC-HS512"}`

	maxRecipients     = 32
	contentKeyBytes   = 64 // A256CBC-HS512: half for the MAC, half for AES
	ivBytes           = 16
	wrappedBytes      = keyBytes + aes.BlockSize // CBC pads a whole block
	envelopeTagBytes  = 32
	wrappedKeyBytes   = contentKeyBytes + 8 // AES key wrap adds 8
	coordinateBytes   = 48                  // P-384
	coordinatesAt     = 1                   // after the byte that says "uncompressed"
	uncompressedBytes = coordinatesAt + 2*coordinateBytes
)

var base64url = base64.RawURLEncoding.Strict()

// wrapKey encrypts the file key to every recipient. What it made it parses, so
// that nothing is sealed that no reader would take.
func wrapKey(fileKey []byte, recipients []Recipient) ([]byte, error) {
	if len(recipients) == 0 || len(recipients) > maxRecipients {
		return nil, fmt.Errorf("%d recipients, want 1 to %d", len(recipients), maxRecipients)
	}
	contentKey := make([]byte, contentKeyBytes)
	defer clear(contentKey)
	iv := make([]byte, ivBytes)
	rand.Read(contentKey)
	rand.Read(iv)

	envelope := keyEnvelope{Protected: base64url.EncodeToString([]byte(protectedHeader)), IV: base64url.EncodeToString(iv)}
	for _, recipient := range recipients {
		wrapped, err := recipient.wrap(contentKey)
		if err != nil {
			return nil, fmt.Errorf("wrap the file key to %s: %w", recipient.fingerprint, err)
		}
		envelope.Recipients = append(envelope.Recipients, wrapped)
	}
	aead, err := josecipher.NewCBCHMAC(contentKey, aes.NewCipher)
	if err != nil {
		return nil, fmt.Errorf("wrap the file key: %w", err)
	}
	sealed := aead.Seal(nil, iv, fileKey, []byte(envelope.Protected))
	envelope.Ciphertext = base64url.EncodeToString(sealed[:wrappedBytes])
	envelope.Tag = base64url.EncodeToString(sealed[wrappedBytes:])

	text, err := hashing.Canonical(envelope)
	if err != nil {
		return nil, fmt.Errorf("wrap the file key: %w", err)
	}
	if _, err := parseEnvelope(text); err != nil {
		return nil, fmt.Errorf("wrap the file key: %w", err)
	}
	return text, nil
}

func (r Recipient) wrap(contentKey []byte) (wrappedKey, error) {
	switch {
	case r.ec != nil:
		return r.wrapEC(contentKey)
	case r.rsa != nil:
		encrypted, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, r.rsa, contentKey, nil)
		if err != nil {
			return wrappedKey{}, err
		}
		header := recipientHeader{Algorithm: algorithmRSA, KeyID: r.fingerprint}
		return wrappedKey{Header: header, EncryptedKey: base64url.EncodeToString(encrypted)}, nil
	}
	return wrappedKey{}, fmt.Errorf("no key")
}

func (r Recipient) wrapEC(contentKey []byte) (wrappedKey, error) {
	ephemeral, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return wrappedKey{}, err
	}
	point, err := ephemeral.PublicKey.Bytes()
	if err != nil {
		return wrappedKey{}, err
	}
	if len(point) != uncompressedBytes {
		return wrappedKey{}, fmt.Errorf("ephemeral key of %d bytes", len(point))
	}
	wrappingKey := josecipher.DeriveECDHES(algorithmEC, nil, nil, ephemeral, r.ec, keyBytes)
	defer clear(wrappingKey)
	block, err := aes.NewCipher(wrappingKey)
	if err != nil {
		return wrappedKey{}, err
	}
	encrypted, err := josecipher.KeyWrap(block, contentKey)
	if err != nil {
		return wrappedKey{}, err
	}
	x, y := point[coordinatesAt:coordinatesAt+coordinateBytes], point[coordinatesAt+coordinateBytes:]
	header := recipientHeader{Algorithm: algorithmEC, KeyID: r.fingerprint, Ephemeral: &ephemeralKey{
		KeyType: "EC", Curve: "P-384", X: base64url.EncodeToString(x), Y: base64url.EncodeToString(y),
	}}
	return wrappedKey{Header: header, EncryptedKey: base64url.EncodeToString(encrypted)}, nil
}
