package view

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"berth/dock"
)

func fixed() time.Time { return time.Date(2026, 3, 1, 23, 10, 4, 0, time.UTC) }

func liveOn(out *bytes.Buffer, screen *Screen) *Live {
	return NewLive(out, func() Screen { return *screen }, fixed)
}

// window is a terminal small enough to read: it knows what Live may use.
type window struct {
	width int
	lines [][]rune
	row   int
	col   int
}

func (w *window) put(r rune) {
	if w.col == w.width {
		w.row, w.col = w.row+1, 0
	}
	for len(w.lines) <= w.row {
		w.lines = append(w.lines, nil)
	}
	line := w.lines[w.row]
	for len(line) <= w.col {
		line = append(line, ' ')
	}
	line[w.col] = r
	w.lines[w.row] = line
	w.col++
}

// write interprets what Live sends and fails on anything else.
func (w *window) write(t *testing.T, text string) {
	t.Helper()
	for text != "" {
		switch {
		case strings.HasPrefix(text, "\x1b[2K"):
			if w.row < len(w.lines) {
				w.lines[w.row] = nil
			}
			text = text[4:]
		case strings.HasPrefix(text, "\x1b[J"):
			w.lines = w.lines[:min(w.row, len(w.lines))]
			text = text[3:]
		case strings.HasPrefix(text, "\x1b["):
			end := strings.IndexAny(text, "Am")
			if text[end] == 'A' {
				up := 0
				for _, digit := range text[2:end] {
					up = 10*up + int(digit-'0')
				}
				if w.row -= up; w.row < 0 {
					t.Fatalf("the cursor leaves the window at its top")
				}
			}
			text = text[end+1:]
		case text[0] == '\r':
			w.col, text = 0, text[1:]
		case text[0] == '\n':
			w.row, w.col, text = w.row+1, 0, text[1:]
		default:
			r := []rune(text)[0]
			if r < ' ' {
				t.Fatalf("unexpected control byte in %q", text[:min(len(text), 20)])
			}
			w.put(r)
			text = text[len(string(r)):]
		}
	}
}

