package seal

import (
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"berth/hashing"
)

// parseEnvelope accepts exactly what wrapKey writes, with every length checked,
// before any cryptography looks at it.
func parseEnvelope(text []byte) (*keyEnvelope, error) {
	var e keyEnvelope
	if err := parseExactly(text, &e); err != nil {
		return nil, fmt.Errorf("key envelope: %w", err)
	}
	if e.Protected != base64url.EncodeToString([]byte(protectedHeader)) {
		return nil, fmt.Errorf("key envelope: protected header is not %s", protectedHeader)
	}
	if len(e.Recipients) == 0 || len(e.Recipients) > maxRecipients {
		return nil, fmt.Errorf("key envelope: %d recipients, want 1 to %d", len(e.Recipients), maxRecipients)
	}
	for name, field := range map[string]struct {
		text string
		want int
	}{"iv": {e.IV, ivBytes}, "ciphertext": {e.Ciphertext, wrappedBytes}, "tag": {e.Tag, envelopeTagBytes}} {
		if err := checkLength(name, field.text, field.want, field.want); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for i, recipient := range e.Recipients {
		if err := recipient.check(); err != nil {
			return nil, fmt.Errorf("key envelope: recipient %d: %w", i, err)
		}
		if seen[recipient.Header.KeyID] {
			return nil, fmt.Errorf("key envelope: recipient %d: key %s twice", i, recipient.Header.KeyID)
		}
		seen[recipient.Header.KeyID] = true
	}
	return &e, nil
}

func (r wrappedKey) check() error {
	fingerprint, found := strings.CutPrefix(r.Header.KeyID, "sha256:")
	if _, err := hashing.Parse(fingerprint); err != nil || !found {
		return fmt.Errorf("key id is not a fingerprint")
	}
	switch epk := r.Header.Ephemeral; {
	case r.Header.Algorithm == algorithmRSA && epk == nil:
		return checkLength("encrypted key", r.EncryptedKey, minRSA/8, maxRSA/8)
	case r.Header.Algorithm == algorithmEC && epk != nil:
		if epk.KeyType != "EC" || epk.Curve != "P-384" {
			return fmt.Errorf("ephemeral key is not on P-384")
		}
		if err := checkLength("x", epk.X, coordinateBytes, coordinateBytes); err != nil {
			return err
		}
		if err := checkLength("y", epk.Y, coordinateBytes, coordinateBytes); err != nil {
			return err
		}
		return checkLength("encrypted key", r.EncryptedKey, wrappedKeyBytes, wrappedKeyBytes)
	}
	return fmt.Errorf("algorithm %q is not one of %s and %s, or its ephemeral key does not fit", r.Header.Algorithm, algorithmEC, algorithmRSA)
}

func checkLength(name, text string, least, most int) error {
	if len(text) > base64url.EncodedLen(most) {
		return fmt.Errorf("%s is too long", name)
	}
	decoded, err := base64url.DecodeString(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	// The decoder skips line ends; what is written has none.
	if base64url.EncodeToString(decoded) != text || len(decoded) < least {
		return fmt.Errorf("%s has %d bytes", name, len(decoded))
	}
	return nil
}

// fingerprints are the keys that open the envelope, in its order.
func (e *keyEnvelope) fingerprints() []string {
	var all []string
	for _, recipient := range e.Recipients {
		all = append(all, recipient.Header.KeyID)
	}
	return all
}

// unwrap returns the file key, with the first of the given keys that is one of
// the recipients'. None is *WrongKey; one that does not open it is ErrIntegrity.
func (e *keyEnvelope) unwrap(given []PrivateKey) ([]byte, error) {
	for _, key := range given {
		for _, recipient := range e.Recipients {
			if recipient.Header.KeyID == key.recipient.fingerprint {
				return e.unwrapOne(recipient, key)
			}
		}
	}
	return nil, &WrongKey{Recipients: e.fingerprints()}
}

func (e *keyEnvelope) unwrapOne(recipient wrappedKey, key PrivateKey) ([]byte, error) {
	want := jose.ECDH_ES_A256KW
	if key.recipient.rsa != nil {
		want = jose.RSA_OAEP_256
	}
	alone := *e
	alone.Recipients = []wrappedKey{recipient}
	text, err := hashing.Canonical(alone)
	if err != nil {
		return nil, fmt.Errorf("open the key envelope: %w", err)
	}
	parsed, err := jose.ParseEncryptedJSON(string(text), []jose.KeyAlgorithm{want}, []jose.ContentEncryption{jose.A256CBC_HS512})
	if err != nil {
		return nil, altered("the key envelope is not one that a station writes")
	}
	fileKey, err := parsed.Decrypt(key.key)
	if err != nil || len(fileKey) != keyBytes {
		return nil, altered("the key envelope does not open with the key %s that it names", recipient.Header.KeyID)
	}
	return fileKey, nil
}
