package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"
)

// box is one box with these contents.
func box(kind string, bodies ...[]byte) []byte {
	body := bytes.Join(bodies, nil)
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

// claim is the header of a box that says it has this size.
func claim(kind string, size uint64) []byte {
	b := append([]byte{0, 0, 0, 1}, kind...)
	return binary.BigEndian.AppendUint64(b, size)
}

// mvhd is a header of a movie, version 1.
func mvhd(created, timescale, duration uint64) []byte {
	b := []byte{1, 0, 0, 0}
	b = binary.BigEndian.AppendUint64(b, created)
	b = binary.BigEndian.AppendUint64(b, created)
	b = binary.BigEndian.AppendUint32(b, uint32(timescale))
	b = binary.BigEndian.AppendUint64(b, duration)
	return box("mvhd", b, make([]byte, 80))
}

// nested is a box in a box in a box.
func nested(kind string, depth int) []byte {
	var b []byte
	for i := range depth {
		b = append(binary.BigEndian.AppendUint32(b, uint32(8*(depth-i))), kind...)
	}
	return b
}

// hostile is what a camera could hold to harm the station; all of it is a
// container that cannot be read.
func hostile() map[string][]byte {
	ftyp := box("ftyp", []byte("isom\x00\x00\x00\x00"))
	with := func(parts ...[]byte) []byte { return bytes.Join(append([][]byte{ftyp}, parts...), nil) }
	return map[string][]byte{
		"only a beginning":           ftyp,
		"a size of 2^64-1":           with(claim("mdat", 1<<64-1), []byte("x")),
		"a size of 2^63":             with(claim("mdat", 1<<63), box("moov", mvhd(1, 1, 1))),
		"a size of 2^63-1":           with(claim("mdat", 1<<63-1), box("moov", mvhd(1, 1, 1))),
		"a box that is its header":   with([]byte{0, 0, 0, 7, 'm', 'o', 'o', 'v'}),
		"a long box of no length":    with(claim("moov", 0)),
		"a long box of its header":   with(claim("moov", 15), mvhd(1, 1, 1)),
		"a moov that claims 4 GiB":   with(claim("moov", 4<<30), mvhd(1, 1, 1)),
		"a moov beyond the bound":    with(box("moov", mvhd(1, 1, 1), make([]byte, moovKept))),
		"a moov to an end too far":   with([]byte{0, 0, 0, 0}, []byte("moov"), mvhd(1, 1, 1), make([]byte, moovKept)),
		"an ftyp beyond the bound":   append(box("ftyp", make([]byte, ftypKept+1)), box("moov", mvhd(1, 1, 1))...),
		"an ftyp to the end":         append([]byte{0, 0, 0, 0, 'f', 't', 'y', 'p'}, make([]byte, ftypKept+1)...),
		"a moov without a header":    with(box("moov", box("free"))),
		"an empty moov":              with(box("moov")),
		"a header cut short":         with(box("moov", box("mvhd", []byte{0, 0, 0, 0, 1}))),
		"a header of version 9":      with(box("moov", box("mvhd", append([]byte{9}, make([]byte, 120)...)))),
		"a box beyond its parent":    with(box("moov", mvhd(1, 1, 1), []byte{0, 0, 1, 0, 't', 'r', 'a', 'k', 0, 0, 0, 0})),
		"many boxes before the moov": with(bytes.Repeat(box("free"), boxesMax), box("moov", mvhd(1, 1, 1))),
		"many boxes in the moov":     with(box("moov", mvhd(1, 1, 1), bytes.Repeat(box("free"), insideMax))),
		"many headers in the moov":   with(box("moov", bytes.Repeat(mvhd(1, 1, 1), 2000))),
		"many tables of samples": with(box("moov", mvhd(1, 1, 1),
			box("trak", box("mdia", box("minf", box("stbl", box("stsd", make([]byte, 8), bytes.Repeat(box("avc1"), insideMax)))))))),
		"samples cut short":                       with(box("moov", mvhd(1, 1, 1), box("trak", box("mdia", box("minf", box("stbl", box("stsd", []byte{0}))))))),
		"an AVI of nothing":                       []byte("RIFF\xff\xff\xff\xffAVI "),
		"an AVI whose headers are longer than it": []byte("RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrlavih"),
		"an AVI with a list too short":            []byte("RIFF\xff\xff\xff\xffAVI LIST\x02\x00\x00\x00hdrlavih"),
		"an AVI with a header too short":          []byte("RIFF\xff\xff\xff\xffAVI LIST\x10\x00\x00\x00hdrlavih\x04\x00\x00\x00abcd"),
	}
}

func TestHostileContainersAreUnreadable(t *testing.T) {
	for name, b := range hostile() {
		t.Run(name, func(t *testing.T) {
			info := both(t, b)
			if info.Status != StatusUnreadable || info.Container == "" || info.Codecs != nil || info.Created != nil || info.DurationMillis != nil || info.Location != "" {
				t.Fatalf("%+v", info)
			}
		})
	}
}

func TestDeepNestingIsNotFollowed(t *testing.T) {
	for _, kind := range []string{"moov", "trak", "udta", "meta", "ilst", "mdia"} {
		b := bytes.Join([][]byte{box("ftyp", []byte("isom")), box("moov", mvhd(1, 1, 1), nested(kind, 100_000))}, nil)
		check(t, both(t, b))
	}
}

func TestValuesBeyondReasonAreUnknown(t *testing.T) {
	for name, header := range map[string][]byte{
		"no timescale":           mvhd(0, 0, 1000),
		"no duration":            mvhd(0, 1000, 0),
		"an open duration":       mvhd(0, 1000, 1<<64-1),
		"a duration of an aeon":  mvhd(0, 1, 1<<62),
		"a century and a second": mvhd(0, 1, 100*365*24*3600+1),
		"a year beyond 9999":     mvhd(1<<60, 0, 0),
	} {
		info := both(t, append(box("ftyp", []byte("isom")), box("moov", header)...))
		if info.Status != StatusRead || info.DurationMillis != nil || info.Created != nil {
			t.Errorf("%s: %+v", name, info)
		}
	}
}

func TestAMovieInFragmentsTellsItsDurationWhereItCan(t *testing.T) {
	mehd := box("mehd", []byte{0, 0, 0, 0, 0, 0, 0x0b, 0xb8})
	info := both(t, append(box("ftyp", []byte("isom")), box("moov", mvhd(1, 1000, 0), box("mvex", mehd))...))
	if info.DurationMillis == nil || *info.DurationMillis != 3000 {
		t.Fatalf("%+v", info)
	}
}

func TestTextsOfACameraAreBoundedAndPrintable(t *testing.T) {
	var samples []byte
	for i := range 50 {
		samples = append(samples, box("a\x1b["+string(rune('0'+i)))...)
	}
	stsd := box("stsd", make([]byte, 8), samples)
	xyz := box("\xa9xyz", []byte("\x00\x16\x00\x00+41.8781-087.6298/\x1b[2J"))
	info := both(t, append(box("ftyp", []byte("isom")),
		box("moov", mvhd(1, 1, 1), box("trak", box("mdia", box("minf", box("stbl", stsd)))), box("udta", xyz))...))
	check(t, info)
	if info.Status != StatusRead || len(info.Codecs) != codecsMax || info.Location != "" {
		t.Fatalf("%+v", info)
	}
}

// check is what holds for every Info.
func check(t testing.TB, info Info) {
	t.Helper()
	if len(info.Codecs) > codecsMax || len(info.Location) > locationMax {
		t.Fatalf("unbounded: %+v", info)
	}
	for _, s := range append([]string{info.Location}, info.Codecs...) {
		if len(s) > locationMax || strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) {
			t.Fatalf("not printable: %q", s)
		}
	}
	if info.DurationMillis != nil && *info.DurationMillis < 0 {
		t.Fatalf("negative: %+v", info)
	}
}

// broken fails, or panics, at its nth read.
type broken struct {
	io.ReadSeeker
	after int
	panic bool
}

func (b *broken) Read(p []byte) (int, error) {
	if b.after--; b.after >= 0 {
		return b.ReadSeeker.Read(p)
	}
	if b.panic {
		panic("a bug in a reader")
	}
	return 0, errors.New("medium error")
}

func TestAReaderThatFailsOrPanicsMakesItUnreadable(t *testing.T) {
	for _, name := range []string{"moov-at-end.mp4", "clip.avi"} {
		file := load(t, name)
		for after := range 2 {
			for _, panics := range []bool{false, true} {
				r := &broken{bytes.NewReader(file), after, panics}
				if got := Inspect(r, int64(len(file))); got.Status != StatusUnreadable {
					t.Errorf("%s, read %d: %+v", name, after, got)
				}
			}
		}
	}
}
