package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"berth/dock"
)

// Recording is one line of the list of recordings.
type Recording struct {
	ID        dock.RecordingID
	State     dock.State
	Camera    dock.CameraID
	Name      dock.RawName // empty if it was forgotten
	SizeBytes int64
	Docked    *time.Time // nil if unknown; written in the zone that it carries
	Copies    int        // confirmed in stores
	Held      string     // why a person is needed; empty if none is
}

// Story is everything that is known about one recording.
type Story struct {
	Recording
	Basis        string // what the camera's identity rests on
	Bay          dock.BayName
	Docking      dock.DockingID
	SHA256       string // empty until it is spooled
	SealedSHA256 string
	Key          string         // its name in every store
	Started      *time.Time     // by the camera's clock; nil if unknown
	ClockOffset  *time.Duration // camera minus station; nil if unknown
	Receipts     []Receipt
	Moments      []Moment // in the order in which they became known
}

// Receipt is one store's confirmed copy.
type Receipt struct {
	Store    string
	Grade    dock.Grade
	Verified time.Time // when it was read back last
	Times    int       // how often it was read back
}

// Moment is one thing that became known about a recording.
type Moment struct {
	At     time.Time
	What   string // a word or two: "seen", "second read"
	Detail string // may be empty
}

// Recordings draws the list, the oldest first as it was given.
func Recordings(all []Recording, s Screen) []string {
	if len(all) == 0 {
		return []string{"no recordings"}
	}
	head := []gridColumn{
		{name: "ID"}, {name: "STATE"}, {name: "CAMERA", least: 9}, {name: "NAME", least: 11, end: true},
		{name: "SIZE", right: true}, {name: "COPIES", right: true, spare: 1}, {name: "DOCKED", spare: 2},
	}
	docked := "01-02 15:04"
	if s.width() > 90 {
		docked = "2006-01-02 15:04"
	}
	var rows [][]gridCell
	for _, r := range all {
		how := recordingStyle(r.State)
		rows = append(rows, []gridCell{
			{s.safe(string(r.ID)), plain}, {s.safe(string(r.State)), how}, {s.safe(string(r.Camera)), plain},
			{s.safe(r.Name.Display()), plain}, {Size(r.SizeBytes), plain},
			{strconv.Itoa(r.Copies), plain}, {formatted(r.Docked, docked), dim},
		})
	}
	return grid(head, rows, s)
}

func recordingStyle(state dock.State) style {
	switch state {
	case dock.StateStored, dock.StateErased:
		return green
	case dock.StateSpooled:
		return cyan
	case dock.StateCleared:
		return purple
	case dock.StateHeld, dock.StateVanished:
		return red
	}
	return blue
}

// Describe draws one recording's whole story.
func Describe(story Story, s Screen) []string {
	const label = 10
	var lines []string
	say := func(name, value string, how style) {
		if value == "" {
			return
		}
		for _, line := range wrap(s.safe(value), s.width()-label-1) {
			lines = append(lines, s.paint(dim, s.fit(name, label))+" "+s.paint(how, line))
			name = ""
		}
	}
	say("recording", string(story.ID), bold)
	say("state", string(story.State), recordingStyle(story.State))
	say("held", story.Held, red)
	say("camera", strings.TrimSpace(string(story.Camera)+" "+inBay(story)), plain)
	say("known by", story.Basis, plain)
	say("name", story.Name.Display(), plain)
	say("size", exactSize(story.SizeBytes), plain)
	say("docked", formatted(story.Docked, toTheSecond), plain)
	say("started", startedText(story), plain)
	say("sha256", story.SHA256, plain)
	say("sealed", story.SealedSHA256, plain)
	say("key", story.Key, plain)
	if len(story.Receipts) == 0 {
		say("copies", "none confirmed in a store", yellow)
	}
	for i, r := range story.Receipts {
		name := ""
		if i == 0 {
			name = "copies"
		}
		text := fmt.Sprintf("%s, %s, read back %s", r.Store, r.Grade, r.Verified.Format(time.DateTime))
		if r.Times > 1 {
			text += fmt.Sprintf(" (%d times)", r.Times)
		}
		say(name, text, green)
	}
	return append(lines, moments(story.Moments, s)...)
}

func exactSize(bytes int64) string {
	if bytes < 1000 {
		return Size(bytes)
	}
	return fmt.Sprintf("%s (%d bytes)", Size(bytes), bytes)
}

func inBay(story Story) string {
	if story.Bay == "" {
		return ""
	}
	return fmt.Sprintf("in bay %s, docking %s", story.Bay, story.Docking)
}

func startedText(story Story) string {
	if story.Started == nil {
		return "unknown"
	}
	text := formatted(story.Started, toTheSecond) + " by the camera's clock"
	switch offset := story.ClockOffset; {
	case offset == nil:
		return text + ", whose error is unknown"
	case *offset < 0:
		return text + ", which was " + Duration(-*offset) + " slow"
	default:
		return text + ", which was " + Duration(*offset) + " fast"
	}
}

// moments draws what happened, a line each, days only where they change.
func moments(all []Moment, s Screen) []string {
	if len(all) == 0 {
		return nil
	}
	what := 0
	for _, m := range all {
		what = max(what, columns(s.safe(m.What)))
	}
	what = min(what, 20)
	lines := []string{""}
	day := ""
	for _, m := range all {
		if today := m.At.Format(time.DateOnly); today != day {
			day = today
			lines = append(lines, s.paint(dim, today))
		}
		prefix := s.paint(dim, m.At.Format("15:04:05")) + "  " + s.fit(s.safe(m.What), what)
		details := wrap(s.safe(m.Detail), s.width()-10-what-2)
		if len(details) == 0 {
			details = []string{""}
		}
		for _, detail := range details {
			lines = append(lines, strings.TrimRight(prefix+"  "+detail, " "))
			prefix = strings.Repeat(" ", 10+what)
		}
	}
	return lines
}

const toTheSecond = "2006-01-02 15:04:05 MST"

func formatted(at *time.Time, layout string) string {
	if at == nil {
		return ""
	}
	return at.Format(layout)
}
