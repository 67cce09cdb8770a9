package rack

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// What the kernel would read, by the format's own description: 6 characters of
// magic, 13 fields of 8 hexadecimal digits, name and body each padded to 4 bytes.
func unpack(t *testing.T, text []byte) map[string]string {
	t.Helper()
	found := map[string]string{}
	for {
		if len(text) < 110 || string(text[:6]) != "070701" {
			t.Fatalf("no header where one should be: %.20q", text)
		}
		field := func(n int) int {
			value, err := strconv.ParseInt(string(text[6+8*n:14+8*n]), 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			return int(value)
		}
		mode, size, named := field(1), field(6), field(11)
		name := string(text[110 : 110+named-1])
		body := (110 + named + 3) / 4 * 4
		if name == "TRAILER!!!" {
			return found
		}
		found[name] = strconv.FormatInt(int64(mode), 8) + " " + string(text[body:body+size])
		text = text[(body+size+3)/4*4:]
	}
}

func TestArchiveIsWhatTheKernelUnpacks(t *testing.T) {
	var out bytes.Buffer
	a := newArchive(&out)
	for _, name := range []string{"init", "usr/bin/berth", "usr/bin/b"} {
		if err := a.file(name, 0o755, int64(len(name)), strings.NewReader(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.end(); err != nil {
		t.Fatal(err)
	}
	got := unpack(t, out.Bytes())
	want := map[string]string{
		"init": "100755 init", "usr": "40755 ", "usr/bin": "40755 ",
		"usr/bin/berth": "100755 usr/bin/berth", "usr/bin/b": "100755 usr/bin/b",
	}
	if len(got) != len(want) {
		t.Errorf("unpacked %v", got)
	}
	for name, entry := range want {
		if got[name] != entry {
			t.Errorf("%s is %q, want %q", name, got[name], entry)
		}
	}
}

// A file that became shorter while it was packed must not shift all that follows.
func TestArchiveRefusesShortBody(t *testing.T) {
	a := newArchive(&bytes.Buffer{})
	if err := a.file("x", 0o644, 10, strings.NewReader("short")); err == nil {
		t.Error("an entry of 10 bytes was made of 5")
	}
}
