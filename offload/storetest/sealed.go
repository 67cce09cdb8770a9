package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"

	"berth/dock"
	"berth/hashing"
)

// Content returns size bytes that are different for every seed, and the same
// every time.
func Content(seed uint64, size int) []byte {
	content := make([]byte, size)
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	rand.NewChaCha8(key).Read(content)
	return content
}

// Seal makes something that a store takes for a sealed file out of content.
// To a store the bytes mean nothing.
func Seal(content []byte) dock.Sealed {
	digest := hashing.Sum(content)
	return dock.Sealed{
		Key:    fmt.Sprintf("hq-dock-1/2026/03/09/%s.sealed", digest),
		Digest: digest, SizeBytes: int64(len(content)),
		Open: func() (io.ReadSeekCloser, error) { return file{bytes.NewReader(content)}, nil },
	}
}

// file is content as a sealed file on the spool is.
type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

// reading is a sealed file whose reads pass through before.
type reading struct {
	io.ReadSeekCloser
	offset int64
	before func(offset int64) error
}

func (r *reading) Read(p []byte) (int, error) {
	if err := r.before(r.offset); err != nil {
		return 0, err
	}
	n, err := r.ReadSeekCloser.Read(p[:min(len(p), 64<<10)])
	r.offset += int64(n)
	return n, err
}

func (r *reading) Seek(offset int64, whence int) (int64, error) {
	at, err := r.ReadSeekCloser.Seek(offset, whence)
	r.offset = at
	return at, err
}

// Watched calls before at every read of the sealed file, with the offset; its
// error becomes the read's.
func Watched(sealed dock.Sealed, before func(offset int64) error) dock.Sealed {
	open := sealed.Open
	sealed.Open = func() (io.ReadSeekCloser, error) {
		content, err := open()
		if err != nil {
			return nil, err
		}
		return &reading{ReadSeekCloser: content, before: before}, nil
	}
	return sealed
}

// readerUntil reads content until ctx ends.
type readerUntil struct {
	ctx context.Context
	io.Reader
}

func (r readerUntil) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func (readerUntil) Close() error { return nil }
