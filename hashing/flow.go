package hashing

import (
	"crypto/sha256"
	"fmt"
	"hash"
)

// Flow hashes and counts bytes while they flow past. The zero value is not
// usable; it is for one goroutine.
type Flow struct {
	sum   hash.Hash
	count int64
}

// NewFlow starts an empty flow.
func NewFlow() *Flow { return &Flow{sum: sha256.New()} }

// Write takes the next bytes. It never fails and keeps no reference to p.
func (f *Flow) Write(p []byte) (int, error) {
	f.count += int64(len(p))
	return f.sum.Write(p)
}

// Bytes is the number of bytes that have passed.
func (f *Flow) Bytes() int64 { return f.count }

// Digest is the digest of all bytes so far; the flow may go on.
func (f *Flow) Digest() Digest {
	var d Digest
	f.sum.Sum(d[:0])
	return d
}

// Mismatch says that content was not what it should have been. It is the one
// error type for "these bytes are wrong", so that callers can tell it from
// "these bytes could not be read".
type Mismatch struct {
	What                string // what was checked, for a person
	Want, Got           Digest
	WantBytes, GotBytes int64
}

func (m *Mismatch) Error() string {
	if m.WantBytes != m.GotBytes {
		return fmt.Sprintf("%s: %d bytes, expected %d", m.What, m.GotBytes, m.WantBytes)
	}
	return fmt.Sprintf("%s: sha256 %s, expected %s", m.What, m.Got, m.Want)
}

// Check compares what has flowed with what was expected and returns a
// *Mismatch if size or digest differ. An unknown digest never matches.
func (f *Flow) Check(what string, want Digest, wantBytes int64) error {
	got := f.Digest()
	if f.count == wantBytes && got == want && !want.IsZero() {
		return nil
	}
	return &Mismatch{What: what, Want: want, Got: got, WantBytes: wantBytes, GotBytes: f.count}
}
