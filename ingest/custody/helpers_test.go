package custody_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"time"

	"berth/hashing"
	"berth/ingest/custody"
	"berth/ingest/seal"
)

// keyPath is one of the keys that the sealed format's tests use.
func keyPath(name string) string { return filepath.Join("..", "seal", "testdata", "keys", name) }

func readKey(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(keyPath(name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func stationKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	key, err := seal.ParseStationKey(readKey(t, "station.key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func stationPublic(t *testing.T) ed25519.PublicKey {
	t.Helper()
	return stationKey(t).Public().(ed25519.PublicKey)
}

// unsigned is a sealed file of content for agency and escrow, without its
// signature block.
func unsigned(t *testing.T, content []byte) []byte {
	t.Helper()
	var recipients []seal.Recipient
	for _, name := range []string{"agency.pub.pem", "escrow.pub.pem"} {
		recipient, err := seal.ParseRecipient(readKey(t, name))
		if err != nil {
			t.Fatal(err)
		}
		recipients = append(recipients, recipient)
	}
	file, err := seal.NewFile(recipients, seal.Metadata{Station: "hq-dock-1", Camera: "BC2-1", Name: []byte("caf\xe9.mp4")})
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.NewBuffer(file.Header())
	n := seal.Segments(int64(len(content)))
	for index := range n {
		plain := content[index*seal.SegmentPlain:]
		segment, err := file.Seal(nil, plain[:min(len(plain), seal.SegmentPlain)], index)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(segment)
	}
	closing, err := file.Closing(seal.Closing{
		SHA256: hashing.Sum(content), SizeBytes: int64(len(content)), Segments: n, ReadStarted: time.Unix(0, 0), ReadEnded: time.Unix(1, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(closing)
	return out.Bytes()
}

func sign(t *testing.T, before []byte, key ed25519.PrivateKey) []byte {
	t.Helper()
	block, err := seal.NewSigner("hq-dock-1", key).Block(hashing.Sum(before))
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(before), block...)
}

func write(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openTo is an ordinary use of OpenFile.
func openTo(t *testing.T, sealed, output string) custody.OpenOptions {
	t.Helper()
	return custody.OpenOptions{Path: sealed, Identities: []string{keyPath("agency.key.pem")}, Station: stationPublic(t), Output: output}
}

// mustHold wants exactly these names in dir.
func mustHold(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	if len(found) != len(names) {
		t.Errorf("directory holds %q, want %q", found, names)
		return
	}
	for i := range names {
		if found[i] != names[i] {
			t.Errorf("directory holds %q, want %q", found, names)
		}
	}
}
