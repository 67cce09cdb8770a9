package view

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"berth/dock"
)

// Safe returns text for a terminal: control bytes, invalid UTF-8, direction
// marks and marks piled on marks are escaped as dock.RawName.Display does, but
// a backslash stays, so that text which is escaped already does not change.
// Whatever a camera, a store or a person wrote goes through it.
func Safe(text string) string {
	parts := strings.Split(text, `\`)
	for i, part := range parts {
		parts[i] = dock.RawName(part).Display()
	}
	return unpile(strings.Join(parts, `\`))
}

// unpile drops combining marks beyond the second on one letter: they take no
// column and would grow over the lines above and below.
func unpile(text string) string {
	piled := 0
	return strings.Map(func(r rune) rune {
		if !unicode.Is(unicode.M, r) {
			piled = 0
			return r
		}
		if piled++; piled > 2 {
			return -1
		}
		return r
	}, text)
}

// ascii replaces what a screen without Unicode cannot show.
func (s Screen) ascii(text string) string {
	if s.Unicode {
		return text
	}
	text = strings.NewReplacer("·", "-", "…", "...", "—", "-", "–", "-", "×", "x").Replace(text)
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, text)
}

// safe is Safe for this screen.
func (s Screen) safe(text string) string { return s.ascii(Safe(text)) }

// columns is how many columns a terminal takes for text without escape sequences.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut shortens text to at most n columns, with a mark where something is missing.
func (s Screen) cut(text string, n int) string {
	if columns(text) <= n {
		return text
	}
	mark := s.choose("…", "~")
	if n < 1 {
		return ""
	}
	used := 0
	for i, r := range text {
		if used += runeColumns(r); used > n-1 {
			return text[:i] + mark
		}
	}
	return text
}

// cutHead is cut at the beginning instead of the end.
func (s Screen) cutHead(text string, n int) string {
	used := columns(text)
	if used <= n {
		return text
	}
	for i, r := range text {
		if used <= n-1 {
			return s.choose("…", "~") + text[i:]
		}
		used -= runeColumns(r)
	}
	return ""
}

// fit cuts or fills text to exactly n columns.
func (s Screen) fit(text string, n int) string {
	text = s.cut(text, n)
	return text + strings.Repeat(" ", max(n-columns(text), 0))
}

// fitRight is fit with the text at the right.
func (s Screen) fitRight(text string, n int) string {
	text = s.cut(text, n)
	return strings.Repeat(" ", max(n-columns(text), 0)) + text
}

// wrap breaks text between words into lines of at most n columns; a word that
// is longer is broken where it must be.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && columns(line)+1+columns(word) <= n {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for columns(word) > n {
			head := headOf(word, n)
			lines = append(lines, head)
			word = word[len(head):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// headOf is the longest beginning of text that takes at most n columns, and at
// least one rune.
func headOf(text string, n int) string {
	used := 0
	for i, r := range text {
		if used += runeColumns(r); used > n && i > 0 {
			return text[:i]
		}
	}
	return text
}
