package seal

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"regexp"

	"berth/hashing"
)

// The signature block, one Block in clear: magic, station id padded with
// zeros, key id, public key, signature, zeros.
const (
	signatureMagic = "berth-signature\n"
	stationBytes   = 64
	atStation      = len(signatureMagic)
	atKeyID        = atStation + stationBytes
	atPublicKey    = atKeyID + hashing.Size
	atSignature    = atPublicKey + ed25519.PublicKeySize
	atZeros        = atSignature + ed25519.SignatureSize
)

var stationPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Signer signs sealed files for a station. Safe for concurrent use.
type Signer struct {
	station string
	key     ed25519.PrivateKey
}

// NewSigner signs as station with its key.
func NewSigner(station string, key ed25519.PrivateKey) *Signer {
	return &Signer{station: station, key: key}
}

// Station is who signs.
func (s *Signer) Station() string { return s.station }

// Public is the key that checks the signatures.
func (s *Signer) Public() ed25519.PublicKey { return s.key.Public().(ed25519.PublicKey) }

// Block returns the signature block that ends a sealed file, given the digest
// of everything before it: header, segments and closing record.
func (s *Signer) Block(before hashing.Digest) ([]byte, error) {
	if !stationPattern.MatchString(s.station) {
		return nil, fmt.Errorf("sign sealed file: station id %q cannot be", s.station)
	}
	if len(s.key) != ed25519.PrivateKeySize || before.IsZero() {
		return nil, fmt.Errorf("sign sealed file: no key or no digest")
	}
	block := make([]byte, Block)
	copy(block, signatureMagic)
	copy(block[atStation:], s.station)
	id := StationKeyID(s.Public())
	copy(block[atKeyID:], id[:])
	copy(block[atPublicKey:], s.Public())
	copy(block[atSignature:], ed25519.Sign(s.key, signedMessage(block, before)))
	return block, nil
}

// signedMessage is everything in the block before the signature, then the
// digest: the magic separates it from anything else that the key might sign.
func signedMessage(block []byte, before hashing.Digest) []byte {
	return append(bytes.Clone(block[:atSignature]), before[:]...)
}

// signature is a parsed signature block; its signature is not checked yet.
type signature struct {
	block   []byte
	station string
	keyID   hashing.Digest
	public  ed25519.PublicKey
}

func parseSignature(block []byte) (*signature, error) {
	if len(block) != Block || string(block[:atStation]) != signatureMagic {
		return nil, altered("the signature block is missing")
	}
	station, rest, _ := bytes.Cut(block[atStation:atKeyID], []byte{0})
	if !stationPattern.Match(station) || !allZero(rest) || !allZero(block[atZeros:]) {
		return nil, altered("the signature block is malformed")
	}
	s := &signature{block: bytes.Clone(block), station: string(station)}
	copy(s.keyID[:], block[atKeyID:])
	s.public = ed25519.PublicKey(s.block[atPublicKey:atSignature])
	if StationKeyID(s.public) != s.keyID {
		return nil, altered("the signature block names another key than it holds")
	}
	return s, nil
}

// verify checks the signature over the digest of everything before the block.
func (s *signature) verify(before hashing.Digest) error {
	if !ed25519.Verify(s.public, signedMessage(s.block, before), s.block[atSignature:atZeros]) {
		return altered("the signature of station %s does not match the file", s.station)
	}
	return nil
}
