package station

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
	"berth/ingest"
)

// listedOnce journals a docking that listed one file, stored and read twice.
func (h *house) listedOnce() (*docking, *item, journal.ClearRequest) {
	h.t.Helper()
	ctx := h.t.Context()
	d := &docking{bay: h.station.bays[0], journal: h.journal, row: journal.Docking{
		ID: dock.NewDockingID(), Began: h.clock.Now(), Info: dock.CameraInfo{ID: "cam", Basis: "folder-name"},
		Attachment: dock.Attachment{Bay: "A1", Generation: 1, Port: "bays/A1"},
	}}
	h.must(h.journal.BeginDocking(ctx, d.row))
	content, sealed := hashing.Sum([]byte("content")), []byte("sealed")
	entry := dock.Entry{Handle: "h", Name: "1.mp4", Identity: "o", SizeBytes: 7}
	planned, err := h.journal.Reconcile(ctx, d.row.ID, dock.Listing{Entries: []dock.Entry{entry}, Clean: true}, true, 1)
	h.must(err)
	it := &item{Planned: planned.Items[0]}
	receipt, err := dock.NewReceipt("store", dock.Place{Device: "disk:x"}, dock.Sealed{
		Key: "k", Digest: hashing.Sum(sealed), SizeBytes: int64(len(sealed)),
	}, "", bytes.NewReader(sealed))
	h.must(err)
	for _, body := range []dock.FactBody{
		dock.SpoolIntent{Key: "k", SHA256: content, SizeBytes: 7, Sealed: hashing.Sum(sealed), SealedBytes: 6, Object: "o"},
		dock.Spooled{Sealed: hashing.Sum(sealed)},
		dock.ReceiptEarned{Receipt: receipt.Record()},
		dock.SecondRead{SHA256: content, SizeBytes: 7, Object: "o"},
	} {
		h.must(h.journal.Append(ctx, dock.Fact{Recording: it.Recording, Docking: d.row.ID, Body: body}))
	}
	return d, it, journal.ClearRequest{
		Docking: d.row.ID, Recording: it.Recording, Entry: entry,
		Policy: dock.Policy{Copies: 1, After: dock.EraseAfterCopies, Stores: []dock.StoreID{"store"}},
	}
}

// served waits until a camera is looked at: by then the start is over.
func (h *house) served() {
	h.t.Helper()
	h.wait("A1", "served", func(b dock.BayStatus) bool { return b.State != dock.BayEmpty })
}

func (h *house) recording(id dock.RecordingID) (r dock.Recording) {
	h.t.Helper()
	h.must(h.journal.Read(h.t.Context(), func(tx *journal.Tx) (err error) {
		r, err = tx.Recording(id)
		return err
	}))
	return r
}

func results(r dock.Recording) (outcomes []dock.EraseOutcome) {
	for _, fact := range r.Facts {
		if result, ok := fact.Body.(dock.EraseResult); ok {
			outcomes = append(outcomes, result.Outcome)
		}
	}
	return outcomes
}

// A station that is killed between clearing a recording and seeing it gone can
// not say what became of it. The next start says so, once, without waiting for
// that camera to come back.
func TestAnEraseThatARestartInterruptedIsClosedOnce(t *testing.T) {
	h := newHouse(t, "A1")
	h.start()
	_, it, request := h.listedOnce()
	_, err := h.journal.Clear(t.Context(), request)
	h.must(err)
	if docking, onRecord := h.recording(it.Recording).Erasing(); docking != request.Docking || onRecord {
		t.Fatalf("the intent is of %q, closed %t", docking, onRecord)
	}
	h.camera("another", map[string][]byte{"2.mp4": {}})
	h.dock("another", "A1")
	for range 3 {
		h.stop()
		h.start()
		h.served()
	}
	if got := results(h.recording(it.Recording)); len(got) != 1 || got[0] != dock.EraseUnconfirmed {
		t.Errorf("after three starts its outcomes are %v, want one that is not known", got)
	}
}

func TestAStartBringsTheSpoolToOrder(t *testing.T) {
	h := newHouse(t, "A1")
	h.start()
	h.stop()
	half := h.path("data", "spool", "tmp", strings.Repeat("0a", 16)+".part")
	h.must(os.WriteFile(half, random(100), 0o600))
	h.camera("cam", map[string][]byte{"1.mp4": {}})
	h.dock("cam", "A1")
	h.start()
	h.served()
	if _, err := os.Stat(half); err == nil {
		t.Error("half a file is still there")
	}
}

