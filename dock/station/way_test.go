package station

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/usb/filetree"
)

func TestEveryRecordingGoesTheWholeWayAndTheCameraIsEmptied(t *testing.T) {
	h := newHouse(t, "A1", "A2")
	files := map[string][]byte{"DCIM/1.mp4": random(3 << 20), "DCIM/2.mp4": random(1), "empty.mp4": {}}
	other := map[string][]byte{"x\nhostile\x1b[2J.mp4": random(100), "\xff\xfe.mp4": random(2_000_000), "-rf": random(7)}
	h.camera("cam-a", files)
	h.camera("cam-b", other)
	h.dock("cam-a", "A1")
	h.start()
	h.dock("cam-b", "A2")
	a, b := h.waitState("A1", dock.BayReady), h.waitState("A2", dock.BayReady)
	if a.Erased != 3 || b.Erased != 3 || a.BytesDone != a.BytesTotal {
		t.Errorf("status says %+v and %+v", a, b)
	}
	h.checkStored(h.rows(journal.Filter{Docking: a.Docking}), files)
	h.checkStored(h.rows(journal.Filter{Docking: b.Docking}), other)
	if left := append(h.onCamera("cam-a", "A1"), h.onCamera("cam-b", "A2")...); len(left) > 0 {
		t.Errorf("left on the cameras: %q", left)
	}
	if _, err := h.journal.VerifyChain(t.Context()); err != nil {
		t.Error(err)
	}
	statement, err := h.journal.Statement(t.Context(), a.Docking)
	h.must(err)
	if !statement.Complete() || statement.Listed != 3 {
		t.Errorf("statement = %+v", statement)
	}
}

func TestNothingIsErasedBeforeEveryStoreAskedForHasProvenIt(t *testing.T) {
	h := newHouse(t, "A1")
	h.must(os.Rename(h.path("stores", "two"), h.path("away")))
	h.camera("cam", map[string][]byte{"1.mp4": random(1000), "2.mp4": random(1000)})
	h.dock("cam", "A1")
	h.start()
	h.wait("A1", "secured and read again", func(b dock.BayStatus) bool { return b.State == dock.BaySecured && b.Reread == 2 })
	if left := h.onCamera("cam", "A1"); len(left) != 2 {
		t.Fatalf("left on the camera: %q, want both", left)
	}
	h.must(os.Rename(h.path("away"), h.path("stores", "two")))
	h.waitState("A1", dock.BayReady)
}

func TestACameraTakenMidwayGoesOnInAnotherBay(t *testing.T) {
	h := newHouse(t, "A1", "A2")
	files := map[string][]byte{"1.mp4": random(200 << 20), "2.mp4": random(10)}
	h.camera("cam", files)
	h.dock("cam", "A1")
	h.start()
	h.wait("A1", "busy", func(b dock.BayStatus) bool { return b.BytesDone > 4<<20 })
	h.undock("cam", "A1")
	h.waitState("A1", dock.BayEmpty)
	h.dock("cam", "A2")
	b := h.waitState("A2", dock.BayReady)
	rows := h.rows(journal.Filter{})
	h.checkStored(rows, files)
	if b.Erased != 2 {
		t.Errorf("erased %d, want 2", b.Erased)
	}
}

func TestACameraThatNumbersFromOneAgainMakesNewRecordings(t *testing.T) {
	h := newHouse(t, "A1")
	first := map[string][]byte{"0001.mp4": random(5000), "0002.mp4": random(5000)}
	h.camera("cam", first)
	h.dock("cam", "A1")
	h.start()
	a := h.waitState("A1", dock.BayReady)
	h.undock("cam", "A1")
	h.waitState("A1", dock.BayEmpty)
	second := map[string][]byte{"0001.mp4": random(5000), "0002.mp4": random(6000)}
	h.camera("cam", second)
	h.dock("cam", "A1")
	b := h.waitState("A1", dock.BayReady)
	h.checkStored(h.rows(journal.Filter{Docking: a.Docking}), first)
	h.checkStored(h.rows(journal.Filter{Docking: b.Docking}), second)
	for _, row := range h.rows(journal.Filter{}) {
		if row.State != dock.StateErased {
			t.Errorf("recording %s is %s", row.ID, row.State)
		}
	}
}

