package seal_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"berth/ingest/seal"
)

// What a camera says must never keep its recording from being sealed.

func TestNoTextOfACameraKeepsItFromBeingSealed(t *testing.T) {
	key := private(t, "agency.key.pem")
	for name, hostile := range map[string]string{
		"not UTF-8": "caf\xe9", "control": "\x00\x1f\x7f\n", "half a surrogate": "\xed\xa0\x80", "long": strings.Repeat("\xff", 20_000), "replacement": "\ufffd", "backslash": `\x41`,
	} {
		m := metadata(0)
		m.Camera, m.CameraBasis, m.CameraModel, m.Officer, m.Name = hostile, hostile, hostile, hostile, []byte(hostile)
		file, err := seal.NewFile([]seal.Recipient{recipient(t, "agency.pub.pem")}, m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		last, err := file.Closing(closing(nil))
		if err != nil {
			t.Fatal(err)
		}
		reader, _, err := open(parts{file.Header(), nil, last}.join(t, signer(t)), key)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back := reader.Metadata()
		if string(back.Name) != hostile {
			t.Errorf("%s: raw name came back as %q", name, back.Name)
		}
		if utf8.ValidString(hostile) && back.Camera != hostile || len(back.Camera) > 1024 || !utf8.ValidString(back.Camera) {
			t.Errorf("%s: camera came back as %q", name, back.Camera)
		}
	}
}

func TestBytesThatAreNotUTF8AreEscapedOneByOne(t *testing.T) {
	m := metadata(0)
	m.Camera = "caf\xe9\xff\u00e9"
	file, err := seal.NewFile([]seal.Recipient{recipient(t, "agency.pub.pem")}, m)
	if err != nil {
		t.Fatal(err)
	}
	last, err := file.Closing(closing(nil))
	if err != nil {
		t.Fatal(err)
	}
	reader, _, err := open(parts{file.Header(), nil, last}.join(t, signer(t)), private(t, "agency.key.pem"))
	if err != nil || reader.Metadata().Camera != `caf\xe9\xffé` {
		t.Errorf("camera %q, %v", reader.Metadata().Camera, err)
	}
}

func TestNothingInARecordingKeepsItFromBeingClosed(t *testing.T) {
	key := private(t, "agency.key.pem")
	for name, text := range map[string]string{"control": strings.Repeat("\x01", 9000), "not UTF-8": strings.Repeat("\xff", 9000), "wide": strings.Repeat("€", 9000), "quotes": strings.Repeat(`"\`, 9000)} {
		for _, year := range []int{-5000, 1904, 9999, 10_000, 292_277_026_596} {
			created, huge := time.Date(year, 6, 1, 0, 0, 0, 999, time.FixedZone("", 3600)), int64(1)<<62
			c := closing(nil)
			c.Media = seal.MediaInfo{Status: text, Container: text, Location: text, Codecs: []string{text, text, text, text, text, text, text, text, text, text}, Created: &created, DurationMillis: &huge}
			p := sealParts(t, nil, recipient(t, "agency.pub.pem"))
			file, err := seal.NewFile([]seal.Recipient{recipient(t, "agency.pub.pem")}, metadata(0))
			if err != nil {
				t.Fatal(err)
			}
			p.header = file.Header()
			if p.closing, err = file.Closing(c); err != nil {
				t.Fatalf("%s, year %d: %v", name, year, err)
			}
			reader, _, err := open(p.join(t, signer(t)), key)
			if err != nil {
				t.Fatalf("%s, year %d: %v", name, year, err)
			}
			media := reader.Closing().Media
			if len(media.Codecs) != 8 || len(media.Location) > 128 || len(media.Location) < 100 || !utf8.ValidString(media.Location) || media.DurationMillis != nil {
				t.Errorf("%s: %+v", name, media)
			}
			if inRange := year == 1904 || year == 9999; (media.Created != nil) != inRange || inRange && !media.Created.Equal(created) {
				t.Errorf("year %d came back as %v", year, media.Created)
			}
		}
	}
}

func TestUnknownStaysUnknown(t *testing.T) {
	file, err := seal.NewFile([]seal.Recipient{recipient(t, "agency.pub.pem")}, seal.Metadata{Station: "hq-dock-1"})
	if err != nil {
		t.Fatal(err)
	}
	c := closing(nil)
	c.Media = seal.MediaInfo{}
	last, err := file.Closing(c)
	if err != nil {
		t.Fatal(err)
	}
	reader, _, err := open(parts{file.Header(), nil, last}.join(t, signer(t)), private(t, "agency.key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if m := reader.Metadata(); m.Modified != nil || m.ClockOffsetMillis != nil || len(m.Name) != 0 {
		t.Errorf("metadata %+v", m)
	}
	if m := reader.Closing().Media; m.DurationMillis != nil || m.Created != nil || len(m.Codecs) != 0 {
		t.Errorf("media %+v", m)
	}
}

func TestStationOfTheMetadataMustHaveSigned(t *testing.T) {
	p := sealParts(t, []byte("x"), recipient(t, "agency.pub.pem"))
	key, err := seal.GenerateStationKey()
	if err != nil {
		t.Fatal(err)
	}
	mustRefuse(t, "signed as another station", p.join(t, seal.NewSigner("hq-dock-2", key)), private(t, "agency.key.pem"))
}

func TestSealedFileShowsNothingPersonal(t *testing.T) {
	content := []byte("the content of a recording")
	sealed := sealParts(t, content, recipient(t, "agency.pub.pem")).join(t, signer(t))
	for _, secret := range []string{"Springfield", "BC2", "4711", "DCIM", "mp4", "avc1", "39.78", "r0123", "d0123", string(content)} {
		if bytes.Contains(sealed, []byte(secret)) {
			t.Errorf("%q stands in clear", secret)
		}
	}
}
