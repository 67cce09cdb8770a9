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
func Inspect(r io.ReadSeeker, sizeBytes int64) Info { return Info{Status: StatusUnknown} }

// Sniffer is an io.Writer that a whole recording streams through, in order; it
// keeps the little that Info needs. Its Write never fails and never keeps p.
// It is used by one goroutine at a time.
type Sniffer struct{}

// NewSniffer begins a recording.
func NewSniffer() *Sniffer { return &Sniffer{} }

// Write takes the next bytes of the recording.
func (s *Sniffer) Write(p []byte) (int, error) { return len(p), nil }

// Info is what was understood of the bytes written so far. Call it at the end.
func (s *Sniffer) Info() Info { return Info{Status: StatusUnknown} }
