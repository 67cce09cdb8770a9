package view

import (
	"fmt"
	"strings"
	"time"

	"berth/dock"
)

// Table draws a station's status: a line a bay with a live bar where something
// goes on, the stores, and what a person should see to. No line is wider than
// the screen.
func Table(status dock.Status, s Screen) []string {
	lines := []string{heading(status, s), ""}
	t := newBayTable(status.Bays, s)
	lines = append(lines, t.header())
	for _, bay := range status.Bays {
		lines = append(lines, t.rows(bay)...)
	}
	if len(status.Stores) > 0 {
		lines = append(append(lines, ""), stores(status.Stores, s)...)
	}
	for i, problem := range status.Problems {
		if i == 0 {
			lines = append(lines, "")
		}
		lines = append(lines, describe(problem, s)...)
	}
	return lines
}

// bayTable knows the widths of its columns.
type bayTable struct {
	s                Screen
	bay, camera, bar int
	cells            []cell // after the bar, as many as fit
}

// cell is one column after the bar.
type cell struct {
	name  string
	width int
	text  func(dock.BayStatus) string
}

const (
	stateWidth   = 12 // "not-a-camera"
	percentWidth = 4
	leastBar     = 12
)

// cells are given up from the end where there is no room.
func cells() []cell {
	return []cell{
		{"ETA", 6, eta},
		{"DONE", 7, func(b dock.BayStatus) string { return ratio(b.RecordingsDone, b.RecordingsTotal) }},
		{"RATE", 8, rate},
		{"BYTES", 11, func(b dock.BayStatus) string { return SizeOf(b.BytesDone, b.BytesTotal) }},
	}
}

func newBayTable(bays []dock.BayStatus, s Screen) bayTable {
	t := bayTable{s: s, bay: 3, camera: 6}
	for _, bay := range bays {
		t.bay = max(t.bay, columns(s.safe(string(bay.Bay))))
		t.camera = max(t.camera, columns(s.safe(string(bay.Camera))))
	}
	t.bay = min(t.bay, 8)
	t.camera = min(t.camera, s.width()/5)
	left := t.rest() - leastBar - 1 - percentWidth
	for _, c := range cells() {
		if left < c.width+1 {
			break
		}
		left -= c.width + 1
		t.cells = append(t.cells, c)
	}
	t.bar = min(leastBar+left, 40)
	return t
}

// indent is where the rest of a line begins, after bay, shape, state and camera.
func (t bayTable) indent() int { return t.bay + 1 + 2 + stateWidth + 1 + t.camera + 1 }

// rest is how many columns remain there.
func (t bayTable) rest() int { return t.s.width() - t.indent() }

func (t bayTable) header() string {
	line := t.s.fit("BAY", t.bay) + " " + t.s.fit("  STATE", stateWidth+2) + " " + t.s.fit("CAMERA", t.camera) +
		strings.Repeat(" ", 1+t.bar+1+percentWidth)
	for _, c := range t.cells {
		line += " " + t.s.fitRight(c.name, c.width)
	}
	return t.s.paint(dim, strings.TrimRight(line, " "))
}

// rows are one line, and more where a person is needed and the reason is long.
func (t bayTable) rows(b dock.BayStatus) []string {
	look, how := lookOf(b.State), bold
	if b.State == dock.BayEmpty {
		how = dim
	}
	first := t.s.paint(how, t.s.fit(t.s.safe(string(b.Bay)), t.bay)) + " " +
		t.s.paint(look.style, t.s.choose(look.shape, look.ascii)+" "+t.s.fit(t.s.safe(string(b.State)), stateWidth)) + " " +
		t.s.fit(t.s.safe(string(b.Camera)), t.camera) + " "
	var rest []string
	if p, busy := progressOf(b); busy {
		rest = append(rest, t.progress(b, p, look.style))
	} else if b.Attention == "" {
		rest = append(rest, t.s.cut(t.s.safe(sentence(b)), t.rest()))
	}
	for _, line := range wrap(t.s.safe(b.Attention), t.rest()) {
		rest = append(rest, t.s.paint(red, line))
	}
	if len(rest) == 0 {
		return []string{strings.TrimRight(first, " ")}
	}
	lines := []string{strings.TrimRight(first+rest[0], " ")}
	for _, line := range rest[1:] {
		lines = append(lines, strings.Repeat(" ", t.indent())+line)
	}
	return lines
}

// progress is the bar, its share, and the figures of a camera that is read or
// what else is counted.
func (t bayTable) progress(b dock.BayStatus, p progress, how style) string {
	line := t.s.Bar(p.part, p.whole, t.bar, how) + " " +
		t.s.fitRight(fmt.Sprintf("%d%%", percent(p.part, p.whole)), percentWidth)
	if p.note != "" {
		return line + "  " + t.s.cut(p.note, t.rest()-t.bar-percentWidth-3)
	}
	for _, c := range t.cells {
		line += " " + t.s.fitRight(c.text(b), c.width)
	}
	return strings.TrimRight(line, " ")
}

// ratio says how many are left where done and total would not fit into seven columns.
func ratio(done, total int) string {
	if text := fmt.Sprintf("%d/%d", done, total); len(text) <= 7 {
		return text
	}
	return fmt.Sprintf("-%d", max(total-done, 0))
}

func rate(b dock.BayStatus) string {
	if b.BytesPerSecond <= 0 {
		return ""
	}
	return Rate(b.BytesPerSecond)
}

func eta(b dock.BayStatus) string {
	if b.ETASeconds == nil {
		return ""
	}
	// What is beyond a year is no estimate, and must not overflow.
	const year = 365 * 24 * 3600
	return Duration(time.Duration(min(max(*b.ETASeconds, 0), year)) * time.Second)
}
