package cameratest

import (
	"bytes"
	"testing"
	"time"

	"berth/dock"
	"berth/hashing"
)

// Clearance returns a real Clearance for e in the attachment at, with content
// of the given digest: it builds the whole case that dock.Clear asks for.
func Clearance(t *testing.T, at dock.Attachment, camera dock.CameraID, e dock.Entry, digest hashing.Digest) dock.Clearance {
	t.Helper()
	const store, docking = dock.StoreID("6f2c1a34-0000-4000-8000-000000000001"), dock.DockingID("d1")
	sealedBytes := []byte("the sealed file")
	sealed := dock.Sealed{Key: "station/2024/01/01/x.sealed", Digest: hashing.Sum(sealedBytes), SizeBytes: int64(len(sealedBytes))}
	receipt, err := dock.NewReceipt(store, dock.Place{Device: "disk"}, sealed, "", bytes.NewReader(sealedBytes))
	if err != nil {
		t.Fatal(err)
	}
	now := dock.Instant{Boot: "boot", SinceBoot: time.Hour}
	recording := dock.Recording{ID: dock.NewRecordingID(), Camera: camera}
	for i, body := range []dock.FactBody{
		dock.Seen{Name: e.Name, SizeBytes: e.SizeBytes, Copies: 1},
		dock.SpoolIntent{Key: sealed.Key, SHA256: digest, SizeBytes: e.SizeBytes, Sealed: sealed.Digest, SealedBytes: sealed.SizeBytes, Object: e.Identity},
		dock.Spooled{Sealed: sealed.Digest},
		dock.ReceiptEarned{Receipt: receipt.Record()},
		dock.SecondRead{SHA256: digest, SizeBytes: e.SizeBytes, Object: e.Identity},
	} {
		recording.Facts = append(recording.Facts, dock.Fact{Seq: int64(i + 1), Recording: recording.ID, Docking: docking, At: now, Body: body})
	}
	clearance, err := dock.Clear(dock.Case{
		Now:       now,
		Policy:    dock.Policy{Copies: 1, After: dock.EraseAfterCopies, Stores: []dock.StoreID{store}},
		Docking:   dock.DockingCheck{ID: docking, Attachment: at, Camera: camera, Listed: true, Clean: true},
		Recording: recording,
		Entry:     e,
		Listed:    true,
	})
	if err != nil {
		t.Fatalf("the suite's own case is refused: %v", err)
	}
	return clearance
}
