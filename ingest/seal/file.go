package seal

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"

	"berth/hashing"
)

// File seals one recording. It holds the only copy of the file key outside the
// key envelope, in memory. Its methods are safe for concurrent use.
type File struct {
	keys         *keys
	header       []byte
	headerDigest hashing.Digest
}

// NewFile makes a random file key, wraps it to every recipient, and seals the
// metadata. The recipients must differ; at most 32.
func NewFile(recipients []Recipient, m Metadata) (*File, error) {
	fileKey := make([]byte, keyBytes)
	defer clear(fileKey)
	rand.Read(fileKey) // never fails: crypto/rand ends the process instead
	return newFile(fileKey, recipients, m)
}

func newFile(fileKey []byte, recipients []Recipient, m Metadata) (*File, error) {
	keys, err := deriveKeys(fileKey)
	if err != nil {
		return nil, fmt.Errorf("begin sealed file: %w", err)
	}
	envelope, err := wrapKey(fileKey, recipients)
	if err != nil {
		return nil, fmt.Errorf("begin sealed file: %w", err)
	}
	m = m.sealable()
	text, err := hashing.Canonical(m)
	if err != nil {
		return nil, fmt.Errorf("begin sealed file: metadata: %w", err)
	}
	headerBytes := roundUp(atJWE + len(envelope) + sealOverhead + 4 + len(text))
	if headerBytes > maxHeader {
		return nil, fmt.Errorf("begin sealed file: header of %d bytes, at most %d", headerBytes, maxHeader)
	}
	header := make([]byte, 0, headerBytes)
	header = append(header, magic...)
	header = binary.BigEndian.AppendUint32(header, uint32(headerBytes))
	header = binary.BigEndian.AppendUint32(header, uint32(len(envelope)))
	header = append(header, keys.commitment...)
	header = append(header, envelope...)
	framed, err := frame(m, headerBytes-len(header)-sealOverhead)
	if err != nil {
		return nil, fmt.Errorf("begin sealed file: metadata: %w", err)
	}
	aad := additionalData(kindMetadata, 0, hashing.Sum(header))
	header = keys.metadata.Seal(header, nil, framed, aad)
	return &File{keys: keys, header: header, headerDigest: hashing.Sum(header)}, nil
}

// Header returns what the sealed file begins with, a multiple of Block.
func (f *File) Header() []byte { return slices.Clone(f.header) }

// Seal appends to dst[:0] segment index of the content as it is stored, padded
// to a multiple of Block. plain has 1 to SegmentPlain bytes, and fewer than
// SegmentPlain only in the last segment. dst should have a capacity of
// SegmentBytes and must not overlap plain.
func (f *File) Seal(dst, plain []byte, index int64) ([]byte, error) {
	if len(plain) == 0 || len(plain) > SegmentPlain || index < 0 || index >= maxSegments {
		return nil, fmt.Errorf("seal segment %d: %d bytes, want 1 to %d", index, len(plain), SegmentPlain)
	}
	stored := StoredBytes(len(plain))
	dst = slices.Grow(dst[:0], stored)
	sealed := f.keys.content.Seal(dst, nil, plain, additionalData(kindContent, index, f.headerDigest))
	n := len(sealed)
	sealed = sealed[:stored]
	clear(sealed[n:])
	return sealed, nil
}

// Unseal is the inverse of Seal, for reading back what was written: it appends
// the plainBytes of content of segment index to dst[:0], which must not overlap
// stored. Anything else than what Seal returned is ErrIntegrity.
func (f *File) Unseal(dst, stored []byte, index int64, plainBytes int) ([]byte, error) {
	return f.keys.openSegment(dst, stored, index, plainBytes, f.headerDigest)
}

func (k *keys) openSegment(dst, stored []byte, index int64, plainBytes int, header hashing.Digest) ([]byte, error) {
	if plainBytes <= 0 || plainBytes > SegmentPlain || len(stored) != StoredBytes(plainBytes) {
		return nil, altered("segment %d has %d bytes, which do not hold %d of content", index, len(stored), plainBytes)
	}
	sealed, padding := stored[:plainBytes+sealOverhead], stored[plainBytes+sealOverhead:]
	if !allZero(padding) {
		return nil, altered("the padding of segment %d is not zero", index)
	}
	plain, err := k.content.Open(dst[:0], nil, sealed, additionalData(kindContent, index, header))
	if err != nil {
		return nil, altered("segment %d does not authenticate", index)
	}
	return plain, nil
}

// Closing returns the closing record, one Block, which follows the last
// segment. c.Segments must be what c.SizeBytes fills.
func (f *File) Closing(c Closing) ([]byte, error) {
	if c.SizeBytes < 0 || c.SizeBytes > maxContent || c.Segments != Segments(c.SizeBytes) || c.SHA256.IsZero() {
		return nil, fmt.Errorf("close sealed file: %d bytes in %d segments with digest %q cannot be", c.SizeBytes, c.Segments, c.SHA256)
	}
	framed, err := frame(c.sealable(), Block-sealOverhead)
	if err != nil {
		return nil, fmt.Errorf("close sealed file: %w", err)
	}
	aad := additionalData(kindClosing, c.Segments, f.headerDigest)
	return f.keys.closing.Seal(make([]byte, 0, Block), nil, framed, aad), nil
}
