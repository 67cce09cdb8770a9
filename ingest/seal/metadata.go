package seal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"berth/hashing"
)

// Metadata is what is known about a recording before it is read. It is sealed
// like the content. Text that comes from a camera may hold anything: bytes
// that are not UTF-8 are written as \xNN and what is longer than 1024 bytes is
// cut, so that no camera can keep its recordings from being sealed. Name is
// kept as it is; beyond 64 KiB it may not fit.
type Metadata struct {
	Station           string     `json:"station"`
	Agency            string     `json:"agency"`
	Bay               string     `json:"bay"`
	Camera            string     `json:"camera"`
	CameraBasis       string     `json:"camera_basis"` // what Camera rests on
	CameraModel       string     `json:"camera_model"` // empty if unknown
	Docking           string     `json:"docking"`
	Recording         string     `json:"recording"`
	Officer           string     `json:"officer"` // empty if unknown
	Name              []byte     `json:"name"`    // the raw name on the camera, any bytes
	SizeBytes         int64      `json:"size_bytes"`
	Modified          *time.Time `json:"modified"`        // the camera's word; nil if unknown
	ClockOffsetMillis *int64     `json:"clock_offset_ms"` // camera minus station; nil if unknown
}

// Closing is what is known once a recording was read to its end.
type Closing struct {
	SHA256      hashing.Digest `json:"sha256"`     // of the content
	SizeBytes   int64          `json:"size_bytes"` // of the content
	Segments    int64          `json:"segments"`
	ReadStarted time.Time      `json:"read_started"` // the station's wall clock
	ReadEnded   time.Time      `json:"read_ended"`
	Media       MediaInfo      `json:"media"`
}

// MediaInfo is what a recording says about itself. It comes from the camera
// and is bounded here: longer texts are cut, values out of range are dropped.
type MediaInfo struct {
	Status         string     `json:"status"`      // how much could be read, in the station's words
	Container      string     `json:"container"`   // empty if unknown
	Codecs         []string   `json:"codecs"`      // empty if unknown
	DurationMillis *int64     `json:"duration_ms"` // nil if unknown
	Created        *time.Time `json:"created"`     // nil if unknown
	Location       string     `json:"location"`    // as ISO 6709 usually; empty if unknown
}

// The most that is kept of a text of the metadata, and of what a recording says
// about itself, in bytes, such that a closing record always fits its block.
const (
	maxText                                        = 1024
	maxStatus, maxContainer, maxCodec, maxLocation = 32, 64, 32, 128
	maxCodecs                                      = 8
	maxExact                                       = 1<<53 - 1 // the largest integer that every JSON reader keeps exact
)

// sealable returns m in the form that is written.
func (m Metadata) sealable() Metadata {
	for _, text := range []*string{&m.Station, &m.Agency, &m.Bay, &m.Camera, &m.CameraBasis, &m.CameraModel, &m.Docking, &m.Recording, &m.Officer} {
		*text = cut(*text, maxText)
	}
	if m.Name == nil {
		m.Name = []byte{}
	}
	m.Modified = sealableTime(m.Modified)
	m.ClockOffsetMillis = sealableInteger(m.ClockOffsetMillis)
	return m
}

// sealable returns c in the form that is written.
func (c Closing) sealable() Closing {
	c.ReadStarted, c.ReadEnded = c.ReadStarted.UTC().Round(0), c.ReadEnded.UTC().Round(0)
	media := &c.Media
	media.Status = cut(media.Status, maxStatus)
	media.Container = cut(media.Container, maxContainer)
	media.Location = cut(media.Location, maxLocation)
	codecs := make([]string, 0, maxCodecs)
	for _, codec := range media.Codecs[:min(len(media.Codecs), maxCodecs)] {
		codecs = append(codecs, cut(codec, maxCodec))
	}
	media.Codecs = codecs
	media.Created = sealableTime(media.Created)
	media.DurationMillis = sealableInteger(media.DurationMillis)
	return c
}

func sealableTime(t *time.Time) *time.Time {
	if t == nil || t.UTC().Year() < 0 || t.UTC().Year() > 9999 {
		return nil
	}
	utc := t.UTC().Round(0)
	return &utc
}

func sealableInteger(n *int64) *int64 {
	if n == nil || *n > maxExact || *n < -maxExact {
		return nil
	}
	return n
}

func escapeInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for rest := s; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, rest[0])
		} else {
			b.WriteString(rest[:size])
		}
		rest = rest[size:]
	}
	return b.String()
}

func cut(s string, most int) string {
	s = escapeInvalid(s)
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// frame encodes v canonically into exactly size bytes: length, text, zeros.
func frame(v any, size int) ([]byte, error) {
	text, err := hashing.Canonical(v)
	if err != nil {
		return nil, err
	}
	if len(text)+4 > size {
		return nil, fmt.Errorf("%d bytes do not fit into %d", len(text)+4, size)
	}
	framed := make([]byte, 0, size)
	framed = binary.BigEndian.AppendUint32(framed, uint32(len(text)))
	return append(framed, text...)[:size], nil
}

// unframe is the inverse of frame and accepts nothing else.
func unframe(framed []byte, v any) error {
	if len(framed) < 4 {
		return fmt.Errorf("too short")
	}
	length := int64(binary.BigEndian.Uint32(framed))
	framed = framed[4:]
	if length > int64(len(framed)) || !allZero(framed[length:]) {
		return fmt.Errorf("length and padding do not agree")
	}
	return parseExactly(framed[:length], v)
}

// parseExactly decodes text into v and refuses anything that encoding v again
// would not give: unknown, missing and repeated members, white space.
func parseExactly(text []byte, v any) error {
	if err := hashing.ParseCanonical(text, v); err != nil {
		return err
	}
	again, err := hashing.Canonical(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, text) {
		return hashing.ErrNotCanonical
	}
	return nil
}
