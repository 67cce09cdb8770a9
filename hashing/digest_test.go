package hashing_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"berth/hashing"
)

// emptySHA256 is the digest of nothing (FIPS 180-4 test vector).
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestDigestPrintsAsSha256sumDoes(t *testing.T) {
	if got := hashing.Sum([]byte("abc")).String(); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("digest of abc = %s", got)
	}
	if got := hashing.Sum(nil).String(); got != emptySHA256 {
		t.Errorf("digest of nothing = %s", got)
	}
}

func TestParseIsTheInverseOfString(t *testing.T) {
	want := hashing.Sum([]byte("abc"))
	got, err := hashing.Parse(want.String())
	if err != nil || got != want {
		t.Fatalf("Parse(%s) = %s, %v", want, got, err)
	}
	for _, bad := range []string{"", "00", strings.ToUpper(want.String()), want.String() + "00", " " + want.String()[1:], strings.Repeat("g", 64)} {
		if d, err := hashing.Parse(bad); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", bad, d)
		}
	}
}

func TestUnknownDigestIsEmptyTextAndNotZeros(t *testing.T) {
	text, err := json.Marshal(struct{ A, B hashing.Digest }{B: hashing.Sum(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"A":"","B":"` + emptySHA256 + `"}`; string(text) != want {
		t.Fatalf("encoded as %s, want %s", text, want)
	}
	back := struct{ A, B hashing.Digest }{A: hashing.Sum([]byte("before"))}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !back.A.IsZero() || back.B != hashing.Sum(nil) {
		t.Errorf("decoded as %+v", back)
	}
	if err := json.Unmarshal([]byte(`{"A":"abcd"}`), &back); err == nil {
		t.Error("half a digest was taken")
	}
}

func TestOfReadsToTheEndAndReportsReadErrors(t *testing.T) {
	digest, n, err := hashing.Of(iotest.OneByteReader(strings.NewReader("abc")))
	if err != nil || n != 3 || digest != hashing.Sum([]byte("abc")) {
		t.Fatalf("Of = %s, %d, %v", digest, n, err)
	}
	broken := errors.New("medium failed")
	digest, _, err = hashing.Of(io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || !digest.IsZero() {
		t.Errorf("a failed read gave digest %s, error %v", digest, err)
	}
}
