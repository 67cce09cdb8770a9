package view

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"berth/dock"
)

func TestTableOfEveryState(t *testing.T) {
	for name, screen := range map[string]Screen{
		"table-80": plainScreen(80), "table-60": plainScreen(60), "table-40": plainScreen(40),
		"table-120": plainScreen(120), "table-80-ascii": asciiScreen(80), "table-80-colour": colourScreen(80),
	} {
		t.Run(name, func(t *testing.T) {
			lines := Table(shiftChange(), screen)
			fits(t, lines, screen.Width)
			golden(t, name, lines)
		})
	}
}

func TestTableSaysTheModeInWords(t *testing.T) {
	var lines []string
	for _, status := range []dock.Status{
		{Station: "hq", Mode: dock.ModeNormal, Healthy: true},
		{Station: "hq", Mode: dock.ModeNormal},
		{Station: "hq", Mode: dock.ModeEraseLocked},
		{Station: "hq", Mode: dock.ModeSafe, Spool: dock.SpoolStatus{FreeBytes: 5e9}},
		{Station: "hq", Mode: "of-the-future\x07"},
	} {
		lines = append(lines, heading(status, plainScreen(80)))
	}
	fits(t, lines, 80)
	golden(t, "modes", lines)
}

// The shape or the word must tell two states apart, since colours may be
// missing or look alike.
func TestNoTwoStatesDifferInColourAlone(t *testing.T) {
	states := []dock.BayState{
		dock.BayEmpty, dock.BayReading, dock.BaySecured, dock.BayStored,
		dock.BayErasing, dock.BayReady, dock.BayAttention, dock.BayNotACamera,
	}
	shapes, letters := map[string]dock.BayState{}, map[string]dock.BayState{}
	for _, state := range states {
		look := lookOf(state)
		if other, taken := shapes[look.shape]; taken {
			t.Errorf("%s and %s share the shape %s", state, other, look.shape)
		}
		if other, taken := letters[look.ascii]; taken {
			t.Errorf("%s and %s share the letter %s", state, other, look.ascii)
		}
		shapes[look.shape], letters[look.ascii] = state, state
		if columns(look.shape) != 1 || columns(look.ascii) != 1 || len(state) > stateWidth {
			t.Errorf("%s does not fit its column", state)
		}
	}
}

func TestAnUnknownStateWantsAttention(t *testing.T) {
	lines := Table(dock.Status{Bays: []dock.BayStatus{{Bay: "A1", State: "levitating"}}}, plainScreen(80))
	if want := "A1  ▲ levitating"; lines[3] != want {
		t.Errorf("got %q, want %q", lines[3], want)
	}
}

// "secured" beside a bar of the next step reads as a share of what is secured,
// unless the step is named.
func TestNoBarWithoutItsStep(t *testing.T) {
	bay := dock.BayStatus{Bay: "A1", State: dock.BaySecured, Camera: "acme-0417-longer", RecordingsTotal: 90000, RecordingsDone: 90000, Stored: 30000, Reread: 40000}
	for width := 40; width <= 120; width++ {
		row := newBayTable([]dock.BayStatus{bay}, plainScreen(width)).rows(bay)[0]
		if strings.Contains(row, "%") && !strings.Contains(row, "30000/90000 stored") {
			t.Errorf("at %d columns: %q", width, row)
		}
	}
}

func TestABarIsFullOnlyAtTheEnd(t *testing.T) {
	for _, screen := range []Screen{plainScreen(80), asciiScreen(80)} {
		for n := 1; n <= 40; n++ {
			almost := screen.Bar(1<<62-1, 1<<62, n, plain)
			full := screen.Bar(1<<62, 1<<62, n, plain)
			if almost == full || columns(almost) != n || columns(full) != n {
				t.Errorf("%d columns: %q and %q", n, almost, full)
			}
		}
	}
	if got := percent(1<<62-1, 1<<62); got != 99 {
		t.Errorf("one byte to go is %d%%", got)
	}
}

// A camera whose bytes are here but which is not settled yet has no full bar.
func TestReadingHasNoFullBar(t *testing.T) {
	bay := dock.BayStatus{Bay: "A1", State: dock.BayReading, RecordingsTotal: 2, RecordingsDone: 2, BytesTotal: 100, BytesDone: 100, Doing: "waiting until the camera's files stop changing"}
	row := newBayTable([]dock.BayStatus{bay}, plainScreen(80)).rows(bay)[0]
	if strings.Contains(row, "%") || !strings.Contains(row, "stop changing") {
		t.Errorf("got %q", row)
	}
}

// Whatever a camera or a store says, and however narrow the window: one line
// is one line, of printable runes, no wider than the screen.
func TestNothingHostileLeavesItsLine(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := func(label string) string {
			return string(rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(r, label)) + rapid.StringN(0, 20, -1).Draw(r, label+" runes")
		}
		number := rapid.Int64()
		bay := dock.BayStatus{
			Bay: dock.BayName(text("bay")), Camera: dock.CameraID(text("camera")), Doing: text("doing"), Attention: text("attention"),
			State:           rapid.SampledFrom([]dock.BayState{dock.BayReading, dock.BaySecured, dock.BayStored, dock.BayErasing, dock.BayAttention, "?"}).Draw(r, "state"),
			RecordingsTotal: int(number.Draw(r, "total")), RecordingsDone: int(number.Draw(r, "done")),
			BytesTotal: number.Draw(r, "bytes"), BytesDone: number.Draw(r, "bytes done"), BytesPerSecond: new(number.Draw(r, "rate")),
			Stored: int(number.Draw(r, "stored")), Reread: int(number.Draw(r, "reread")), Erased: int(number.Draw(r, "erased")),
			ETASeconds: new(number.Draw(r, "eta")),
		}
		status := dock.Status{
			Station: dock.StationID(text("station")), Bays: []dock.BayStatus{bay},
			Stores:   []dock.StoreStatus{{Store: text("store"), WaitingFor: text("waiting"), Queued: number.Draw(r, "queued"), QueuedBytes: number.Draw(r, "queued bytes")}},
			Problems: []dock.Problem{{Text: text("problem"), Do: text("do")}},
		}
		screen := Screen{Width: rapid.IntRange(40, 130).Draw(r, "width"), Unicode: rapid.Bool().Draw(r, "unicode")}
		for _, line := range Table(status, screen) {
			if n := columns(line); n > screen.Width {
				r.Fatalf("%d columns, more than %d: %q", n, screen.Width, line)
			}
			checkPrintable(r, line, screen)
		}
	})
}

type failer interface{ Fatalf(string, ...any) }

func checkPrintable(t failer, line string, s Screen) {
	for _, r := range line {
		if r < ' ' || r == 0x7f || !s.Unicode && r > '~' || r == '\u202e' || r == '\u009b' {
			t.Fatalf("rune %q in %q", r, line)
		}
	}
}

func TestRatioFitsItsColumn(t *testing.T) {
	for _, pair := range [][2]int{{0, 0}, {3, 9}, {123, 456}, {6789, 12345}, {0, 20000}} {
		if got := ratio(pair[0], pair[1]); len(got) > 7 {
			t.Errorf("%v: %q", pair, got)
		}
	}
	if got := ratio(6789, 12345); got != "-5556" {
		t.Errorf("many recordings: %q, want those that are left", got)
	}
}

func ExampleCount() {
	fmt.Println(Count(1, "recording"), Count(9, "recording"))
	// Output: 1 recording 9 recordings
}
