package seal_test

import (
	"bytes"
	"crypto/fips140"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/cryptotest"

	"berth/hashing"
	"berth/ingest/seal"
)

var update = flag.Bool("update", false, "write the test vectors anew")

// vector is one sealed file with everything that a reader meets on its way.
type vector struct {
	File        string          `json:"file"`
	SHA256      hashing.Digest  `json:"sha256"`
	OpenedBy    []string        `json:"opened_by"`
	Station     string          `json:"station"`
	StationKey  string          `json:"station_key"`
	HeaderBytes int             `json:"header_bytes"`
	JWEBytes    int             `json:"jwe_bytes"`
	FileKey     string          `json:"file_key"`
	MetadataKey string          `json:"metadata_key"`
	ContentKey  string          `json:"content_key"`
	ClosingKey  string          `json:"closing_key"`
	Commitment  string          `json:"commitment"`
	Metadata    json.RawMessage `json:"metadata"`
	Closing     json.RawMessage `json:"closing"`
	Content     []byte          `json:"content"`
}

// change is one change of a vector that a reader must refuse.
type change struct {
	File   string `json:"file"`
	At     int    `json:"at"`
	Put    string `json:"put"`
	Signed bool   `json:"signed"`
	Why    string `json:"why"`
}

type vectors struct {
	Accepted []vector `json:"accepted"`
	Refused  []change `json:"refused"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Accepted) != 3 || len(v.Refused) < 20 {
		t.Fatalf("%d vectors and %d changes", len(v.Accepted), len(v.Refused))
	}
	return v
}

func readVectorFile(t *testing.T, name string) []byte {
	t.Helper()
	sealed, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestVectorsAreRead(t *testing.T) {
	for _, v := range readVectors(t).Accepted {
		sealed := readVectorFile(t, v.File)
		if hashing.Sum(sealed) != v.SHA256 {
			t.Fatalf("%s is not the file that was recorded", v.File)
		}
		for _, name := range v.OpenedBy {
			reader, content, err := open(sealed, private(t, name))
			if err != nil || !bytes.Equal(content, v.Content) {
				t.Errorf("%s with %s: %v", v.File, name, err)
				continue
			}
			metadata, err := hashing.Canonical(reader.Metadata())
			if want, _ := hashing.Canonical(v.Metadata); err != nil || !bytes.Equal(metadata, want) {
				t.Errorf("%s: metadata %s, %v", v.File, metadata, err)
			}
			closing, err := hashing.Canonical(reader.Closing())
			if want, _ := hashing.Canonical(v.Closing); err != nil || !bytes.Equal(closing, want) {
				t.Errorf("%s: closing %s, %v", v.File, closing, err)
			}
		}
		if again := describe(t, v.File, sealed, v.OpenedBy); again.FileKey != v.FileKey || again.Commitment != v.Commitment || again.ContentKey != v.ContentKey {
			t.Errorf("%s: a stranger derives other keys", v.File)
		}
	}
}

func TestChangedVectorsAreRefused(t *testing.T) {
	for _, c := range readVectors(t).Refused {
		sealed := readVectorFile(t, c.File)
		put, err := hex.DecodeString(c.Put)
		if err != nil || bytes.Equal(sealed[c.At:c.At+len(put)], put) {
			t.Fatalf("%s: no change: %v", c.Why, err)
		}
		copy(sealed[c.At:], put)
		if c.Signed {
			sealed = sign(t, sealed[:len(sealed)-seal.Block], signer(t))
		}
		_, _, err = open(sealed, private(t, "agency.key.pem"))
		if !errors.Is(err, seal.ErrIntegrity) && !(c.Signed && errors.Is(err, seal.ErrWrongKey)) {
			t.Errorf("%s, %s: error %v", c.File, c.Why, err)
		}
	}
}

// TestVectorsAreWrittenAgain holds the writer to the bit. Which random bytes
// go where is known only of the toolchain and mode that wrote the vectors.
func TestVectorsAreWrittenAgain(t *testing.T) {
	if fips140.Enabled() || !strings.HasPrefix(runtime.Version(), "go1.26") {
		t.Skip("the vectors were written by go1.26 without FIPS mode")
	}
	cryptotest.SetGlobalRandom(t, 20250301)
	var all vectors
	for _, recipe := range []struct {
		file, content string
		recipients    []string
		unknown       bool
	}{
		{"empty.sealed", "", []string{"agency"}, false},
		{"small.sealed", "The quick brown fox jumps over the lazy dog.\n", []string{"agency", "escrow"}, false},
		{"unknown.sealed", strings.Repeat("0123456789abcdef", 254) + "0123", []string{"other", "agency"}, true},
	} {
		sealed := writeVector(t, []byte(recipe.content), recipe.recipients, recipe.unknown)
		var keys []string
		for _, name := range recipe.recipients {
			keys = append(keys, name+".key.pem")
		}
		if *update {
			if err := os.WriteFile(filepath.Join("testdata", "vectors", recipe.file), sealed, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(readVectorFile(t, recipe.file), sealed) {
			t.Errorf("%s is written differently", recipe.file)
		}
		all.Accepted = append(all.Accepted, describe(t, recipe.file, sealed, keys))
	}
	all.Refused = changes(t, all.Accepted[1])
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if *update {
		if err := os.WriteFile("testdata/vectors.json", text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if recorded, err := os.ReadFile("testdata/vectors.json"); err != nil || !bytes.Equal(recorded, text) {
		t.Errorf("vectors.json would be written differently: %v", err)
	}
}

func writeVector(t *testing.T, content []byte, names []string, unknown bool) []byte {
	t.Helper()
	var recipients []seal.Recipient
	for _, name := range names {
		recipients = append(recipients, recipient(t, name+".pub.pem"))
	}
	m, c := metadata(int64(len(content))), closing(content)
	if unknown {
		m.Officer, m.CameraModel, m.Modified, m.ClockOffsetMillis, m.Name = "", "", nil, nil, nil
		c.Media = seal.MediaInfo{Status: "unreadable"}
	}
	file, err := seal.NewFile(recipients, m)
	if err != nil {
		t.Fatal(err)
	}
	p := parts{header: file.Header()}
	if len(content) > 0 {
		segment, err := file.Seal(nil, content, 0)
		if err != nil {
			t.Fatal(err)
		}
		p.segments = append(p.segments, segment)
	}
	if p.closing, err = file.Closing(c); err != nil {
		t.Fatal(err)
	}
	return p.join(t, signer(t))
}

// describe lets the stranger's reader say what it met.
func describe(t *testing.T, name string, sealed []byte, keys []string) vector {
	t.Helper()
	m, err := miniRead(sealed, readKey(t, keys[0]), signer(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := json.Marshal(m.metadata)
	if err != nil {
		t.Fatal(err)
	}
	closing, err := json.Marshal(m.closing)
	if err != nil {
		t.Fatal(err)
	}
	return vector{
		File: name, SHA256: hashing.Sum(sealed), OpenedBy: keys, Station: "hq-dock-1", StationKey: "station.pub.pem",
		HeaderBytes: int(binary.BigEndian.Uint32(sealed[16:])), JWEBytes: int(binary.BigEndian.Uint32(sealed[20:])),
		FileKey: hex.EncodeToString(m.fileKey), MetadataKey: hex.EncodeToString(m.derive("metadata")),
		ContentKey: hex.EncodeToString(m.derive("content")), ClosingKey: hex.EncodeToString(m.derive("closing")),
		Commitment: hex.EncodeToString(m.derive("commitment")), Metadata: metadata, Closing: closing, Content: m.content,
	}
}

// changes are flips in every part of the vector, before and after signing.
func changes(t *testing.T, v vector) []change {
	t.Helper()
	sealed := readVectorFile(t, v.File)
	metadata, tail := 56+v.JWEBytes, len(sealed)-2*seal.Block
	var all []change
	flip := func(at int, signed bool, why string) {
		all = append(all, change{v.File, at, hex.EncodeToString([]byte{sealed[at] ^ 1}), signed, why})
	}
	for _, signed := range []bool{false, true} {
		flip(0, signed, "magic")
		flip(14, signed, "version")
		flip(18, signed, "length of the header")
		flip(23, signed, "length of the key envelope")
		flip(24, signed, "key commitment")
		flip(56+20, signed, "key envelope")
		flip(metadata, signed, "nonce of the metadata")
		flip(v.HeaderBytes-1, signed, "tag of the metadata")
		flip(v.HeaderBytes, signed, "nonce of a segment")
		flip(v.HeaderBytes+12, signed, "ciphertext of a segment")
		flip(v.HeaderBytes+12+len(v.Content), signed, "tag of a segment")
		flip(v.HeaderBytes+12+len(v.Content)+16, signed, "padding of a segment")
		flip(tail, signed, "nonce of the closing record")
		flip(tail+seal.Block-1, signed, "tag of the closing record")
	}
	block := tail + seal.Block
	flip(block, false, "magic of the signature block")
	flip(block+16, false, "station id")
	flip(block+79, false, "padding of the station id")
	flip(block+80, false, "key id")
	flip(block+112, false, "public key")
	flip(block+144, false, "signature")
	flip(block+208, false, "padding of the signature block")
	flip(len(sealed)-1, false, "last bit of the file")
	return all
}

// TestAStrangerChecksTheSignature runs the commands that FORMAT.md gives.
func TestAStrangerChecksTheSignature(t *testing.T) {
	for _, tool := range []string{"sh", "openssl", "tail", "head"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, script, found := strings.Cut(string(format), "```sh\n")
	script, _, closed := strings.Cut(script, "```")
	if !found || !closed {
		t.Fatal("FORMAT.md has no script")
	}
	dir := t.TempDir()
	sealed := readVectorFile(t, "small.sealed")
	check := func() (string, error) {
		if err := errors.Join(os.WriteFile(filepath.Join(dir, "clip.sealed"), sealed, 0o600), os.WriteFile(filepath.Join(dir, "station.pub.pem"), readKey(t, "station.pub.pem"), 0o600)); err != nil {
			t.Fatal(err)
		}
		command := exec.Command("sh", "-c", script, "sh", "clip.sealed")
		command.Dir = dir
		out, err := command.CombinedOutput()
		return string(out), err
	}
	if out, err := check(); err != nil {
		t.Errorf("the signature does not verify: %v\n%s", err, out)
	}
	sealed[5000] ^= 1
	if out, err := check(); err == nil {
		t.Errorf("an altered file verifies: %s", out)
	}
}
