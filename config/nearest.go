package config

import (
	"strings"
)

// nearest says which key was probably meant by an unknown one: of the same
// section if one is close, else the same word elsewhere in the file, else what
// may stand here.
func nearest(unknown string, here *section, root *section) string {
	if key, ok := closest(unknown, here.keys()); ok {
		return "did you mean " + quote(key) + "?"
	}
	if path, ok := elsewhere(strings.ToLower(unknown), root, ""); ok {
		return "did you mean " + quote(path) + "?"
	}
	return "here may stand " + strings.Join(here.keys(), ", ")
}

// closest returns the word that takes the fewest edits, if they are few.
func closest(word string, words []string) (string, bool) {
	word = strings.ToLower(word)
	if len(word) > 64 {
		return "", false // no slip of the finger, and the table grows with it
	}
	best, fewest := "", 1+max(1, len(word)/3)
	for _, w := range words {
		if n := edits(word, w); n < fewest {
			best, fewest = w, n
		}
	}
	return best, best != ""
}

// elsewhere finds a key of exactly this name anywhere below.
func elsewhere(key string, s *section, path string) (string, bool) {
	for _, f := range s.fields {
		p := join(path, f.key)
		if f.key == key {
			return p, true
		}
		if f.below == nil {
			continue
		}
		if f.kind == kindSections {
			p += "[]"
		}
		if found, ok := elsewhere(key, f.below, p); ok {
			return found, true
		}
	}
	return "", false
}

// edits is how many insertions, deletions, replacements and swaps of
// neighbours turn a into b.
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
