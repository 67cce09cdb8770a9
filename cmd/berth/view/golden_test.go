package view

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/dock"
)

// golden compares lines with a file of testdata, byte for byte. UPDATE=1 in
// the environment writes the file anew: look at it before you commit it.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	got := strings.Join(lines, "\n") + "\n"
	path := filepath.Join("testdata", name+".txt")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}

// fits fails if a line is wider than the screen.
func fits(t *testing.T, lines []string, width int) {
	t.Helper()
	for _, line := range lines {
		if n := columns(bare(line)); n > width {
			t.Errorf("%d columns, more than %d: %q", n, width, line)
		}
		if strings.ContainsAny(line, "\n\r\t") {
			t.Errorf("more than one line: %q", line)
		}
	}
}

func plainScreen(width int) Screen { return Screen{Width: width, Unicode: true} }

func asciiScreen(width int) Screen { return Screen{Width: width} }

func colourScreen(width int) Screen {
	return Screen{Width: width, Unicode: true, Colour: true, Terminal: true}
}

// shiftChange is a busy station: every state of a bay, and what a camera with
// a grudge says about itself.
func shiftChange() dock.Status {
	at := time.Date(2026, 3, 1, 23, 10, 0, 0, time.UTC)
	return dock.Status{
		Station: "hq-dock-1", Version: "v0.1.0", Mode: dock.ModeNormal,
		Problems: []dock.Problem{
			{Code: "store", Text: "Store cloud does not answer: connection refused by 10.0.0.9:443.", Do: "Recordings wait on the station and go on by themselves; see to the store."},
			{Code: "shared-device", Text: "Store nas lies on the spool's own disk.", Do: "Fine for trying out. For evidence, point it at another disk or server and take `shares-device` out of the config.", Advice: true},
		},
		Bays: []dock.BayStatus{
			{Bay: "A1", State: dock.BayReading, Camera: "acme-0417", Docking: "d1", Since: &at, RecordingsTotal: 41, RecordingsDone: 12, BytesTotal: 9_500_000_000, BytesDone: 4_560_000_000, BytesPerSecond: new(int64(38_200_000)), ETASeconds: new(int64(129)), Doing: "securing recordings"},
			{Bay: "A2", State: dock.BayReading, Camera: "acme-0122", Docking: "d2", Since: &at, Doing: "listing"},
			{Bay: "A3", State: dock.BaySecured, Camera: "acme-0519", Docking: "d3", Since: &at, RecordingsTotal: 9, RecordingsDone: 9, BytesTotal: 2_210_000_000, BytesDone: 2_210_000_000, Stored: 3, Reread: 4, Doing: "waiting for the stores: 3 of 9"},
			{Bay: "A4", State: dock.BayStored, Camera: "acme-0833", Docking: "d4", Since: &at, RecordingsTotal: 6, RecordingsDone: 6, BytesTotal: 1_400_000_000, BytesDone: 1_400_000_000, Stored: 6, Reread: 2, Doing: "reading the camera a second time"},
			{Bay: "B1", State: dock.BayErasing, Camera: "acme-0290", Docking: "d5", Since: &at, RecordingsTotal: 14, RecordingsDone: 14, BytesTotal: 3_300_000_000, BytesDone: 3_300_000_000, Stored: 14, Reread: 14, Erased: 9, Doing: "emptying the camera"},
			{Bay: "B2", State: dock.BayReady, Camera: "acme-0071", Docking: "d6", Since: &at, RecordingsTotal: 22, RecordingsDone: 22, BytesTotal: 5_150_000_000, BytesDone: 5_150_000_000, Stored: 22, Reread: 22, Erased: 22, Doing: "done"},
			{Bay: "B3", State: dock.BayAttention, Camera: "acme-0666", Docking: "d7", Since: &at, RecordingsTotal: 3, RecordingsDone: 2, BytesTotal: 700_000_000, BytesDone: 500_000_000, Attention: "1 of 3 recordings: the object changed on the camera while it was read; leave the camera docked and see `berth recordings`"},
			{Bay: "B4", State: dock.BayNotACamera},
			{Bay: "T1", State: dock.BayReading, Camera: "x\x1b[2J\u202eевил\n名前の長いカメラ識別子", Docking: "d8", Since: &at, RecordingsTotal: 12345, RecordingsDone: 6789, BytesTotal: 999_950_000_000, BytesDone: 999_949_999_999, BytesPerSecond: new(int64(123_456_789)), ETASeconds: new(int64(1) << 62), Doing: "securing recordings"},
			{Bay: "T2", State: dock.BayEmpty},
		},
		Stores: []dock.StoreStatus{
			{Store: "nas", ID: "5f0c", Reachable: true},
			{Store: "cloud", Reachable: false, Queued: 12, QueuedBytes: 3_400_000_000, WaitingFor: "connection refused by 10.0.0.9:443; next attempt in 48 s"},
		},
		Spool: dock.SpoolStatus{FreeBytes: 412_000_000_000, UsedBytes: 1_230_000_000},
	}
}
