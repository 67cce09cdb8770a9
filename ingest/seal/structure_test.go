package seal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"berth/hashing"
)

// Here somebody who holds the keys of station and file makes files that are
// signed and sealed well but have a structure that no station writes.

var testStationKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func signedFile(t *testing.T, header []byte, more ...[]byte) []byte {
	t.Helper()
	file := bytes.Join(append([][]byte{header}, more...), nil)
	block, err := NewSigner("hq-dock-1", testStationKey).Block(hashing.Sum(file))
	if err != nil {
		t.Fatal(err)
	}
	return append(file, block...)
}

func testFile(t *testing.T) *File {
	t.Helper()
	file, err := newFile(bytes.Repeat([]byte{1}, keyBytes), testRecipients(t), Metadata{Station: "hq-dock-1"})
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func agencyKey(t *testing.T) PrivateKey {
	t.Helper()
	file, err := os.ReadFile("testdata/keys/agency.key.pem")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParsePrivateKey(file)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func inspect(file []byte) (*Envelope, error) {
	return Inspect(bytes.NewReader(file), int64(len(file)))
}

func TestStructureIsCheckedWithoutAnyKey(t *testing.T) {
	header, closing := testFile(t).Header(), make([]byte, Block)
	if _, err := inspect(signedFile(t, header, closing)); err != nil {
		t.Fatal(err)
	}
	put := func(at int, value uint32) []byte {
		return binary.BigEndian.AppendUint32(bytes.Clone(header[:at]), value)
	}
	withLength := func(length int) []byte {
		long := append(put(atHeaderLength, uint32(length)), header[atJWELength:]...)
		return append(long, make([]byte, max(0, length-len(long)))...)
	}
	withJWE := func(length int) []byte { return append(put(atJWELength, uint32(length)), header[atCommitment:]...) }
	for name, file := range map[string]struct {
		bytes []byte
		says  string
	}{
		"version":               {signedFile(t, append([]byte("berth-sealed v2\n"), header[len(magic):]...), closing), "version 1"},
		"no closing record":     {signedFile(t, header), "too few"},
		"longer than the file":  {signedFile(t, withLength(len(header) + Block)[:len(header)], closing), "a header of 8192 bytes"},
		"no whole blocks":       {signedFile(t, withLength(len(header)+1), closing), "a header of 4097 bytes"},
		"beyond the cap":        {signedFile(t, withLength(maxHeader+Block), closing), "a header of 266240 bytes"},
		"no header":             {signedFile(t, withLength(0), closing), "a header of 0 bytes"},
		"content in no blocks":  {signedFile(t, header, []byte{0}, closing), "not the size"},
		"envelope too long":     {signedFile(t, withJWE(len(header)-atJWE-sealOverhead+1), closing), "a key envelope of"},
		"envelope longest":      {signedFile(t, withJWE(1<<32-1), closing), "a key envelope of"},
		"envelope beyond cap":   {signedFile(t, append(append(withLength(maxHeader)[:atJWELength], 0, 1, 0, 1), make([]byte, maxHeader-atCommitment)...), closing), "a key envelope of 65537"},
		"envelope of no length": {signedFile(t, withJWE(0), closing), "key envelope"},
	} {
		if _, err := inspect(file.bytes); !errors.Is(err, ErrIntegrity) || !strings.Contains(err.Error(), file.says) {
			t.Errorf("%s: error %v, want one about %q", name, err, file.says)
		}
	}
}

func TestSignatureBlockHasOneForm(t *testing.T) {
	digest := hashing.Sum([]byte("file"))
	good, err := NewSigner("hq-dock-1", testStationKey).Block(digest)
	if err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func([]byte){
		"magic":            func(b []byte) { b[3] ^= 1 },
		"key id":           func(b []byte) { b[atKeyID] ^= 1 },
		"no station":       func(b []byte) { clear(b[atStation:atKeyID]) },
		"after station":    func(b []byte) { b[atKeyID-1] = 'x' },
		"station not text": func(b []byte) { b[atStation] = 0xff },
		"padding":          func(b []byte) { b[Block-1] = 1 },
	} {
		block := bytes.Clone(good)
		edit(block)
		copy(block[atSignature:], ed25519.Sign(testStationKey, signedMessage(block, digest)))
		if s, err := parseSignature(block); !errors.Is(err, ErrIntegrity) {
			t.Errorf("%s: accepted as %+v, %v", name, s, err)
		}
	}
}

func TestClosingRecordMustFitTheFile(t *testing.T) {
	file := testFile(t)
	content := []byte("content")
	segment, err := file.Seal(nil, content, 0)
	if err != nil {
		t.Fatal(err)
	}
	open := func(c Closing, segments ...[]byte) (*Reader, error) {
		framed, err := frame(c.sealable(), Block-sealOverhead)
		if err != nil {
			t.Fatal(err)
		}
		record := file.keys.closing.Seal(nil, nil, framed, additionalData(kindClosing, int64(len(segments)), file.headerDigest))
		sealed := signedFile(t, file.Header(), append(segments, record)...)
		return Open(context.Background(), bytes.NewReader(sealed), int64(len(sealed)), agencyKey(t))
	}
	good := Closing{SHA256: hashing.Sum(content), SizeBytes: int64(len(content)), Segments: 1}
	reader, err := open(good, segment)
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Content(context.Background(), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*Closing){
		"segments":        func(c *Closing) { c.Segments = 2 },
		"no digest":       func(c *Closing) { c.SHA256 = hashing.Digest{} },
		"more content":    func(c *Closing) { c.SizeBytes = Block },
		"no content":      func(c *Closing) { c.SizeBytes = 0 },
		"beyond all size": func(c *Closing) { c.SizeBytes = maxContent + 1 },
	} {
		c := good
		edit(&c)
		if _, err := open(c, segment); !errors.Is(err, ErrIntegrity) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := open(Closing{SHA256: hashing.Sum(nil), SizeBytes: -1}); !errors.Is(err, ErrIntegrity) {
		t.Errorf("negative: error %v", err)
	}
	for name, edit := range map[string]func(*Closing){
		"other digest": func(c *Closing) { c.SHA256 = hashing.Sum(nil) },
		"a byte more":  func(c *Closing) { c.SizeBytes++ },
		"a byte less":  func(c *Closing) { c.SizeBytes-- },
	} {
		c := good
		edit(&c)
		reader, err := open(c, segment)
		if err != nil {
			t.Fatal(err)
		}
		if err := reader.Content(context.Background(), &bytes.Buffer{}); !errors.Is(err, ErrIntegrity) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
