package content

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
)

func all(t *testing.T, seed uint64, path string, size int64) []byte {
	t.Helper()
	text, err := io.ReadAll(New(seed, path, size))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The guest and the host must say the same of a file that was never carried.
func TestSameSeedPathAndSizeGiveTheSameBytes(t *testing.T) {
	const size = 3<<20 + 777
	first := all(t, 7, "DCIM/1.MP4", size)
	if len(first) != size || !bytes.Equal(first, all(t, 7, "DCIM/1.MP4", size)) {
		t.Error("two readings differ")
	}
	if err := iotest.TestReader(New(7, "DCIM/1.MP4", size), first); err != nil {
		t.Error(err)
	}
	if bytes.Equal(first, all(t, 8, "DCIM/1.MP4", size)) || bytes.Equal(first, all(t, 7, "DCIM/2.MP4", size)) {
		t.Error("another seed or another path gives the same bytes")
	}
}

// Two sectors that were exchanged on a card must not go unnoticed.
func TestNoSectorComesTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range []string{"a", "b"} {
		text := all(t, 1, path, 3<<20)
		for offset := 0; offset < len(text); offset += sectorSize {
			sector := string(text[offset : offset+sectorSize])
			if seen[sector] {
				t.Fatalf("sector at %d of %s comes twice", offset, path)
			}
			seen[sector] = true
		}
	}
}

func TestDigestIsThatOfTheBytes(t *testing.T) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if got := SHA256(1, "x", 0); got != empty {
		t.Errorf("an empty file hashes to %s", got)
	}
	if SHA256(1, "x", 5) == SHA256(1, "x", 6) {
		t.Error("another size gives the same digest")
	}
}
