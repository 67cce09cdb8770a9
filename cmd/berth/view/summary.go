package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"berth/dock"
)

// Summary is what a try-out ends with: what happened to each camera, and what
// can be done next.
type Summary struct {
	Cameras []CameraSummary
	Took    time.Duration
	Bytes   int64 // read from cameras, once
	Notes   []string
	Next    []Hint
}

// CameraSummary is what happened to one camera.
type CameraSummary struct {
	Bay     dock.BayName
	Camera  dock.CameraID
	Listed  int // recordings found
	Bytes   int64
	Secured int // sealed and verified at the station
	Stored  int // confirmed in as many stores as asked for
	Reread  int // read a second time with the same digest
	Erased  int // gone from the camera, confirmed
}

// Done reports whether every recording went the whole way.
func (c CameraSummary) Done() bool {
	return c.Secured == c.Listed && c.Stored == c.Listed && c.Reread == c.Listed && c.Erased == c.Listed
}

// Hint is a command that works now, and what it shows.
type Hint struct {
	Command string
	Why     string
}

// Draw draws the summary.
func (sum Summary) Draw(s Screen) []string {
	head := []gridColumn{
		{name: "BAY", least: 3}, {name: "CAMERA", least: 9}, {name: "FOUND", right: true}, {name: "SIZE", right: true, spare: 1},
		{name: "SECURED", right: true}, {name: "STORED", right: true}, {name: "RE-READ", right: true},
		{name: "ERASED", right: true}, {name: ""},
	}
	var rows [][]gridCell
	found, done := 0, 0
	for _, c := range sum.Cameras {
		found += c.Listed
		verdict := gridCell{s.choose("✓", "ok"), bright}
		if c.Done() {
			done++
		} else {
			verdict = gridCell{s.choose("✗", "NO"), red}
		}
		row := []gridCell{
			{s.safe(string(c.Bay)), bold}, {s.safe(string(c.Camera)), plain},
			{strconv.Itoa(c.Listed), plain}, {Size(c.Bytes), plain},
		}
		for _, n := range []int{c.Secured, c.Stored, c.Reread, c.Erased} {
			how := plain
			if n != c.Listed {
				how = red
			}
			row = append(row, gridCell{strconv.Itoa(n), how})
		}
		rows = append(rows, append(row, verdict))
	}
	lines := grid(head, rows, s)
	total := fmt.Sprintf("%s, %s from %s in %s%s", Count(found, "recording"), Size(sum.Bytes),
		Count(len(sum.Cameras), "camera"), Duration(sum.Took), sum.pace())
	lines = append(lines, "")
	for _, line := range wrap(s.ascii(total), s.width()) {
		lines = append(lines, s.paint(bold, line))
	}
	if left := len(sum.Cameras) - done; left > 0 {
		lines = append(lines, s.paint(red, Count(left, "camera")+" not emptied"))
	}
	for _, note := range sum.Notes {
		lines = append(lines, wrap(s.safe(note), s.width())...)
	}
	return append(lines, sum.next(s)...)
}

// pace is left out where there is nothing to divide by.
func (sum Summary) pace() string {
	if sum.Took < time.Millisecond || sum.Bytes == 0 {
		return ""
	}
	return " (" + Rate(int64(float64(sum.Bytes)/sum.Took.Seconds())) + ")"
}

// next lists the hints, each command whole on its line so that it can be copied.
func (sum Summary) next(s Screen) []string {
	if len(sum.Next) == 0 {
		return nil
	}
	lines := []string{"", s.paint(dim, "What to try next:")}
	longest := 0
	for _, hint := range sum.Next {
		longest = max(longest, columns(s.safe(hint.Command)))
	}
	for _, hint := range sum.Next {
		command, why := s.safe(hint.Command), s.safe(hint.Why)
		if 2+longest+2+columns(why) <= s.width() {
			lines = append(lines, "  "+s.paint(cyan, command)+strings.Repeat(" ", longest-columns(command)+2)+why)
			continue
		}
		lines = append(lines, "  "+s.paint(cyan, command))
		for _, line := range wrap(why, s.width()-6) {
			lines = append(lines, "      "+s.paint(dim, line))
		}
	}
	return lines
}
