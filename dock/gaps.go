package dock

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The bounds of the search for gaps in numbering.
const (
	maxGaps       = 100 // more are only said to exist
	minSeries     = 3   // fewer numbers are no series
	maxHoleFactor = 10  // a hole longer than so many times the series is a jump, not a loss
	maxDigits     = 15  // longer runs of digits are no counters
)

// Gaps finds the numbers that are missing from series of names. A series is
// made of the names that differ only in one number: the last run of digits
// before the extension, in the name and not in its folders. Dates and times of
// day are no counters. At most 100 gaps are returned, by number; cut says that
// there were more. The names need not be sorted or distinct.
func Gaps(names []RawName) (gaps []Gap, cut bool) {
	series := map[string][]int64{}
	for _, name := range names {
		if key, number, ok := counter(string(name)); ok {
			series[key] = append(series[key], number)
		}
	}
	for _, numbers := range series {
		slices.Sort(numbers)
		numbers = slices.Compact(numbers)
		if len(numbers) < minSeries {
			continue
		}
		for i, number := range numbers[1:] {
			before := numbers[i]
			if missing := number - before - 1; missing > 0 && missing <= int64(maxHoleFactor*len(numbers)) {
				gaps = append(gaps, Gap{From: before + 1, To: number - 1})
			}
		}
	}
	slices.SortFunc(gaps, func(a, b Gap) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	if len(gaps) > maxGaps {
		return gaps[:maxGaps:maxGaps], true
	}
	return gaps, false
}

// counter splits a name into its series and its number.
func counter(name string) (series string, number int64, ok bool) {
	folder := name[:strings.LastIndexByte(name, '/')+1]
	base := name[len(folder):]
	extension := ""
	if dot := strings.LastIndexByte(base, '.'); dot > 0 {
		base, extension = base[:dot], base[dot:]
	}
	end := strings.LastIndexAny(base, "0123456789") + 1
	if end == 0 {
		return "", 0, false
	}
	start := end
	for start > 0 && isDigit(base[start-1]) {
		start--
	}
	digits := base[start:end]
	if len(digits) > maxDigits || isDate(digits) || isTimeOfDay(base[:start], digits) {
		return "", 0, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	// NUL is in no name that a filesystem gives, so that no two series share a key.
	return folder + base[:start] + "\x00" + base[end:] + extension, number, err == nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isDate recognises 20260131 and 20260131235959.
func isDate(digits string) bool {
	for _, layout := range []string{"20060102", "20060102150405"} {
		if t, err := time.Parse(layout, digits); err == nil && len(digits) == len(layout) {
			return t.Year() >= 1980 && t.Year() < 2100
		}
	}
	return false
}

// isTimeOfDay recognises 235959 after a date, with or without something between.
func isTimeOfDay(before, digits string) bool {
	if _, err := time.Parse("150405", digits); err != nil || len(digits) != 6 {
		return false
	}
	before = strings.TrimRight(before, "-_ T.")
	return len(before) >= 8 && isDate(before[len(before)-8:])
}
