package view

import (
	"cmp"
	"os"
	"strings"

	"golang.org/x/term"
)

// What is assumed of an output that is no terminal, in columns.
const plainWidth = 80

// Screen is what is known of an output.
type Screen struct {
	Width    int  // columns; at least 40 are used
	Height   int  // lines; 0 if unbounded
	Terminal bool // the cursor can be moved
	Colour   bool
	Unicode  bool
}

// Detect looks at an output and at the environment: NO_COLOR (any value) and
// TERM=dumb are respected, and the locale says whether the terminal shows more
// than ASCII.
func Detect(out *os.File, getenv func(string) string) Screen {
	locale := strings.ToUpper(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	s := Screen{Width: plainWidth, Unicode: strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8")}
	if !term.IsTerminal(int(out.Fd())) || getenv("TERM") == "dumb" {
		return s
	}
	s.Terminal = true
	s.Colour = getenv("NO_COLOR") == ""
	if width, height, err := term.GetSize(int(out.Fd())); err == nil && width > 0 {
		s.Width, s.Height = width, height
	}
	return s
}

// width is the number of columns that are used: what is narrower than a table
// can be is left to the terminal to wrap.
func (s Screen) width() int { return max(s.Width, 40) }

// style is a colour of the terminal's own sixteen, so that it fits its theme.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "32"
	bright style = "1;32"
	yellow style = "33"
	blue   style = "34"
	purple style = "35"
	cyan   style = "36"
)

// paint colours text where the screen has colour.
func (s Screen) paint(how style, text string) string {
	if !s.Colour || how == plain || text == "" {
		return text
	}
	return "\x1b[" + string(how) + "m" + text + "\x1b[0m"
}

// choose returns the first text on a screen that shows Unicode.
func (s Screen) choose(unicode, ascii string) string {
	if s.Unicode {
		return unicode
	}
	return ascii
}
