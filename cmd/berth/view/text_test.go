package view

import (
	"strings"
	"testing"
	"time"
)

func TestSafeEscapesWhatFoolsATerminal(t *testing.T) {
	for in, want := range map[string]string{
		"acme-0417":                 "acme-0417",
		"\x1b]0;owned\x07":          `\x1b]0;owned\x07`,
		"a\nb":                      `a\x0ab`,
		"\u202egnp.exe":             `\u{202e}gnp.exe`,
		"\xff\xfe":                  `\xff\xfe`,
		"\u009b31m":                 `\u{9b}31m`,
		`already \x1b escaped`:      `already \x1b escaped`,
		"é, 名前, e\u0301":            "é, 名前, e\u0301",
		"z\u0301\u0302\u0303\u0304": "z\u0301\u0302",
	} {
		if got := Safe(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if again := Safe(Safe(in)); again != Safe(in) {
			t.Errorf("%q: escaping again gives %q", in, again)
		}
	}
}

func TestColumnsOfWideAndCombiningRunes(t *testing.T) {
	for text, want := range map[string]int{"abc": 3, "名前": 4, "e\u0301": 1, "ｱ": 1, "Ａ": 2} {
		if got := columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

func TestCutNeverSplitsAWideRune(t *testing.T) {
	s := plainScreen(80)
	for text, want := range map[string][2]string{
		"名前の長い":  {"名前…", "…長い"},
		"名x前x長":  {"名x…", "…x長"},
		"abcdef": {"abcd…", "…cdef"},
		"abc":    {"abc", "abc"},
	} {
		if got := s.cut(text, 5); got != want[0] {
			t.Errorf("cut %q: %q, want %q", text, got, want[0])
		}
		if got := s.cutHead(text, 5); got != want[1] {
			t.Errorf("cut the head of %q: %q, want %q", text, got, want[1])
		}
		if got := s.fit(text, 5); columns(got) != 5 {
			t.Errorf("fit %q: %d columns", text, columns(got))
		}
	}
}

func TestSizesAreDecimal(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 1: "1 B", 999: "999 B", 1000: "1 kB", 1500: "1.5 kB", 9_949: "9.9 kB", 9_951: "10 kB",
		999_400: "999 kB", 999_600: "1.0 MB", 233_000_000: "233 MB", 4_560_000_000: "4.6 GB",
		1 << 40: "1.1 TB", 1<<63 - 1: "9.2 EB", -1500: "-1.5 kB", -1 << 63: "-9.2 EB",
	} {
		if got := Size(bytes); got != want {
			t.Errorf("%d: got %q, want %q", bytes, got, want)
		}
	}
	if got := SizeOf(400_000_000, 2_200_000_000); got != "0.4/2.2 GB" {
		t.Errorf("part of whole: %q", got)
	}
}

func TestDurationsFitSixColumns(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 42 * time.Second: "42s", 72 * time.Second: "1m12s", 59900 * time.Millisecond: "1m00s",
		25*time.Minute + 31*time.Second: "25m", 65 * time.Minute: "1h05m", 76 * time.Hour: "3d04h", 400 * 24 * time.Hour: "400d",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	for d := time.Second; d < 9000*24*time.Hour; d = d*3/2 + 1 {
		if got := Duration(d); len(got) > 6 {
			t.Errorf("%v takes %d columns: %q", d, len(got), got)
		}
	}
}

func TestWrapBreaksBetweenWords(t *testing.T) {
	got := wrap("one two  three\nfour incomprehensibilities", 9)
	want := []string{"one two", "three", "four", "incompreh", "ensibilit", "ies"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := wrap("名前", 1); len(got) != 2 {
		t.Errorf("a wide rune in one column: %q", got)
	}
}
