package dock

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNamesAreShownSoThatNobodyIsFooled(t *testing.T) {
	for raw, want := range map[string]string{
		"DCIM/MOV_0001.MP4": "DCIM/MOV_0001.MP4",
		"Zoë 月.mp4":         "Zoë 月.mp4",
		"a\nb\tc\x1b[2J":    `a\x0ab\x09c\x1b[2J`,
		"\xff\xfe":          `\xff\xfe`,
		`back\slash`:        `back\\slash`,
		"gpj.\u202Eexe":     `gpj.\u{202e}exe`,
		"\x7f\u0085":        `\x7f\u{85}`,
		"\u200b":            `\u{200b}`,
		"":                  "",
	} {
		if got := RawName(raw).Display(); got != want || RawName(raw).String() != want {
			t.Errorf("%q is shown as %s, want %s", raw, got, want)
		}
	}
}

func TestShownNamesAreHarmlessAndDistinct(t *testing.T) {
	names := rapid.SliceOfN(rapid.SampledFrom([]byte("ab\\x\n\xff\xc3\xa9u{}0/")), 0, 6)
	rapid.Check(t, func(rt *rapid.T) {
		a, b := RawName(names.Draw(rt, "a")), RawName(names.Draw(rt, "b"))
		shown := a.Display()
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) {
			rt.Fatalf("%q is shown as %q", string(a), shown)
		}
		if a != b && shown == b.Display() {
			rt.Fatalf("%q and %q look the same: %s", string(a), string(b), shown)
		}
	})
}

func TestElapsedTimeIsThatOfTheBootClock(t *testing.T) {
	base := Instant{Wall: shot, Boot: "boot-1", SinceBoot: time.Hour}
	for name, c := range map[string]struct {
		now  Instant
		want time.Duration
	}{
		"later":                         {Instant{shot.Add(time.Minute), "boot-1", 2 * time.Hour}, time.Hour},
		"the wall clock went back":      {Instant{shot.Add(-time.Hour), "boot-1", 2 * time.Hour}, time.Hour},
		"the wall clock jumped ahead":   {Instant{shot.Add(9999 * time.Hour), "boot-1", time.Hour}, 0},
		"after a reboot":                {Instant{shot.Add(9999 * time.Hour), "boot-2", 5 * time.Minute}, 5 * time.Minute},
		"after a reboot, longer than":   {Instant{shot, "boot-2", 3 * time.Hour}, 3 * time.Hour},
		"earlier, which cannot be true": {Instant{shot, "boot-1", time.Minute}, 0},
	} {
		if got := c.now.Since(base); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestGraceCanOnlyBecomeLonger(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		earlier := Instant{Boot: "boot-1", SinceBoot: time.Duration(rapid.Int64Range(0, 1e15).Draw(rt, "earlier"))}
		truly := time.Duration(rapid.Int64Range(0, 1e15).Draw(rt, "truly elapsed"))
		now := Instant{Boot: "boot-1", SinceBoot: earlier.SinceBoot + truly}
		if rapid.Bool().Draw(rt, "rebooted") {
			now = Instant{Boot: "boot-2", SinceBoot: time.Duration(rapid.Int64Range(0, int64(truly)).Draw(rt, "since reboot"))}
		}
		if got := now.Since(earlier); got > truly || got < 0 {
			rt.Fatalf("%v, truly %v", got, truly)
		}
	})
}

func TestStationIDs(t *testing.T) {
	for id, good := range map[string]bool{
		"hq-dock-1": true, "a": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "a-": false, "A": false, "a_b": false, "a/b": false, "..": false, strings.Repeat("a", 64): false, "a\n": false, "é": false,
	} {
		if err := StationID(id).Validate(); (err == nil) != good {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestIdentifiersAreDistinctAndReadable(t *testing.T) {
	ids := map[string]bool{}
	for range 1000 {
		for _, id := range []string{string(NewRecordingID()), string(NewDockingID()), string(NewExceptionID())} {
			if len(id) != 17 || strings.ContainsAny(id[1:], "ilouIL") || ids[id] {
				t.Fatalf("%q", id)
			}
			ids[id] = true
		}
	}
}

// A port becomes one element of a path, so that nothing else may pass for one.
func TestAPortIsOneHarmlessElementOfAPath(t *testing.T) {
	for _, good := range []Port{"1-1", "2-14", "1-1.4.2", "12-1.2.3.4.5.6"} {
		if err := good.Validate(); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []Port{"", "1", "1-", "-1", "1-0", "0-1", "1-1.", "1-1.0", "1-1.4/..", "../1-1", "usb1", "1-1:1.0", "1-1.2.3.4.5.6.7", "1-1\n", "1-01", "1234-1"} {
		if bad.Validate() == nil {
			t.Errorf("%q passed for a port", string(bad))
		}
	}
}