func TestLinksAndPipesAreListedAndNeverFollowed(t *testing.T) {
	h := newHouse(t, "A1")
	secret := h.path("secret")
	h.must(os.WriteFile(secret, []byte("not the camera's"), 0o600))
	h.camera("cam", map[string][]byte{"1.mp4": random(10)})
	h.must(os.Symlink(secret, h.path("cameras", "cam", "link.mp4")))
	h.must(syscall.Mkfifo(h.path("cameras", "cam", "pipe.mp4"), 0o600))
	h.dock("cam", "A1")
	h.start()
	b := h.waitState("A1", dock.BayReady)
	if b.RecordingsTotal != 1 {
		t.Errorf("%d recordings, want 1", b.RecordingsTotal)
	}
	open, err := h.journal.Exceptions(t.Context(), journal.ExceptionFilter{Docking: b.Docking})
	h.must(err)
	if len(open) != 2 {
		t.Errorf("exceptions = %+v, want the link and the pipe", open)
	}
	if content, err := os.ReadFile(secret); err != nil || string(content) != "not the camera's" {
		t.Errorf("the link's target is %q, %v", content, err)
	}
}

func TestAHeldRecordingStaysOnTheCameraUntilReleased(t *testing.T) {
	h := newHouse(t, "A1")
	h.must(os.Rename(h.path("stores", "two"), h.path("away"))) // so that nothing goes too early
	h.camera("cam", map[string][]byte{"1.mp4": random(10), "2.mp4": random(20)})
	h.dock("cam", "A1")
	h.start()
	h.wait("A1", "secured", func(b dock.BayStatus) bool { return b.State == dock.BaySecured })
	var held dock.RecordingID
	for _, row := range h.rows(journal.Filter{}) {
		if row.Name == "1.mp4" {
			held = row.ID
		}
	}
	h.must(h.station.Hold(t.Context(), string(held), "lee", "case 12"))
	h.must(os.Rename(h.path("away"), h.path("stores", "two")))
	h.wait("A1", "half empty", func(b dock.BayStatus) bool { return b.Erased == 1 })
	if left := h.onCamera("cam", "A1"); len(left) != 1 || left[0] != "1.mp4" {
		t.Fatalf("left on the camera: %q, want the held one", left)
	}
	h.must(h.station.Release(t.Context(), string(held), "lee", "done"))
	h.waitState("A1", dock.BayReady)
}

func TestBytesThatChangeBetweenTheReadsAreHeldAndNeverErased(t *testing.T) {
	h := newHouse(t, "A1")
	h.must(os.Rename(h.path("stores", "two"), h.path("away")))
	content := random(100_000)
	h.camera("cam", map[string][]byte{"1.mp4": content})
	past := time.Now().Add(-time.Hour).Truncate(time.Second)
	h.must(os.Chtimes(h.path("cameras", "cam", "1.mp4"), past, past))
	h.dock("cam", "A1")
	h.start()
	h.wait("A1", "read again", func(b dock.BayStatus) bool { return b.Reread == 1 })
	h.undock("cam", "A1")
	h.waitState("A1", dock.BayEmpty)
	changed := bytes.Clone(content)
	changed[50_000] ^= 1
	h.must(os.WriteFile(h.path("cameras", "cam", "1.mp4"), changed, 0o644))
	h.must(os.Chtimes(h.path("cameras", "cam", "1.mp4"), past, past))
	h.must(os.Rename(h.path("away"), h.path("stores", "two")))
	h.dock("cam", "A1")
	b := h.waitState("A1", dock.BayAttention)
	if !strings.Contains(b.Attention, "held") {
		t.Errorf("attention = %q, want it to say that a recording is held", b.Attention)
	}
	if rows := h.rows(journal.Filter{State: dock.StateHeld}); len(rows) != 1 {
		t.Errorf("held: %+v, want one", rows)
	}
	if left := h.onCamera("cam", "A1"); len(left) != 1 {
		t.Errorf("left on the camera: %q, want the recording", left)
	}
	// A person looks at it: both contents are evidence, and both are kept.
	held := h.rows(journal.Filter{State: dock.StateHeld})[0]
	h.must(h.station.Release(t.Context(), string(held.ID), "lee", "the card was written to"))
	h.waitState("A1", dock.BayReady)
	if got := h.opened("one", h.rows(journal.Filter{ID: held.ID})[0]); !bytes.Equal(got, content) {
		t.Error("what was sealed first is not what it was")
	}
	h.checkStored(h.rows(journal.Filter{State: dock.StateErased}), map[string][]byte{"1.mp4": changed})
}

