package view

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"berth/dock"
)

// Live shows a changing status. On a terminal it draws the table and then
// draws over it: the cursor is moved, never hidden, there is no other screen
// to come back from, and what scrolled away stays as it is. Elsewhere it
// writes one line, with the time, whenever a bay's state, a store, a problem or
// the mode changes. A Live belongs to one goroutine.
type Live struct {
	out    io.Writer
	screen func() Screen // asked before every drawing: a window may be resized
	now    func() time.Time
	drawn  []int        // columns of each line that stands above the cursor
	before *dock.Status // what was said last, where there is no terminal
}

// NewLive writes to out, which screen describes and now dates.
func NewLive(out io.Writer, screen func() Screen, now func() time.Time) *Live {
	return &Live{out: out, screen: screen, now: now}
}

// Show draws the status, or says what changed since the last one. Its error is
// the writer's.
func (l *Live) Show(status dock.Status) error {
	s := l.screen()
	if s.Terminal {
		return l.redraw(Table(status, s), s)
	}
	lines := changes(l.before, status)
	l.before = &status
	return l.print(lines, s)
}

// Say writes a line that stays, above the table.
func (l *Live) Say(line string) error {
	s := l.screen()
	if !s.Terminal {
		return l.print([]string{line}, s)
	}
	if err := l.redraw([]string{s.safe(line)}, s); err != nil {
		return err
	}
	l.drawn = nil
	return nil
}

// Close leaves the last table standing, with the cursor on a fresh line and
// no colour set. Live may not be used after it.
func (l *Live) Close() error {
	if s := l.screen(); !s.Terminal || !s.Colour {
		return nil
	}
	return l.write("\x1b[0m")
}

// print writes lines for a pipe or a log.
func (l *Live) print(lines []string, s Screen) error {
	at := l.now().UTC().Format(time.RFC3339)
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%s %s\n", at, s.safe(line))
	}
	return l.write(b.String())
}

// redraw replaces what was drawn, in one write so that nothing flickers.
func (l *Live) redraw(lines []string, s Screen) error {
	// A table that is taller than the window could not be drawn over: its top
	// would have scrolled away.
	if room := s.Height - 1; s.Height > 1 && len(lines) > room {
		more := fmt.Sprintf("%d more lines: make the window higher", len(lines)-room+1)
		lines = append(lines[:room-1:room-1], s.paint(dim, s.cut(more, s.width())))
	}
	var b bytes.Buffer
	if up := rowsOf(l.drawn, s.Width); up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	l.drawn = l.drawn[:0]
	for _, line := range lines {
		// Cleared before it is written, since a line may fill the last column.
		fmt.Fprintf(&b, "\r\x1b[2K%s\n", line)
		l.drawn = append(l.drawn, columns(bare(line)))
	}
	b.WriteString("\x1b[J")
	return l.write(b.String())
}

// rowsOf is how many rows lines take in a window of this width: they wrap when
// it has become narrower since.
func rowsOf(lines []int, width int) int {
	rows := 0
	for _, n := range lines {
		rows += max((n+width-1)/max(width, 1), 1)
	}
	return rows
}

// bare is a line without its colours.
func bare(line string) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(line, "\x1b[")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		_, line, _ = strings.Cut(rest, "m")
	}
}

func (l *Live) write(text string) error {
	if text == "" {
		return nil
	}
	_, err := io.WriteString(l.out, text)
	return err
}
