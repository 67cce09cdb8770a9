package seal

import (
	"encoding/binary"

	"berth/hashing"
)

// The sizes of the format, in bytes.
const (
	Block        = 4096                        // everything but the last segment begins and ends on a multiple of it
	SegmentBytes = 1 << 20                     // a whole segment as it is stored
	SegmentPlain = SegmentBytes - sealOverhead // the content of a whole segment: 1,048,548
	sealOverhead = nonceBytes + tagBytes       // what sealing adds
	nonceBytes   = 12                          // of AES-GCM, random, stored first
	tagBytes     = 16                          // of AES-GCM, stored last
	keyBytes     = 32                          // of the file key and of every key made from it
	tailBytes    = 2 * Block                   // closing record and signature block
	maxHeader    = 256 << 10                   // a longer header is refused
	maxJWE       = 64 << 10                    // a longer key envelope is refused
	maxContent   = int64(1) << 50              // a larger recording is refused: far above any disk
	maxSegments  = maxContent/SegmentPlain + 1 // no index reaches this
)

// magic begins every sealed file and names the version of the format.
const magic = "berth-sealed v1\n"

// The header before the key envelope: magic, length of the header, length of
// the key envelope, key commitment.
const (
	atHeaderLength = len(magic)
	atJWELength    = atHeaderLength + 4
	atCommitment   = atJWELength + 4
	atJWE          = atCommitment + keyBytes
)

// kind separates what is sealed under the keys of one file.
type kind byte

const (
	kindMetadata kind = 1
	kindContent  kind = 2
	kindClosing  kind = 3
)

// additionalData ties sealed bytes to their kind, their place and their header.
func additionalData(k kind, index int64, header hashing.Digest) []byte {
	data := make([]byte, 0, 1+8+hashing.Size)
	data = append(data, byte(k))
	data = binary.BigEndian.AppendUint64(data, uint64(index))
	return append(data, header[:]...)
}

// Segments is the number of segments that content of plainBytes fills: none
// for none.
func Segments(plainBytes int64) int64 {
	return (plainBytes + SegmentPlain - 1) / SegmentPlain
}

// StoredBytes is how long a segment with plainBytes of content is in the file:
// a multiple of Block, SegmentBytes for a whole one.
func StoredBytes(plainBytes int) int {
	return roundUp(plainBytes + sealOverhead)
}

// SealedBytes is the size of a whole sealed file, closing record and signature
// block included.
func SealedBytes(headerBytes int, plainBytes int64) int64 {
	return int64(headerBytes) + contentBytes(plainBytes) + tailBytes
}

// contentBytes is the length of all segments in the file.
func contentBytes(plainBytes int64) int64 {
	whole, rest := plainBytes/SegmentPlain, plainBytes%SegmentPlain
	stored := whole * SegmentBytes
	if rest > 0 {
		stored += int64(StoredBytes(int(rest)))
	}
	return stored
}

// plainInSegment is the content of segment index of a recording of plainBytes.
func plainInSegment(plainBytes, index int64) int {
	return int(min(plainBytes-index*SegmentPlain, SegmentPlain))
}

func roundUp(n int) int { return (n + Block - 1) / Block * Block }

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
