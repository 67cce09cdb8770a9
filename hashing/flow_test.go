package hashing_test

import (
	"errors"
	"strings"
	"testing"

	"berth/hashing"
)

func TestFlowCountsAndHashesWhatPasses(t *testing.T) {
	flow := hashing.NewFlow()
	for _, part := range []string{"a", "", "bc"} {
		if n, err := flow.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", part, n, err)
		}
	}
	if flow.Bytes() != 3 || flow.Digest() != hashing.Sum([]byte("abc")) {
		t.Errorf("%d bytes, %s", flow.Bytes(), flow.Digest())
	}
	flow.Write([]byte("d"))
	if flow.Digest() != hashing.Sum([]byte("abcd")) {
		t.Error("asking for the digest ended the flow")
	}
}

func TestCheckRefusesOtherBytesOtherSizeAndTheUnknown(t *testing.T) {
	flow := hashing.NewFlow()
	flow.Write([]byte("abc"))
	digest := hashing.Sum([]byte("abc"))
	if err := flow.Check("clip", digest, 3); err != nil {
		t.Fatalf("the right content was refused: %v", err)
	}
	for name, check := range map[string]struct {
		want  hashing.Digest
		bytes int64
		says  string
	}{
		"other bytes": {hashing.Sum([]byte("abd")), 3, "clip: sha256 " + digest.String() + ", expected "},
		"other size":  {digest, 4, "clip: 3 bytes, expected 4"},
		"unknown":     {hashing.Digest{}, 3, "clip: sha256"},
	} {
		err := flow.Check("clip", check.want, check.bytes)
		var mismatch *hashing.Mismatch
		if !errors.As(err, &mismatch) {
			t.Errorf("%s: error %v is no *Mismatch", name, err)
		} else if !strings.HasPrefix(err.Error(), check.says) {
			t.Errorf("%s: %q, want %q", name, err, check.says)
		}
	}
}
