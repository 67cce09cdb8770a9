package hashing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"berth/hashing"
)

// text marshals as it is.
type text struct{ s string }

func (x text) MarshalText() ([]byte, error) { return []byte(x.s), nil }

func TestCanonicalFormOfTheVectors(t *testing.T) {
	file, err := os.ReadFile("testdata/canonical.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Accepted []struct{ Any, Canonical, SHA256 string }
		Refused  []struct{ Any, Why string }
	}
	if err := json.Unmarshal(file, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Accepted) == 0 || len(vectors.Refused) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range vectors.Accepted {
		got, err := hashing.Canonical(json.RawMessage(v.Any))
		if err != nil || string(got) != v.Canonical {
			t.Errorf("Canonical(%s) = %s, %v; want %s", v.Any, got, err, v.Canonical)
		}
		if sum := hashing.Sum(got).String(); sum != v.SHA256 {
			t.Errorf("digest of %s = %s, want %s", got, sum, v.SHA256)
		}
		var any any
		if err := hashing.ParseCanonical([]byte(v.Canonical), &any); err != nil {
			t.Errorf("ParseCanonical(%s): %v", v.Canonical, err)
		}
		if v.Any != v.Canonical && hashing.ParseCanonical([]byte(v.Any), &any) == nil {
			t.Errorf("ParseCanonical took %s", v.Any)
		}
	}
	for _, v := range vectors.Refused {
		if got, err := hashing.Canonical(json.RawMessage(v.Any)); err == nil {
			t.Errorf("%s: Canonical(%s) = %s", v.Why, v.Any, got)
		}
		var any any
		if err := hashing.ParseCanonical([]byte(v.Any), &any); err == nil {
			t.Errorf("%s: ParseCanonical took %s", v.Why, v.Any)
		}
	}
}

func TestCanonicalNeverReplacesTextSilently(t *testing.T) {
	for name, v := range map[string]any{
		"value":            map[string]any{"name": "a\xffb"},
		"cut short":        []string{"\xe2\x82"},
		"name":             map[string]any{"\xff": 1},
		"surrogate bytes":  []string{"\xed\xa0\x80"},
		"text marshaller":  []any{text{"\xff"}},
		"raw message":      json.RawMessage("\"\xff\""),
		"half a surrogate": json.RawMessage(`"\ud800"`),
		"half and letter":  json.RawMessage(`"\ud800A"`),
		"two high halves":  json.RawMessage(`"\ud800\ud800"`),
		"low half alone":   json.RawMessage(`"\udc00"`),
		"its replacement":  json.RawMessage(`"\uFFFD"`),
		"a name twice":     json.RawMessage(`{"a":1,"a":2}`),
	} {
		if got, err := hashing.Canonical(v); !errors.Is(err, hashing.ErrNotCanonical) {
			t.Errorf("%s: encoded as %q, error %v", name, got, err)
		}
	}
}

func TestCanonicalKeepsEveryValidText(t *testing.T) {
	for _, s := range []string{"", "\ufffd", `\ufffd`, `\\ufffd`, `\ud800`, "\x00\x1f\x7f", "<&>\u2028\u2029", "😀", `"\/`, "\u00e9e\u0301"} {
		encoded, err := hashing.Canonical(map[string]string{"s": s})
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		var back map[string]string
		if err := hashing.ParseCanonical(encoded, &back); err != nil || back["s"] != s {
			t.Errorf("%q came back as %q, %v", s, back["s"], err)
		}
	}
}

func TestParseCanonicalRefusesASecondEncoding(t *testing.T) {
	for _, second := range []string{
		`{"b":1,"a":2}`, `{"a": 1}`, ` {}`, "{}\n", `{"a":1.0}`, `{"a":1e0}`, `{"a":-0}`, `{"a":"\u0041"}`, `{"a":"\/"}`,
		`{"a":1,"a":1}`, `{}{}`, `{}]`, `{"a":1}}`, "", `{"a"`, `[1,]`, `[1 2]`, `nul`,
	} {
		var v any
		if err := hashing.ParseCanonical([]byte(second), &v); err == nil {
			t.Errorf("%q was taken as %v", second, v)
		}
	}
}

func TestParseCanonicalRefusesMembersThatTheReaderDoesNotKnow(t *testing.T) {
	var v struct {
		A int `json:"a"`
	}
	if err := hashing.ParseCanonical([]byte(`{"a":1,"b":2}`), &v); err == nil {
		t.Error("an unknown member was ignored")
	}
}

func TestDepthIsBounded(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	if err := hashing.ParseCanonical([]byte(deep+strings.Repeat("]", 100_000)), new(any)); err == nil {
		t.Error("100,000 levels were taken")
	}
	if _, err := hashing.Canonical(json.RawMessage(strings.Repeat("[", 66) + strings.Repeat("]", 66))); err == nil {
		t.Error("66 levels were taken")
	}
	if _, err := hashing.Canonical(json.RawMessage(strings.Repeat("[", 64) + strings.Repeat("]", 64))); err != nil {
		t.Errorf("64 levels were refused: %v", err)
	}
}

func FuzzParseThenEncodeIsTheIdentity(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,-1,null,true,"x\u001f\n\"\\"]}`, `"\ufffd"`, `"😀"`, `9007199254740991`, `{"a":1,"a":1}`, `[[]]`, `{"a":"\ud83d\ude00"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		if err := hashing.ParseCanonical(b, &v); err == nil {
			if !json.Valid(b) {
				t.Fatalf("%q is not JSON", b)
			}
			again, err := hashing.Canonical(json.RawMessage(b))
			if err != nil || !bytes.Equal(again, b) {
				t.Fatalf("%q encodes again as %q, %v", b, again, err)
			}
			return
		}
		encoded, err := hashing.Canonical(json.RawMessage(b))
		if err != nil {
			return
		}
		if err := hashing.ParseCanonical(encoded, &v); err != nil {
			t.Fatalf("own encoding %q of %q refused: %v", encoded, b, err)
		}
	})
}

func FuzzTextSurvivesOrIsRefused(f *testing.F) {
	f.Add("plain")
	f.Add("\xff")
	f.Add(`\ufffd`)
	f.Fuzz(func(t *testing.T, s string) {
		encoded, err := hashing.Canonical([]string{s})
		if err != nil {
			if strings.ToValidUTF8(s, "") == s {
				t.Fatalf("valid text %q refused: %v", s, err)
			}
			return
		}
		var back []string
		if err := hashing.ParseCanonical(encoded, &back); err != nil || back[0] != s {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
	})
}
