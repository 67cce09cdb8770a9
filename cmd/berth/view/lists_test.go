package view

import (
	"testing"
	"time"

	"berth/dock"
)

func sampleRecordings() []Recording {
	at := time.Date(2026, 3, 1, 23, 10, 4, 0, time.UTC)
	return []Recording{
		{ID: "r4w0c5t1k8m2n6p9x", State: dock.StateErased, Camera: "acme-0417", Name: "DCIM/100ACME/CLIP0001.MP4", SizeBytes: 233_000_000, Docked: &at, Copies: 2},
		{ID: "r4w0c5t1k8m2n6p9y", State: dock.StateHeld, Camera: "acme-0417", Name: "DCIM/100ACME/\x1b[31mevil\n\xff.MP4", SizeBytes: 1, Docked: &at, Copies: 1, Held: "second read differs"},
		{ID: "r4w0c5t1k8m2n6p9z", State: dock.StateSpooled, Camera: "a-very-long-camera-identifier-indeed", SizeBytes: 4_000_000_000},
	}
}

func sampleStory() Story {
	recording := sampleRecordings()[1]
	at := *recording.Docked
	return Story{
		Recording: recording, Bay: "A1", Docking: "d7v3k0000000000aa",
		SHA256:       "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		SealedSHA256: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
		Key:          "hq-dock-1/2026/03/01/60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752.sealed",
		Started:      new(at.Add(-4 * time.Hour)), ClockOffset: new(-74 * time.Second),
		Receipts: []Receipt{{"nas", dock.GradeRehashed, at, 2}, {"cloud", dock.GradeAttested, at, 1}},
		Moments: []Moment{
			{at, "seen", "233 MB"},
			{at.Add(time.Second), "sealed", "read back from the disk past the page cache, with the digest that the camera gave"},
			{at.Add(2 * time.Second), "receipt", "store nas, rehashed"},
			{at.Add(27 * time.Hour), "hold", ""},
		},
	}
}

func TestRecordingsFitTheScreen(t *testing.T) {
	for name, screen := range map[string]Screen{
		"recordings-80": plainScreen(80), "recordings-60": plainScreen(60), "recordings-120": colourScreen(120),
	} {
		lines := Recordings(sampleRecordings(), screen)
		fits(t, lines, screen.Width)
		golden(t, name, lines)
	}
	if got := Recordings(nil, plainScreen(80)); len(got) != 1 || got[0] != "no recordings" {
		t.Errorf("an empty list says %q", got)
	}
}

func TestStoryOfARecording(t *testing.T) {
	for name, screen := range map[string]Screen{"story-80": plainScreen(80), "story-60": asciiScreen(60)} {
		lines := Describe(sampleStory(), screen)
		fits(t, lines, screen.Width)
		golden(t, name, lines)
	}
}

func TestStorySaysWhatIsUnknown(t *testing.T) {
	lines := Describe(Story{Recording: Recording{ID: "r1", State: dock.StateSeen}}, plainScreen(80))
	golden(t, "story-unknown", lines)
}

func TestSummaryOfATryOut(t *testing.T) {
	sum := Summary{
		Cameras: []CameraSummary{
			{"A1", "acme-0417", 4, 812_000_000, 4, 4, 4, 4},
			{"A2", "acme-0122", 3, 405_000_000, 3, 3, 3, 3},
			{"A3", "acme\x1b[0519", 2, 99_000, 2, 2, 2, 1},
		},
		Took: 11 * time.Second, Bytes: 1_217_099_000,
		Notes: []string{"Both stores lie on this disk, which is fine for trying out."},
		Next: []Hint{
			{"bin/berth status --config demo/berth.yaml", "what every bay does"},
			{"bin/berth open --identity demo/keys/agency.key.pem demo/stores/*/*.sealed", "unseal a recording as the agency does"},
		},
	}
	for name, screen := range map[string]Screen{"summary-80": plainScreen(80), "summary-60": asciiScreen(60)} {
		lines := sum.Draw(screen)
		golden(t, name, lines)
	}
}
