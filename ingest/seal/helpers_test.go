package seal_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"berth/hashing"
	"berth/ingest/seal"
)

// The keys in testdata/keys were made by openssl for these tests only.

func readKey(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "keys", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func recipient(t testing.TB, name string) seal.Recipient {
	t.Helper()
	r, err := seal.ParseRecipient(readKey(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func private(t testing.TB, name string) seal.PrivateKey {
	t.Helper()
	k, err := seal.ParsePrivateKey(readKey(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signer(t testing.TB) *seal.Signer {
	t.Helper()
	key, err := seal.ParseStationKey(readKey(t, "station.key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return seal.NewSigner("hq-dock-1", key)
}

// noon is when everything in these tests happens.
var noon = time.Date(2025, 3, 1, 12, 0, 0, 250_000_000, time.UTC)

func metadata(size int64) seal.Metadata {
	modified, offset := noon.Add(-time.Hour), int64(-1500)
	return seal.Metadata{
		Station: "hq-dock-1", Agency: "Springfield PD", Bay: "A1",
		Camera: "BC2-00017", CameraBasis: "file:ID.TXT", CameraModel: "BC2", Docking: "d0123", Recording: "r0123",
		Officer: "4711", Name: []byte("DCIM/100/caf\xe9 \x01.mp4"),
		SizeBytes: size, Modified: &modified, ClockOffsetMillis: &offset,
	}
}

func closing(content []byte) seal.Closing {
	duration := int64(61_500)
	return seal.Closing{
		SHA256: hashing.Sum(content), SizeBytes: int64(len(content)), Segments: seal.Segments(int64(len(content))),
		ReadStarted: noon, ReadEnded: noon.Add(1500 * time.Millisecond),
		Media: seal.MediaInfo{Status: "read", Container: "mp4", Codecs: []string{"avc1", "mp4a"}, DurationMillis: &duration, Location: "+39.78-089.65/"},
	}
}

// parts is a sealed file before it is put together.
type parts struct {
	header   []byte
	segments [][]byte
	closing  []byte
}

func sealParts(t testing.TB, content []byte, recipients ...seal.Recipient) parts {
	t.Helper()
	file, err := seal.NewFile(recipients, metadata(int64(len(content))))
	if err != nil {
		t.Fatal(err)
	}
	p := parts{header: file.Header()}
	for index := int64(0); index < seal.Segments(int64(len(content))); index++ {
		plain := content[index*seal.SegmentPlain:]
		plain = plain[:min(len(plain), seal.SegmentPlain)]
		stored, err := file.Seal(nil, plain, index)
		if err != nil {
			t.Fatal(err)
		}
		if len(stored) != seal.StoredBytes(len(plain)) {
			t.Fatalf("segment %d is stored in %d bytes, want %d", index, len(stored), seal.StoredBytes(len(plain)))
		}
		p.segments = append(p.segments, stored)
	}
	if p.closing, err = file.Closing(closing(content)); err != nil {
		t.Fatal(err)
	}
	return p
}

// join puts the parts together and signs them.
func (p parts) join(t testing.TB, s *seal.Signer) []byte {
	t.Helper()
	all := bytes.Clone(p.header)
	for _, segment := range p.segments {
		all = append(all, segment...)
	}
	return sign(t, append(all, p.closing...), s)
}

func sign(t testing.TB, before []byte, s *seal.Signer) []byte {
	t.Helper()
	block, err := s.Block(hashing.Sum(before))
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(before), block...)
}

// randomContent is the same for the same size.
func randomContent(size int) []byte {
	content := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)})
	random.Read(content)
	return content
}

func open(sealed []byte, keys ...seal.PrivateKey) (*seal.Reader, []byte, error) {
	reader, err := seal.Open(context.Background(), bytes.NewReader(sealed), int64(len(sealed)), keys...)
	if err != nil {
		return nil, nil, err
	}
	var content bytes.Buffer
	err = reader.Content(context.Background(), &content)
	return reader, content.Bytes(), err
}
