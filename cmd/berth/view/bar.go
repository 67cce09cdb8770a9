package view

import "strings"

// Bar draws part of whole in n columns. It is full only when part is whole, so
// that nobody takes a camera with one second to go.
func (s Screen) Bar(part, whole int64, n int, how style) string {
	if n <= 0 {
		return ""
	}
	halves := 0
	if whole > 0 {
		halves = int(float64(2*n) * float64(min(max(part, 0), whole)) / float64(whole))
		if part < whole {
			halves = min(halves, 2*n-1)
		}
	}
	full, half := halves/2, halves%2
	if !s.Unicode {
		done := strings.Repeat("=", full) + strings.Repeat(">", half)
		return s.paint(how, done) + s.paint(dim, strings.Repeat(".", n-full-half))
	}
	done := strings.Repeat("━", full) + strings.Repeat("╸", half)
	return s.paint(how, done) + s.paint(dim, strings.Repeat("─", n-full-half))
}

// percent is 100 only at the end, for the same reason.
func percent(part, whole int64) int {
	if whole <= 0 {
		return 0
	}
	if part < whole {
		return min(int(100*float64(max(part, 0))/float64(whole)), 99)
	}
	return 100
}
