package seal

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"berth/hashing"
)

// Reader gives out what one sealed file holds. For one goroutine.
type Reader struct {
	envelope     *Envelope
	keys         *keys
	headerDigest hashing.Digest
	metadata     Metadata
	closing      Closing
}

// Open checks a sealed file of size bytes from the outside in: Inspect, then
// Envelope.Verify, then Envelope.Open. An altered file is ErrIntegrity even for
// someone with the wrong key.
func Open(ctx context.Context, r io.ReaderAt, size int64, given ...PrivateKey) (*Reader, error) {
	envelope, err := Inspect(r, size)
	if err != nil {
		return nil, err
	}
	if _, err := envelope.Verify(ctx); err != nil {
		return nil, err
	}
	return envelope.Open(given...)
}

// Open opens the key envelope with the first of the given keys that is one of
// the recipients', and with that the metadata and the closing record. It
// refuses an envelope that Verify did not accept. No fitting key is *WrongKey,
// everything else that is wrong ErrIntegrity.
func (e *Envelope) Open(given ...PrivateKey) (*Reader, error) {
	if e.digest.IsZero() {
		return nil, errors.New("open sealed file: not verified")
	}
	fileKey, err := e.key.unwrap(given)
	if err != nil {
		return nil, err
	}
	defer clear(fileKey)
	keys, err := deriveKeys(fileKey)
	if err != nil {
		return nil, err
	}
	reader := &Reader{envelope: e, keys: keys, headerDigest: hashing.Sum(e.header)}
	if err := reader.openMetadata(); err != nil {
		return nil, err
	}
	if err := reader.openClosing(); err != nil {
		return nil, err
	}
	return reader, nil
}

func (r *Reader) openMetadata() error {
	header := r.envelope.header
	if !r.keys.committed(header[atCommitment:atJWE]) {
		return altered("the header does not belong to its key")
	}
	at := atJWE + jweLength(header)
	framed, err := r.keys.metadata.Open(nil, nil, header[at:], additionalData(kindMetadata, 0, hashing.Sum(header[:at])))
	if err != nil {
		return altered("the metadata does not authenticate")
	}
	if err := unframe(framed, &r.metadata); err != nil {
		return altered("the metadata is malformed: %v", err)
	}
	if r.metadata.Station != r.envelope.Station {
		return altered("the metadata is of station %q, the signature of station %q", r.metadata.Station, r.envelope.Station)
	}
	return nil
}

func (r *Reader) openClosing() error {
	stored := make([]byte, Block)
	size := r.envelope.SizeBytes
	if err := readAt(r.envelope.r, stored, size-tailBytes); err != nil {
		return err
	}
	framed, err := r.keys.closing.Open(nil, nil, stored, additionalData(kindClosing, r.envelope.Segments, r.headerDigest))
	if err != nil {
		return altered("the closing record does not authenticate")
	}
	c := &r.closing
	if err := unframe(framed, c); err != nil {
		return altered("the closing record is malformed: %v", err)
	}
	if c.SizeBytes < 0 || c.SizeBytes > maxContent || c.Segments != r.envelope.Segments || c.SHA256.IsZero() ||
		SealedBytes(r.envelope.HeaderBytes, c.SizeBytes) != size {
		return altered("the closing record speaks of %d bytes in %d segments, the file has %d segments", c.SizeBytes, c.Segments, r.envelope.Segments)
	}
	return nil
}

// Metadata is what was known before the recording was read.
func (r *Reader) Metadata() Metadata { return r.metadata }

// Closing is what was known once it was read.
func (r *Reader) Closing() Closing { return r.closing }

// Envelope is what the file shows without a key; it is verified.
func (r *Reader) Envelope() *Envelope { return r.envelope }

// Digest is the SHA-256 of the whole sealed file.
func (r *Reader) Digest() hashing.Digest { return r.envelope.digest }

// Signer is the station that signed the file. Whether the key is really its
// key, the caller must know.
func (r *Reader) Signer() (station string, keyID hashing.Digest, public ed25519.PublicKey) {
	return r.envelope.Station, r.envelope.KeyID, r.envelope.PublicKey
}

// Content writes the recording to w. Every segment is authenticated before any
// of it is written, and the digest of everything is compared at the end: an
// ErrIntegrity after some segments means that the rest was not written, and the
// caller must not take what was for the recording.
func (r *Reader) Content(ctx context.Context, w io.Writer) error {
	stored, plain := make([]byte, SegmentBytes), make([]byte, 0, SegmentPlain)
	flow := hashing.NewFlow()
	for index := range r.closing.Segments {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("open sealed file: %w", err)
		}
		plainBytes := plainInSegment(r.closing.SizeBytes, index)
		part := stored[:StoredBytes(plainBytes)]
		if err := readAt(r.envelope.r, part, int64(r.envelope.HeaderBytes)+index*SegmentBytes); err != nil {
			return err
		}
		opened, err := r.keys.openSegment(plain, part, index, plainBytes, r.headerDigest)
		if err != nil {
			return err
		}
		flow.Write(opened)
		if _, err := w.Write(opened); err != nil {
			return fmt.Errorf("write the content: %w", err)
		}
	}
	if err := flow.Check("content", r.closing.SHA256, r.closing.SizeBytes); err != nil {
		return altered("%v", err)
	}
	return nil
}