func (w *window) shown() []string {
	var lines []string
	for _, line := range w.lines {
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	return lines
}

func TestLiveDrawsOverItself(t *testing.T) {
	var out bytes.Buffer
	screen := colourScreen(80)
	live := liveOn(&out, &screen)
	busy, calm := shiftChange(), shiftChange()
	busy.Bays = busy.Bays[:4] // of narrow runes: the window above knows no others
	calm.Problems, calm.Bays = nil, calm.Bays[:2]
	w := &window{width: 80}
	for _, status := range []dock.Status{busy, calm, busy, calm} {
		out.Reset()
		if err := live.Show(status); err != nil {
			t.Fatal(err)
		}
		w.write(t, out.String())
		if got, want := w.shown(), Table(status, plainScreen(80)); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("the window shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestLiveHidesNothing(t *testing.T) {
	var out bytes.Buffer
	screen := colourScreen(80)
	live := liveOn(&out, &screen)
	live.Show(shiftChange())
	live.Say("camera acme-0417 \x1b[?25l docked")
	live.Show(shiftChange())
	live.Close()
	for _, sequence := range []string{"\x1b[?", "\x1b[H", "\x1bc", "\x1b7", "\x1b[s"} {
		if strings.Contains(out.String(), sequence) {
			t.Errorf("sends %q", sequence)
		}
	}
	if !strings.HasSuffix(out.String(), "\x1b[0m") {
		t.Error("does not end with colours reset")
	}
}

func TestLiveKeepsWhatItSays(t *testing.T) {
	var out bytes.Buffer
	screen := Screen{Width: 80, Terminal: true, Unicode: true}
	live := liveOn(&out, &screen)
	status := dock.Status{Station: "hq", Healthy: true, Mode: dock.ModeNormal, Bays: []dock.BayStatus{{Bay: "A1", State: dock.BayEmpty}}}
	live.Show(status)
	live.Say("a camera was docked")
	live.Show(status)
	live.Show(status)
	w := &window{width: 80}
	w.write(t, out.String())
	want := append([]string{"a camera was docked"}, Table(status, screen)...)
	if got := w.shown(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestLiveStaysWithinALowWindow(t *testing.T) {
	var out bytes.Buffer
	screen := Screen{Width: 80, Height: 8, Terminal: true, Unicode: true}
	live := liveOn(&out, &screen)
	for range 3 {
		out.Reset()
		live.Show(shiftChange())
	}
	if n := strings.Count(out.String(), "\n"); n != 7 {
		t.Errorf("draws %d lines into a window of 8", n)
	}
	if !strings.Contains(out.String(), "more lines") {
		t.Error("does not say that something is missing")
	}
}

func TestLiveCountsRowsAfterTheWindowBecameNarrow(t *testing.T) {
	var out bytes.Buffer
	screen := Screen{Width: 80, Terminal: true, Unicode: true}
	live := liveOn(&out, &screen)
	status := dock.Status{Station: "hq", Healthy: true, Mode: dock.ModeNormal, Bays: []dock.BayStatus{
		{Bay: "A1", State: dock.BayReady, Camera: "acme", RecordingsTotal: 2, BytesTotal: 1, Doing: strings.Repeat("x", 60)},
	}}
	live.Show(status)
	screen.Width = 40
	out.Reset()
	live.Show(status)
	// The header and the bay took 80 columns, so two rows of 40 each.
	if !strings.HasPrefix(out.String(), "\x1b[6A") {
		t.Errorf("moves up by %q, want 6 rows", out.String()[:6])
	}
}

func TestAPipeGetsOneLineForEachChange(t *testing.T) {
	var out bytes.Buffer
	screen := plainScreen(80)
	live := liveOn(&out, &screen)
	first := shiftChange()
	live.Show(first)
	later := shiftChange()
	later.Bays[0].BytesDone += 5e8 // figures are no news
	later.Bays[0].RecordingsDone++
	later.Bays[2].State = dock.BayStored
	later.Stores[1].Reachable, later.Stores[1].WaitingFor = true, ""
	later.Problems = later.Problems[1:]
	later.Mode = dock.ModeEraseLocked
	live.Show(later)
	live.Show(later)
	live.Say("done\x07")
	if strings.Contains(out.String(), "\x1b") {
		t.Error("a pipe gets escape sequences")
	}
	golden(t, "pipe", strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"))
}

// A station that has just started has asked no store yet: that is no failure.
func TestAStoreThatWasNotAskedIsNotUnreachable(t *testing.T) {
	var out bytes.Buffer
	screen := plainScreen(80)
	live := liveOn(&out, &screen)
	live.Show(dock.Status{Mode: dock.ModeNormal, Stores: []dock.StoreStatus{{Store: "nas"}}})
	if out.Len() > 0 {
		t.Errorf("says %q", out.String())
	}
	live.Show(dock.Status{Mode: dock.ModeNormal, Stores: []dock.StoreStatus{{Store: "nas", ID: "5f0c", Reachable: true}}})
	if got := out.String(); got != "2026-03-01T23:10:04Z store nas: up to date\n" {
		t.Errorf("says %q", got)
	}
	if lines := stores([]dock.StoreStatus{{Store: "nas"}}, screen); !strings.HasSuffix(lines[0], "not asked yet") {
		t.Errorf("says %q", lines[0])
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestLiveReportsAWriterThatFails(t *testing.T) {
	for _, screen := range []Screen{plainScreen(80), colourScreen(80)} {
		live := NewLive(broken{}, func() Screen { return screen }, fixed)
		if live.Show(shiftChange()) == nil || live.Say("x") == nil {
			t.Errorf("no error on %+v", screen)
		}
	}
}

func TestDetectOfAFile(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for env, want := range map[string]Screen{
		"LANG=C":                          {Width: 80},
		"LANG=de_DE.UTF-8":                {Width: 80, Unicode: true},
		"LANG=de_DE.UTF-8 LC_ALL=C":       {Width: 80},
		"LC_CTYPE=C.utf8":                 {Width: 80, Unicode: true},
		"LANG=C LC_CTYPE=en_US.UTF-8":     {Width: 80, Unicode: true},
		"TERM=xterm-256color LANG=C.UTF8": {Width: 80, Unicode: true},
	} {
		vars := map[string]string{}
		for _, pair := range strings.Fields(env) {
			name, value, _ := strings.Cut(pair, "=")
			vars[name] = value
		}
		if got := Detect(file, func(name string) string { return vars[name] }); got != want {
			t.Errorf("%s: got %+v, want %+v", env, got, want)
		}
	}
}
