package dock

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RawName is a name exactly as a camera gave it: any bytes, slashes between
// folders. It is hostile and personal: it goes into sealed metadata and into
// the journal's encrypted columns, never into a path, a query text or a log.
type RawName string

// Display returns the name for human eyes: printable runes stay, everything
// else (control bytes, invalid UTF-8, direction marks, backslash) is written
// as \xNN or \u{N}, so that a terminal, a page or a CSV cannot be fooled.
func (n RawName) Display() string {
	var b strings.Builder
	for rest := string(n); rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, rest[0])
		case r == '\\':
			b.WriteString(`\\`)
		case r < 0x80 && unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		rest = rest[size:]
	}
	return b.String()
}

// LogValue-like accidents are prevented by type: a RawName prints escaped.
func (n RawName) String() string { return n.Display() }
