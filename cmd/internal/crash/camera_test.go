package crash

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"berth/hashing"
)

// marker stands all over every original, so that a piece of one is known
// wherever it turns up.
const marker = "BERTH-CRASH-TEST-PLAINTEXT"

// original is one recording as it was made on a camera.
type original struct {
	camera, name string
	digest       hashing.Digest
	sizeBytes    int64
}

// camera is a folder that is on the shelf or in a bay.
type camera struct {
	name   string
	folder string // where it is
	bay    string // in which bay; empty: on the shelf
	made   int    // recordings so far; no name is used twice
	holds  []*original
}

// content makes an original: noise, with the marker in it.
func content(random *rand.Rand, sizeBytes int) []byte {
	bytes := make([]byte, sizeBytes+8)
	for at := 0; at < sizeBytes; at += 8 {
		binary.LittleEndian.PutUint64(bytes[at:], random.Uint64())
	}
	for at := 64; at+len(marker) < sizeBytes; at += 1024 {
		copy(bytes[at:], marker)
	}
	return bytes[:sizeBytes]
}

// record puts one more original onto a camera.
func (c *camera) record(t *testing.T, random *rand.Rand, sizeBytes int) *original {
	t.Helper()
	c.made++
	bytes := content(random, sizeBytes)
	o := &original{
		camera: c.name, name: fmt.Sprintf("DCIM/REC%05d.MP4", c.made),
		digest: hashing.Sum(bytes), sizeBytes: int64(sizeBytes),
	}
	path := filepath.Join(c.folder, o.name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes, 0o644); err != nil {
		t.Fatal(err)
	}
	c.holds = append(c.holds, o)
	return o
}

// sizes that matter: nothing, less than a block, a segment and its neighbours,
// some segments.
func someSize(random *rand.Rand) int {
	const segment = 1_048_548
	sizes := []int{0, 1, 1 + random.IntN(4096), random.IntN(300_000), random.IntN(300_000), segment, segment + 1, random.IntN(3_000_000)}
	return sizes[random.IntN(len(sizes))]
}

// has reports whether the original is still on its camera.
func (c *camera) has(t *testing.T, o *original) bool {
	t.Helper()
	_, err := os.Lstat(filepath.Join(c.folder, o.name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return err == nil
}

// empty reports whether nothing is left on the camera.
func (c *camera) empty(t *testing.T) bool {
	t.Helper()
	for _, o := range c.holds {
		if c.has(t, o) {
			return false
		}
	}
	return true
}

// move plugs and unplugs as a person does: the whole folder at once.
func (c *camera) move(t *testing.T, folder, bay string) {
	t.Helper()
	if err := os.Rename(c.folder, folder); err != nil {
		t.Fatal(err)
	}
	c.folder, c.bay = folder, bay
}