func TestTwoCamerasWithOneIdentityAreCopiedAndNotEmptied(t *testing.T) {
	h := newHouse(t, "A1", "A2")
	h.erasing.Grace = 200 * time.Millisecond // both are docked before either could be emptied
	first, second := map[string][]byte{"1.mp4": random(1000)}, map[string][]byte{"1.mp4": random(1000)}
	h.camera("cam", first)
	h.dock("cam", "A1")
	h.camera("cam", second)
	h.dock("cam", "A2")
	h.start()
	secured := func(b dock.BayStatus) bool { return b.State == dock.BayAttention && b.Stored == 1 && b.Reread == 1 }
	a, b := h.wait("A1", "stored and locked", secured), h.wait("A2", "stored and locked", secured)
	h.checkStored(h.rows(journal.Filter{Docking: a.Docking}), first)
	h.checkStored(h.rows(journal.Filter{Docking: b.Docking}), second)
	if len(h.onCamera("cam", "A1")) != 1 || len(h.onCamera("cam", "A2")) != 1 {
		t.Error("a camera of doubtful identity was emptied")
	}
}

func TestAClaimBeyondTheDiskIsRefusedEarlyAndSaidClearly(t *testing.T) {
	h := newHouse(t, "A1")
	h.camera("cam", map[string][]byte{"huge.mp4": {}, "small.mp4": random(10)})
	h.must(os.Truncate(h.path("cameras", "cam", "huge.mp4"), 1<<40))
	h.dock("cam", "A1")
	h.start()
	b := h.wait("A1", "asking for help", func(b dock.BayStatus) bool { return b.State == dock.BayAttention && b.RecordingsDone == 1 })
	if !strings.Contains(b.Attention, "free") {
		t.Errorf("attention = %q, want it to speak of free space", b.Attention)
	}
	if left := h.onCamera("cam", "A1"); len(left) != 2 {
		t.Errorf("left on the camera: %q, want both", left)
	}
}

func TestANameUsedAgainBeforeItWasPulledIsRecordedAsSuch(t *testing.T) {
	h := newHouse(t, "A1")
	h.camera("cam", map[string][]byte{"1.mp4": {}})
	h.must(os.Truncate(h.path("cameras", "cam", "1.mp4"), 1<<40)) // cannot be pulled
	h.dock("cam", "A1")
	h.start()
	h.wait("A1", "listed", func(b dock.BayStatus) bool { return b.State == dock.BayAttention })
	fresh := map[string][]byte{"1.mp4": random(500)}
	h.must(os.WriteFile(h.path("bays", "A1", "cam", "1.mp4"), fresh["1.mp4"], 0o644))
	h.waitState("A1", dock.BayReady)
	lost := h.rows(journal.Filter{State: dock.StateVanished})
	if len(lost) != 1 {
		t.Fatalf("vanished: %+v, want the one that was overwritten", lost)
	}
	erased := h.rows(journal.Filter{State: dock.StateErased})
	h.checkStored(erased, fresh)
	if seen, _ := erased[0].Recording.Seen(); seen.Replaces != lost[0].ID {
		t.Errorf("the new recording says that it replaces %q, want %s", seen.Replaces, lost[0].ID)
	}
}

func TestWithEraseNeverTheCameraKeepsItsRecordings(t *testing.T) {
	h := newHouse(t, "A1")
	h.erasing.After = dock.EraseAfterNever
	h.camera("cam", map[string][]byte{"1.mp4": random(10)})
	h.dock("cam", "A1")
	h.start()
	h.waitState("A1", dock.BayStored)
	if left := h.onCamera("cam", "A1"); len(left) != 1 {
		t.Errorf("left on the camera: %q", left)
	}
}

