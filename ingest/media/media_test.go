package media

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sniff feeds b in pieces of the given size.
func sniff(b []byte, piece int) Info {
	s := NewSniffer()
	for len(b) > 0 {
		n := min(piece, len(b))
		s.Write(b[:n])
		b = b[n:]
	}
	return s.Info()
}

// both inspects in both ways, which must agree however the stream is cut.
func both(t testing.TB, b []byte) Info {
	t.Helper()
	info := Inspect(bytes.NewReader(b), int64(len(b)))
	for _, piece := range []int{1, 7, 4096, 1 << 20} {
		if piece == 1 && len(b) > 100_000 {
			continue
		}
		if got := sniff(b, piece); !reflect.DeepEqual(got, info) {
			t.Fatalf("in pieces of %d: %+v, at once: %+v", piece, got, info)
		}
	}
	return info
}

func ms(n int64) *int64 { return &n }

func TestRealFilesTellWhatTheirMakerWrote(t *testing.T) {
	made := time.Date(2024, 5, 17, 21, 4, 5, 0, time.UTC)
	video := []string{"avc1", "mp4a"}
	const place, fixed = "+41.8781-087.6298/", "+41.87810-087.62979/" // ffmpeg writes 16.16 fixed point into MP4
	for name, want := range map[string]Info{
		"moov-at-end.mp4":   {StatusRead, ContainerMP4, video, ms(2000), &made, fixed},
		"moov-in-front.mp4": {StatusRead, ContainerMP4, video, ms(2000), &made, fixed},
		"fragmented.mp4":    {StatusRead, ContainerMP4, video, nil, &made, fixed},
		"untold.mp4":        {StatusRead, ContainerMP4, video, ms(2000), nil, ""},
		"quicktime.mov":     {StatusRead, ContainerMOV, video, ms(2000), &made, place},
		"apple-keys.mov":    {StatusRead, ContainerMOV, video, ms(2000), &made, "+41.8781-087.6298+181.000/"},
		"clip.avi":          {StatusRead, ContainerAVI, []string{"MJPG", "wave 0x0011"}, ms(2000), &made, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := both(t, load(t, name)); !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestACutFileIsUnreadableUnlessItsMovieCameFirst(t *testing.T) {
	for _, name := range []string{"moov-at-end.mp4", "quicktime.mov"} {
		b := load(t, name)
		for _, n := range []int{8, 12, 19, 100, len(b) / 2, len(b) - 1} {
			if got := both(t, b[:n]); got.Status != StatusUnreadable {
				t.Errorf("%s cut at %d is %+v", name, n, got)
			}
		}
	}
	whole := load(t, "moov-at-end.mp4")
	if got := Inspect(bytes.NewReader(whole), int64(len(whole)-1)); got.Status != StatusUnreadable {
		t.Errorf("a reader that holds more than was said: %+v", got)
	}
	front := load(t, "moov-in-front.mp4")
	if got := both(t, front[:32+2016]); got.Status != StatusRead || *got.DurationMillis != 2000 {
		t.Errorf("cut behind its moov: %+v", got)
	}
	if got := both(t, front[:32+2015]); got.Status != StatusUnreadable {
		t.Errorf("cut within its moov: %+v", got)
	}
	video := load(t, "clip.avi")
	if got := both(t, video[:9000]); got.Status != StatusRead {
		t.Errorf("AVI cut within its pictures: %+v", got)
	}
	if got := both(t, video[:600]); got.Status != StatusUnreadable {
		t.Errorf("AVI cut within its headers: %+v", got)
	}
}

func TestWhatIsNoRecordingIsUnknown(t *testing.T) {
	for _, text := range []string{"", "\x00", "ID=BC2-0001\n", "RIFF\x00\x00\x00\x00WAVEfmt ", "RIFF\x00\x00", "\xff\xd8\xff\xe0 JFIF and more"} {
		if got := both(t, []byte(text)); !reflect.DeepEqual(got, Info{Status: StatusUnknown}) {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

// counting is a file of which only the reads are counted.
type counting struct {
	*bytes.Reader
	read int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func TestTheMediaDataIsNeverRead(t *testing.T) {
	b := load(t, "moov-at-end.mp4")
	c := &counting{Reader: bytes.NewReader(b)}
	if got := Inspect(c, int64(len(b))); got.Status != StatusRead || c.read > 3000 {
		t.Fatalf("%+v after reading %d of %d bytes", got, c.read, len(b))
	}
}

func TestTheSnifferKeepsNothingOfTheMediaData(t *testing.T) {
	s := NewSniffer()
	s.Write(box("ftyp", []byte("isom")))
	s.Write([]byte{0, 0, 0, 1, 'm', 'd', 'a', 't', 0, 0, 0x10, 0, 0, 0, 0, 0}) // 16 TiB
	noise := make([]byte, 1<<20)
	if n := testing.AllocsPerRun(100, func() { s.Write(noise) }); n != 0 {
		t.Fatalf("%v allocations a write", n)
	}
	if got := s.Info(); got.Status != StatusUnreadable || got.Container != ContainerMP4 {
		t.Fatalf("%+v", got)
	}
}

func FuzzInspect(f *testing.F) {
	for _, name := range []string{"moov-at-end.mp4", "fragmented.mp4", "quicktime.mov", "apple-keys.mov", "clip.avi"} {
		b := load(f, name)
		f.Add(b[:min(len(b), 3000)], uint8(5))
		f.Add(b[max(0, len(b)-3000):], uint8(1))
	}
	for _, b := range hostile() {
		if len(b) < 10_000 {
			f.Add(b, uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		info := Inspect(bytes.NewReader(b), int64(len(b)))
		if got := sniff(b, int(piece)+1); !reflect.DeepEqual(got, info) {
			t.Fatalf("in pieces of %d: %+v, at once: %+v", int(piece)+1, got, info)
		}
		check(t, info)
	})
}
