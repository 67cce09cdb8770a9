package seal

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"io"

	"berth/hashing"
)

// Envelope is what a sealed file shows to someone without a key. Nothing in it
// is proven until Verify returned nil. For one goroutine.
type Envelope struct {
	HeaderBytes int
	SizeBytes   int64    // of the whole sealed file
	Segments    int64    // of the content, as the file's size has it
	Recipients  []string // fingerprints of the keys that open it
	Station     string   // who signed, by their own word
	KeyID       hashing.Digest
	PublicKey   ed25519.PublicKey // the key that the signature block holds

	r         io.ReaderAt
	header    []byte
	key       *keyEnvelope
	signature *signature
	digest    hashing.Digest // of the whole file, once it is verified
}

// Inspect reads header and signature block of a sealed file of size bytes and
// checks their structure. What no station writes is ErrIntegrity.
func Inspect(r io.ReaderAt, size int64) (*Envelope, error) {
	header, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	content := size - int64(len(header)) - tailBytes
	if content%Block != 0 || content > maxContent {
		return nil, altered("%d bytes are not the size of a sealed file", size)
	}
	key, err := parseEnvelope(header[atJWE : atJWE+jweLength(header)])
	if err != nil {
		return nil, altered("%v", err)
	}
	block := make([]byte, Block)
	if err := readAt(r, block, size-Block); err != nil {
		return nil, err
	}
	signature, err := parseSignature(block)
	if err != nil {
		return nil, err
	}
	return &Envelope{
		HeaderBytes: len(header), SizeBytes: size, Segments: (content + SegmentBytes - 1) / SegmentBytes,
		Recipients: key.fingerprints(), Station: signature.station, KeyID: signature.keyID, PublicKey: signature.public,
		r: r, header: header, key: key, signature: signature,
	}, nil
}

// readHeader reads the header and checks every length in it.
func readHeader(r io.ReaderAt, size int64) ([]byte, error) {
	if size < Block+tailBytes {
		return nil, altered("%d bytes are too few for a sealed file", size)
	}
	fixed := make([]byte, atJWE)
	if err := readAt(r, fixed, 0); err != nil {
		return nil, err
	}
	if string(fixed[:len(magic)]) != magic {
		return nil, altered("it does not begin like a sealed file of version 1")
	}
	headerBytes := binary.BigEndian.Uint32(fixed[atHeaderLength:])
	jweBytes := binary.BigEndian.Uint32(fixed[atJWELength:])
	if headerBytes < Block || headerBytes > maxHeader || headerBytes%Block != 0 || int64(headerBytes)+tailBytes > size {
		return nil, altered("a header of %d bytes cannot be", headerBytes)
	}
	if jweBytes > maxJWE || int64(jweBytes)+int64(atJWE+sealOverhead) > int64(headerBytes) {
		return nil, altered("a key envelope of %d bytes cannot be", jweBytes)
	}
	header := make([]byte, headerBytes)
	return header, readAt(r, header, 0)
}

// jweLength is the length of the key envelope in a header that readHeader took.
func jweLength(header []byte) int { return int(binary.BigEndian.Uint32(header[atJWELength:])) }

// readAt reads all of b; a file that ends before its stated size was cut.
func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || err == io.EOF {
		return altered("it ends after %d bytes, in the middle", at+int64(n))
	}
	return fmt.Errorf("read sealed file at %d: %w", at, err)
}

// Verify reads the whole file, checks the signature, and returns the SHA-256 of
// the file, which is its name in every store. It needs no private key. That the
// signature holds says only that whoever holds the private half of PublicKey
// signed: whether that is a station of the agency, the caller must know.
func (e *Envelope) Verify(ctx context.Context) (hashing.Digest, error) {
	flow := hashing.NewFlow()
	buffer := make([]byte, SegmentBytes)
	for at, end := int64(0), e.SizeBytes-Block; at < end; {
		if err := ctx.Err(); err != nil {
			return hashing.Digest{}, fmt.Errorf("verify sealed file: %w", err)
		}
		part := buffer[:min(end-at, int64(len(buffer)))]
		if err := readAt(e.r, part, at); err != nil {
			return hashing.Digest{}, err
		}
		flow.Write(part)
		at += int64(len(part))
	}
	if err := e.signature.verify(flow.Digest()); err != nil {
		return hashing.Digest{}, err
	}
	flow.Write(e.signature.block)
	e.digest = flow.Digest()
	return e.digest, nil
}
