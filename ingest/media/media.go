// Package media reads what a recording says about itself: container, codecs,
// duration, creation time and place, of MP4, MOV and AVI.
//
// It promises to be harmless. A recording comes from a camera and is hostile:
// memory, reads, boxes and depth are bounded, the media data itself is never
// read, nothing panics, and there is no error that could stop an ingest. What
// cannot be understood is "unreadable" or "unknown", and ingested all the same.
//
// It never decides anything: what it tells is the camera's word, kept beside
// what the station knows.
package media

import (
	"io"
	"time"
)

// Status is how far a recording could be understood.
type Status string

// The three outcomes of looking.
const (
	StatusRead       Status = "read"       // a known container whose metadata was read
	StatusUnreadable Status = "unreadable" // a known container, broken or beyond the bounds
	StatusUnknown    Status = "unknown"    // not a container that this package reads
)

// The containers that this package reads.
const (
	ContainerMP4 = "mp4"
	ContainerMOV = "mov"
	ContainerAVI = "avi"
)

// Info is what a recording says about itself. All of it is the camera's word.
// Every text is short and printable.
type Info struct {
	Status         Status
	Container      string     // ContainerMP4, ContainerMOV, ContainerAVI; empty if unknown
	Codecs         []string   // four-character codes such as "avc1" and "mp4a", one of each, in the order of the tracks
	DurationMillis *int64     // nil if unknown
	Created        *time.Time // UTC as the container has it; nil if unknown or never set
	Location       string     // ISO 6709, such as "+41.8781-087.6298/"; empty if unknown
}

// Inspect reads what r, which holds sizeBytes, says about itself. It moves r's
// position and reads little of it. A read error makes it "unreadable".
func Inspect(r io.ReadSeeker, sizeBytes int64) (info Info) {
	defer func() {
		if recover() != nil { // the last wall: a camera's bytes never end the station
			info = Info{Status: StatusUnreadable}
		}
	}()
	head, err := readAt(r, 0, min(sizeBytes, headBytes))
	if err != nil {
		return Info{Status: StatusUnreadable}
	}
	switch shapeOf(head) {
	case shapeRIFF:
		start, err := readAt(r, 0, min(sizeBytes, aviKept))
		if err != nil {
			return Info{Status: StatusUnreadable, Container: ContainerAVI}
		}
		return describeAVI(start)
	case shapeBoxes:
		ftyp, moov := findBoxes(r, sizeBytes)
		return describeMovie(ftyp, moov)
	}
	return Info{Status: StatusUnknown}
}

// findBoxes goes from box to box and reads the two that matter. moov is nil if
// it is not there, not whole, or out of bounds.
func findBoxes(r io.ReadSeeker, sizeBytes int64) (ftyp, moov []byte) {
	var offset int64
	for range boxesMax {
		b, err := readAt(r, offset, min(sizeBytes-offset, headerMax))
		if err != nil {
			return ftyp, nil
		}
		h, ok := parseHeader(b)
		if !ok {
			return ftyp, nil
		}
		if h.toEnd {
			h.body = sizeBytes - offset - h.length
		}
		body := offset + h.length
		if h.body > sizeBytes-body {
			return ftyp, nil
		}
		if limit := keptOf(h.kind); limit > 0 && (h.kind != "ftyp" || ftyp == nil) {
			if h.body > limit {
				return ftyp, nil
			}
			content, err := readAt(r, body, h.body)
			switch {
			case err != nil:
				return ftyp, nil
			case h.kind == "moov":
				return ftyp, content
			}
			ftyp = content
		}
		offset = body + h.body
	}
	return ftyp, nil
}

// readAt reads exactly n bytes; n is bounded by the caller.
func readAt(r io.ReadSeeker, offset, n int64) ([]byte, error) {
	if n < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if _, err := r.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}