// The docking asks nothing while the station doubts itself, and the rule is
// told of the doubt by itself: either may come a moment too early.
func TestADoubtIsSeenBeforeTheRuleIsAskedAndByTheRule(t *testing.T) {
	h := newHouse(t, "A1")
	clock := h.moved()
	h.start()
	d, it, _ := h.listedOnce()
	if !d.moment().erases {
		t.Fatal("nothing would be erased without any doubt")
	}
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		clock.move(by)
		if d.moment().erases {
			t.Errorf("moved by %v: the docking would go on to erase", by)
		}
		var refusal *dock.Refusal
		if e := d.clear(t.Context(), it); !errors.As(e.err, &refusal) || !refusal.Has("clock") {
			t.Errorf("moved by %v: the rule says %v", by, e.err)
		}
		clock.move(0)
	}
}

func TestADiskThatIsFullOrCannotBeAskedLocksErasing(t *testing.T) {
	h := newHouse(t, "A1")
	h.start()
	locked := func(spool *ingest.Spool) bool {
		check := newHealth(h.clock, spool, h.journal).check()
		return len(check.Locks) == 1 && check.Locks[0].Code == "disk"
	}
	small := t.TempDir()
	if err := unix.Mount("none", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no small disk here: %v", err)
	}
	t.Cleanup(func() { h.must(unix.Unmount(small, unix.MNT_DETACH)) })
	spool, err := ingest.OpenSpool(small+"/spool", 0)
	h.must(err)
	if locked(spool) {
		t.Error("a disk with room locks erasing")
	}
	if err := os.WriteFile(small+"/ballast", make([]byte, 2<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	if !locked(spool) {
		t.Error("a full disk does not lock erasing")
	}
	h.must(spool.Close())
	if !locked(spool) {
		t.Error("a disk that cannot be asked does not lock erasing")
	}
}

func TestOnlyAHoldIsReleasedAndOnlyOneForOtherBytesHasItReadAnew(t *testing.T) {
	h := newHouse(t, "A1")
	h.start()
	for hold, anew := range map[dock.HoldCode]bool{dock.HoldPerson: false, dock.HoldSecondRead: true, dock.HoldReappeared: true, dock.HoldSpoolDiffers: true, "": false} {
		id := dock.NewRecordingID()
		h.must(h.journal.Append(t.Context(), dock.Fact{Recording: id, Body: dock.Seen{Name: "1.mp4", Copies: 1}}))
		if hold != "" {
			h.must(h.journal.Append(t.Context(), dock.Fact{Recording: id, Body: dock.Hold{Code: hold}}))
		}
		err := h.station.Release(t.Context(), string(id), "lee", "looked")
		if notHeld := errors.Is(err, dock.ErrNotHeld); notHeld != (hold == "") || !notHeld && err != nil {
			t.Errorf("held as %q: %v", hold, err)
		}
		if vanished := h.recording(id).State() == dock.StateVanished; vanished != anew {
			t.Errorf("held as %q: it is read anew %t, want %t", hold, vanished, anew)
		}
	}
	if err := h.station.Release(t.Context(), "clock", "lee", "looked"); !errors.Is(err, dock.ErrNotHeld) {
		t.Errorf("a clock that nobody doubts: %v", err)
	}
}

func TestWhatCannotBeBelievedEndsTheStation(t *testing.T) {
	for _, err := range []error{ingest.ErrSync, journal.ErrCommit, journal.ErrBroken} {
		if !Doubtful(fmt.Errorf("bay: %w", errors.Join(io.EOF, err))) {
			t.Errorf("it goes on after %v", err)
		}
	}
	for _, err := range []error{nil, dock.ErrGone, journal.ErrLocked, context.Canceled} {
		if Doubtful(err) {
			t.Errorf("it ends after %v", err)
		}
	}
}

func TestBothOfTwoCamerasWithOneIdentityAreMarkedForGood(t *testing.T) {
	var p presence
	var first, second, other atomic.Bool
	p.arrive("cam", "d1", &first)
	p.arrive("else", "d2", &other)
	if others := p.arrive("cam", "d3", &second); len(others) != 1 || others[0] != "d1" || !first.Load() || !second.Load() || other.Load() {
		t.Errorf("others %v, marked %t %t %t", others, first.Load(), second.Load(), other.Load())
	}

	h := newHouse(t, "A1", "A2")
	h.erasing.After = dock.EraseAfterNever
	for _, bay := range h.bays {
		h.camera("cam", map[string][]byte{"1.mp4": random(10)})
		h.dock("cam", bay)
	}
	h.start()
	for _, bay := range h.bays {
		h.wait(bay, "secured", func(b dock.BayStatus) bool { return b.RecordingsDone == 1 })
	}
	marked := 0
	h.must(h.journal.Read(t.Context(), func(tx *journal.Tx) error {
		return tx.QueryRow(`SELECT count(*) FROM dockings WHERE conflict = 1`).Scan(&marked)
	}))
	if marked != 2 {
		t.Errorf("%d dockings are marked in the journal, want both", marked)
	}
}
