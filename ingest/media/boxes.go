package media

import (
	"encoding/binary"
	"math"
	"strings"
)

// The bounds on what is read of one recording.
const (
	headBytes = 12        // tell the container
	headerMax = 16        // of a box's header
	boxesMax  = 4096      // boxes on the outermost level before a moov
	insideMax = 100_000   // boxes that are looked at inside a moov
	ftypKept  = 4 << 10   // bytes of an ftyp
	moovKept  = 8 << 20   // bytes of a moov
	aviKept   = 256 << 10 // bytes of an AVI's beginning
)

// shape is how a recording is laid out.
type shape int

const (
	shapeUndecided shape = iota
	shapeNone
	shapeBoxes // MP4, MOV
	shapeRIFF  // AVI
)

// shapeOf tells the layout from the first headBytes.
func shapeOf(head []byte) shape {
	if len(head) < 8 {
		return shapeNone
	}
	switch string(head[4:8]) {
	case "ftyp", "moov", "mdat", "wide", "free", "skip", "pnot":
		return shapeBoxes
	}
	if len(head) == headBytes && string(head[:4]) == "RIFF" && string(head[8:]) == "AVI " {
		return shapeRIFF
	}
	return shapeNone
}

// keptOf is how much of an outermost box is kept; 0 of those that are skipped.
func keptOf(kind string) int64 {
	switch kind {
	case "ftyp":
		return ftypKept
	case "moov":
		return moovKept
	}
	return 0
}

// header is the beginning of a box.
type header struct {
	kind   string
	length int64 // of the header itself
	body   int64 // bytes that follow it; 0 if toEnd
	toEnd  bool  // the box reaches to the end of what holds it
}

// parseHeader reads a box's header; false if b is too short for it, or it
// claims a size that no box has.
func parseHeader(b []byte) (header, bool) {
	if len(b) < 8 {
		return header{}, false
	}
	size := uint64(binary.BigEndian.Uint32(b))
	h := header{kind: string(b[4:8]), length: 8, toEnd: size == 0}
	if h.toEnd {
		return h, true
	}
	if isLong(b) {
		if len(b) < headerMax {
			return header{}, false
		}
		h.length = headerMax
		size = binary.BigEndian.Uint64(b[8:])
	}
	if size < uint64(h.length) || size > math.MaxInt64 {
		return header{}, false
	}
	h.body = int64(size) - h.length
	return h, true
}

// isLong reports that a header of 8 bytes is followed by a size of 8 more.
func isLong(b []byte) bool { return binary.BigEndian.Uint32(b) == 1 }

// walker goes through boxes in memory. It never descends by itself, so depth
// is what its caller writes down, and it counts every box.
type walker struct {
	budget int
	broken bool // a box was malformed, or there were too many
}

// children calls visit with every box in b, in order.
func (w *walker) children(b []byte, visit func(kind string, body []byte)) {
	for len(b) >= 8 && !w.broken {
		if w.budget--; w.budget < 0 {
			w.broken = true
			return
		}
		h, ok := parseHeader(b)
		if h.toEnd {
			h.body = int64(len(b)) - h.length
		}
		if !ok || h.body > int64(len(b))-h.length {
			w.broken = true
			return
		}
		visit(h.kind, b[h.length:h.length+h.body])
		b = b[h.length+h.body:]
	}
}

// below calls visit with the body of every box that lies at path, such as
// "mdia/minf/stbl".
func (w *walker) below(b []byte, path string, visit func(body []byte)) {
	first, rest, deeper := strings.Cut(path, "/")
	w.children(b, func(kind string, body []byte) {
		switch {
		case kind != first:
		case deeper:
			w.below(body, rest, visit)
		default:
			visit(body)
		}
	})
}
