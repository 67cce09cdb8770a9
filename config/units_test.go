package config

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestUnitsMeanWhatTheySay(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "500ms": 500 * time.Millisecond, "90s": 90 * time.Second, "15m": 15 * time.Minute,
		"1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "1d2h3m4s5ms": 26*time.Hour + 3*time.Minute + 4*time.Second + 5*time.Millisecond,
	} {
		if d, err := ParseDuration(text); err != nil || d.Duration() != want {
			t.Errorf("%s is %v, %v", text, d.Duration(), err)
		}
	}
	for text, want := range map[string]Size{
		"0B": 0, "1KB": 1000, "1KiB": 1024, "1.5MB": 1_500_000, "64MiB": 64 << 20, "2GB": 2_000_000_000, "0.125TiB": 1 << 37,
	} {
		if s, err := ParseSize(text); err != nil || s != want {
			t.Errorf("%s is %d, %v", text, s, err)
		}
	}
	for text, want := range map[string]Rate{"unlimited": 0, "40MB/s": 40_000_000, "1KiB/s": 1024} {
		if r, err := ParseRate(text); err != nil || r != want {
			t.Errorf("%s is %d, %v", text, r, err)
		}
	}
}

func TestWhatHasNoClearUnitIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "30", "0", "1.5h", "-1s", "+1s", "1", "s", "1 s", "1H", "30m1h", "1s1s", "1h30", "1us", "1ns", "1y", "1e3s", "1m ",
		"99999999999999999999d", "3651d", "3650d1ms",
	} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("duration %q is %v", text, d)
		}
	}
	for _, text := range []string{"", "1", "MB", "1mb", "1 MB", "1.MB", ".5MB", "1.0001MB", "-1MB", "1e3MB", "1Mb", "1PB", "999999999999TB"} {
		if s, err := ParseSize(text); err == nil {
			t.Errorf("size %q is %v", text, s)
		}
	}
	for _, text := range []string{"", "0", "40", "40MB", "0B/s", "MB/s", "40MB/h", "none", "40Mbps"} {
		if r, err := ParseRate(text); err == nil {
			t.Errorf("rate %q is %v", text, r)
		}
	}
}

func TestUnitsAreWrittenAsTheyAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(rapid.Int64Range(0, int64(durationMax)/int64(time.Millisecond)).Draw(t, "ms") * int64(time.Millisecond))
		if back, err := ParseDuration(d.String()); err != nil || back != d {
			t.Fatalf("%d is %s is %d, %v", d, d, back, err)
		}
		s := Size(rapid.Int64Range(0, math.MaxInt64/1_100_000_000_000_000).Draw(t, "size"))
		if back, err := ParseSize(s.String()); err != nil || back != s {
			t.Fatalf("%d is %s is %d, %v", s, s, back, err)
		}
		r := Rate(s)
		if back, err := ParseRate(r.String()); err != nil || back != r {
			t.Fatalf("%d is %s is %d, %v", r, r, back, err)
		}
	})
}
