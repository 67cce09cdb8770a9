package view

import (
	"fmt"
	"slices"
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
	rank  int // the highest is given up first where there is no room
	text  func(dock.BayStatus) string
}

const (
	stateWidth   = 12 // "not-a-camera"
	percentWidth = 4
	leastBar     = 8
	goodBar      = 14 // what a bar keeps before rates and bytes get any room
	needed       = 2  // cells up to this rank are worth a short bar
)

func cells() []cell {
	return []cell{
		{"DONE", 7, 2, func(b dock.BayStatus) string { return ratio(b.RecordingsDone, b.RecordingsTotal) }},
		{"BYTES", 11, 4, func(b dock.BayStatus) string { return SizeOf(b.BytesDone, b.BytesTotal) }},
		{"RATE", 8, 3, rate},
		{"ETA", 6, 1, eta},
	}
}

func newBayTable(bays []dock.BayStatus, s Screen) bayTable {
	t := bayTable{s: s, bay: 3, camera: 6, cells: cells()}
	for _, bay := range bays {
		t.bay = max(t.bay, columns(s.safe(string(bay.Bay))))
		t.camera = max(t.camera, columns(s.safe(string(bay.Camera))))
	}
	t.bay = min(t.bay, 8)
	t.camera = min(t.camera, s.width()/5)
	for rank := len(t.cells); rank > 0; rank-- {
		if room := t.room(); room < leastBar || rank > needed && room < goodBar {
			t.cells = slices.DeleteFunc(t.cells, func(c cell) bool { return c.rank == rank })
		}
	}
	t.bar = min(max(t.room(), 1), 40)
	return t
}

// room is how many columns the bar may take.
func (t bayTable) room() int {
	room := t.rest() - 1 - percentWidth
	for _, c := range t.cells {
		room -= 1 + c.width
	}
	return room
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
		text := t.s.safe(sentence(b))
		if b.Doing != "" && columns(text) > t.rest() {
			text = t.s.safe(b.Doing)
		}
		rest = append(rest, t.s.cut(text, t.rest()))
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
// what else is counted. A bar whose step cannot be named beside it is left out:
// a third of the way to the stores must not read as a third secured.
func (t bayTable) progress(b dock.BayStatus, p progress, how style) string {
	share := fmt.Sprintf("%d%%", percent(p.part, p.whole))
	line := t.s.Bar(p.part, p.whole, t.bar, how) + " " + t.s.fitRight(share, percentWidth)
	if len(p.notes) == 0 {
		for _, c := range t.cells {
			line += " " + t.s.fitRight(c.text(b), c.width)
		}
		return strings.TrimRight(line, " ")
	}
	room := t.rest() - t.bar - 1 - percentWidth - 2
	if all := strings.Join(p.notes, ", "); columns(all) <= room {
		return line + "  " + all
	}
	if columns(p.notes[0]) <= room {
		return line + "  " + p.notes[0]
	}
	return t.s.cut(p.notes[0], t.rest())
}

// ratio says how many are left where done and total would not fit into seven columns.
func ratio(done, total int) string {
	if text := fmt.Sprintf("%d/%d", done, total); len(text) <= 7 {
		return text
	}
	return fmt.Sprintf("-%d", max(total-done, 0))
}

func rate(b dock.BayStatus) string {
	if b.BytesPerSecond == nil || *b.BytesPerSecond <= 0 {
		return ""
	}
	return Rate(*b.BytesPerSecond)
}

func eta(b dock.BayStatus) string {
	const longest = 99 * 24 * 3600 // what is beyond is no estimate
	if b.ETASeconds == nil || *b.ETASeconds > longest {
		return ""
	}
	return Duration(time.Duration(*b.ETASeconds) * time.Second)
}