func TestARestartGoesOnWhereItStopped(t *testing.T) {
	h := newHouse(t, "A1")
	h.must(os.Rename(h.path("stores", "two"), h.path("away")))
	files := map[string][]byte{"1.mp4": random(1000), "2.mp4": random(3 << 20)}
	h.camera("cam", files)
	h.dock("cam", "A1")
	h.start()
	h.waitState("A1", dock.BaySecured)
	h.stop()
	h.must(os.Rename(h.path("away"), h.path("stores", "two")))
	h.start()
	h.waitState("A1", dock.BayReady)
	h.checkStored(h.rows(journal.Filter{}), files)
}

func TestWhatCannotBeReadKeepsTheCameraUntilAPersonReleasesIt(t *testing.T) {
	h := newHouse(t, "A1")
	deep := strings.Repeat("d/", 70) + "hidden.mp4"
	h.camera("cam", map[string][]byte{"1.mp4": random(10), deep: random(10)})
	h.dock("cam", "A1")
	h.start()
	b := h.wait("A1", "asking for help", func(b dock.BayStatus) bool { return b.State == dock.BayAttention && b.Stored == 1 && b.Reread == 1 })
	open, err := h.journal.Exceptions(t.Context(), journal.ExceptionFilter{Docking: b.Docking, Blocking: true})
	h.must(err)
	if len(open) != 1 || !strings.Contains(b.Attention, string(open[0].ID)) {
		t.Fatalf("attention %q does not name the exception %+v", b.Attention, open)
	}
	if left := h.onCamera("cam", "A1"); len(left) != 2 {
		t.Fatalf("left on the camera: %q, want both", left)
	}
	h.must(h.station.Release(t.Context(), string(open[0].ID), "lee", "an empty folder of the maker"))
	h.waitState("A1", dock.BayReady)
	if left := h.onCamera("cam", "A1"); len(left) != 1 || left[0] != deep {
		t.Errorf("left on the camera: %q, want only what could not be read", left)
	}
}

func TestACopyThatStallsIsNotTakenForWhole(t *testing.T) {
	h := newHouse(t, "A1")
	h.camera("cam", map[string][]byte{"1.mp4": random(1000)})
	writer, err := os.OpenFile(h.path("cameras", "cam", "2.mp4"), os.O_CREATE|os.O_WRONLY, 0o644)
	h.must(err)
	first, second := random(2000), random(2000)
	_, err = writer.Write(first)
	h.must(err)
	h.dock("cam", "A1")
	h.start()
	h.wait("A1", "half secured", func(b dock.BayStatus) bool { return b.RecordingsDone == 1 && b.RecordingsTotal == 2 })
	_, err = writer.Write(second)
	h.must(err)
	h.must(writer.Close())
	h.waitState("A1", dock.BayReady)
	for _, row := range h.rows(journal.Filter{State: dock.StateErased}) {
		if row.Name == "2.mp4" && !bytes.Equal(h.opened("one", row), append(first, second...)) {
			t.Error("half a copy was taken for whole")
		}
	}
}

func TestAnIdentityFileIsNeitherPulledNorErased(t *testing.T) {
	h := newHouse(t, "A1")
	h.profiles = []filetree.Profile{{Name: "acme", Auxiliary: []string{"*.THM"}, Identity: []string{"file:ID.TXT"}}}
	h.camera("cam", map[string][]byte{"ID.TXT": []byte("acme-7\n"), "1.mp4": random(10), "1.THM": random(5)})
	h.dock("cam", "A1")
	h.start()
	if b := h.waitState("A1", dock.BayReady); b.Camera != "acme-7" || b.RecordingsTotal != 1 {
		t.Errorf("docked as %q with %d recordings", b.Camera, b.RecordingsTotal)
	}
	if left := h.onCamera("cam", "A1"); len(left) != 2 {
		t.Errorf("left on the camera: %q, want identity and thumbnail", left)
	}
}
