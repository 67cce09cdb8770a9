package ingest

import (
	"sync"
	"unsafe"

	"berth/ingest/seal"
)

// bufferBytes holds one segment, sealed or not.
const bufferBytes = seal.SegmentBytes

// buffers is the station's store of segment buffers: aligned for direct I/O,
// used again, and kept up to a bound when nobody needs them. How many are out
// is bounded by who takes them: slotsPerPull for each busy bay and one for
// each turn. Safe for concurrent use.
type buffers struct {
	mu   sync.Mutex
	idle [][]byte // guarded by mu
	keep int
}

func newBuffers(keep int) *buffers { return &buffers{keep: keep} }

// take returns a buffer of bufferBytes with any content.
func (p *buffers) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.idle) - 1; last >= 0 {
		b := p.idle[last]
		p.idle = p.idle[:last]
		return b
	}
	return alignedBuffer(bufferBytes)
}

// give takes a buffer back; nobody may use it any more.
func (p *buffers) give(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < p.keep {
		p.idle = append(p.idle, b[:bufferBytes])
	}
}

// alignedBuffer returns size bytes that begin at a multiple of seal.Block.
func alignedBuffer(size int) []byte {
	raw := make([]byte, size+seal.Block)
	skip := -int(uintptr(unsafe.Pointer(&raw[0]))) & (seal.Block - 1)
	return raw[skip : skip+size : skip+size]
}

// poison changes every part of b that a read could leave untouched, so that
// old content cannot pass for what was read.
func poison(b []byte) {
	const sector = 512
	for i := 0; i < len(b); i += sector {
		b[i] = ^b[i]
	}
}
