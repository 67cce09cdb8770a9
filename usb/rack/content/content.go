// Package content makes the bytes of the virtual cameras' recordings out of a
// seed, so that a gigabyte need not be carried from the host into the guest, and
// so that both can say what a recording must hash to.
//
// It promises that the same seed, path and size give the same bytes everywhere,
// that any two sectors of 512 bytes of any two files differ, and that the bytes
// do not compress. It is no cryptography and never makes keys.
package content

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/rand/v2"
)

const (
	blockSize  = 1 << 20
	sectorSize = 512
)

// reader gives one random block again and again, each sector stamped with its
// own number: as fast as memory, also where a processor is emulated.
type reader struct {
	block  []byte
	at     int64 // offset of the next byte
	size   int64
	loaded int64 // number of the block that is stamped, -1 for none
}

// New returns the bytes of the file at path, size bytes long.
func New(seed uint64, path string, size int64) io.Reader {
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], seed)
	key := sha256.Sum256(append(number[:], path...))
	block := make([]byte, min(blockSize, (size+sectorSize-1)/sectorSize*sectorSize))
	rand.NewChaCha8(key).Read(block)
	return &reader{block: block, size: size, loaded: -1}
}

// Read gives the next bytes; it never fails before the end.
func (r *reader) Read(p []byte) (int, error) {
	if r.at == r.size {
		return 0, io.EOF
	}
	if number := r.at / blockSize; number != r.loaded {
		r.stamp(number)
	}
	n := copy(p, r.block[r.at%blockSize:])
	n = int(min(int64(n), r.size-r.at))
	r.at += int64(n)
	return n, nil
}

// stamp writes into each sector which one of the file it is.
func (r *reader) stamp(number int64) {
	for offset := 0; offset < len(r.block); offset += sectorSize {
		sector := uint64(number)*(blockSize/sectorSize) + uint64(offset/sectorSize)
		binary.LittleEndian.PutUint64(r.block[offset:], sector)
	}
	r.loaded = number
}

// SHA256 is the digest of the file at path, in lower-case hexadecimal digits.
func SHA256(seed uint64, path string, size int64) string {
	hash := sha256.New()
	if _, err := io.Copy(hash, New(seed, path, size)); err != nil {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil))
}
