package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time span that is written with units: 90s, 1h30m, 7d. A bare
// number is refused, because nobody can tell what it means.
type Duration time.Duration

// Size is a number of bytes that is written with a unit: 250GB, 64MiB.
type Size int64

// Rate is a number of bytes per second, written 40MB/s; 0 is "unlimited".
type Rate int64

// unit is one suffix and what it multiplies by.
type unit struct {
	name  string
	times int64
}

// durationUnits is ordered: a longer name before one that it begins with, and
// otherwise from large to small, which is also the order in which they must be
// written.
func durationUnits() []unit {
	return []unit{
		{"d", int64(24 * time.Hour)}, {"h", int64(time.Hour)}, {"ms", int64(time.Millisecond)},
		{"m", int64(time.Minute)}, {"s", int64(time.Second)},
	}
}

func sizeUnits() []unit {
	return []unit{
		{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
		{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
	}
}

// durationMax is the longest span that makes sense in a station.
const durationMax = 3650 * 24 * time.Hour

// ParseDuration reads one or more of 1d, 1h, 1m, 1s, 1ms, in that order.
func ParseDuration(s string) (Duration, error) {
	if isBareNumber(s) {
		return 0, fmt.Errorf("%q has no unit: write %ss, %sm, %sh or %sd", s, s, s, s, s)
	}
	bad := fmt.Errorf("%s is no duration: write for example 500ms, 90s, 15m, 1h30m or 7d", quote(s))
	if s == "" {
		return 0, bad
	}
	var total, last int64 = 0, math.MaxInt64
	for rest := s; rest != ""; {
		digits := leadingDigits(rest)
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return 0, bad
		}
		u, ok := unitOf(rest[len(digits):], durationUnits())
		if !ok || u.times >= last {
			return 0, bad
		}
		if n > int64(durationMax)/u.times || total+n*u.times > int64(durationMax) {
			return 0, fmt.Errorf("%s is longer than ten years", quote(s))
		}
		total, last, rest = total+n*u.times, u.times, rest[len(digits)+len(u.name):]
	}
	return Duration(total), nil
}

// ParseSize reads a number with one of B, KB, MB, GB, TB (powers of 1000), KiB,
// MiB, GiB, TiB (powers of 1024).
func ParseSize(s string) (Size, error) {
	if isBareNumber(s) {
		return 0, fmt.Errorf("%q has no unit: write for example %sMB or %sGB", s, s, s)
	}
	bad := fmt.Errorf("%s is no size: write for example 500MB, 1.5TB or 64GiB", quote(s))
	for _, u := range sizeUnits() {
		digits, found := strings.CutSuffix(s, u.name)
		if !found {
			continue
		}
		n, ok := timesDecimal(digits, u.times)
		if !ok {
			return 0, bad
		}
		return Size(n), nil
	}
	return 0, bad
}

// ParseRate reads a size per second, or "unlimited".
func ParseRate(s string) (Rate, error) {
	if s == "unlimited" {
		return 0, nil
	}
	bad := fmt.Errorf("%s is no rate: write for example 40MB/s (bytes, not bits), or unlimited", quote(s))
	size, found := strings.CutSuffix(s, "/s")
	if !found {
		return 0, bad
	}
	n, err := ParseSize(size)
	if err != nil || n == 0 {
		return 0, bad
	}
	return Rate(n), nil
}

// timesDecimal is a decimal number with at most three places after the point,
// times the unit; false if it is none or too large.
func timesDecimal(digits string, times int64) (int64, bool) {
	whole, fraction, point := strings.Cut(digits, ".")
	if leadingDigits(whole) != whole || whole == "" || len(whole) > 12 {
		return 0, false
	}
	if point && (fraction == "" || len(fraction) > 3 || leadingDigits(fraction) != fraction) {
		return 0, false
	}
	thousandths, err := strconv.ParseInt(whole+(fraction + "000")[:3], 10, 64)
	if err != nil || thousandths > math.MaxInt64/times {
		return 0, false
	}
	return thousandths * times / 1000, true
}

func leadingDigits(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
}

func isBareNumber(s string) bool {
	digits := leadingDigits(s)
	return digits != "" && digits == s && len(s) <= 12
}

func unitOf(s string, units []unit) (unit, bool) {
	for _, u := range units {
		if strings.HasPrefix(s, u.name) {
			return u, true
		}
	}
	return unit{}, false
}

// Duration is the time span as the standard library has it.
func (d Duration) Duration() time.Duration { return time.Duration(d) }

// String writes what ParseDuration reads.
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	rest := int64(d)
	for _, u := range []unit{
		{"d", int64(24 * time.Hour)}, {"h", int64(time.Hour)}, {"m", int64(time.Minute)},
		{"s", int64(time.Second)}, {"ms", int64(time.Millisecond)},
	} {
		if n := rest / u.times; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			rest -= n * u.times
		}
	}
	return b.String()
}

// String writes what ParseSize reads, in the largest unit that is exact.
func (s Size) String() string {
	best := unit{"B", 1}
	for _, u := range sizeUnits() {
		if s != 0 && int64(s)%u.times == 0 && u.times > best.times {
			best = u
		}
	}
	return strconv.FormatInt(int64(s)/best.times, 10) + best.name
}

// String writes what ParseRate reads.
func (r Rate) String() string {
	if r == 0 {
		return "unlimited"
	}
	return Size(r).String() + "/s"
}

// UnmarshalText is ParseDuration, for decoders.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDuration(string(text))
	return err
}

// UnmarshalText is ParseRate, for decoders.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRate(string(text))
	return err
}
