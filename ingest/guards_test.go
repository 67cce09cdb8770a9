package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/dock/journal"
	"berth/ingest/seal"
)

// A camera that fails at the very end of what it listed has not said that there
// is no more.
func TestAFailureAtTheListedEndIsNoEnd(t *testing.T) {
	r := newRig(t)
	camera := newCamera("cam", footage(100))
	pull := r.see(camera, "A1")
	camera.breakAt, camera.fault = 100, errCable
	if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, errCable) {
		t.Errorf("want the camera's error, got %v", err)
	}
	if _, ok := r.recording(pull.Recording).Spooled(); ok {
		t.Error("it is spooled")
	}
}

// Bytes that came before a camera contradicted its own listing are no beginning
// of anything.
func TestNothingIsKeptOfARecordingThatChanged(t *testing.T) {
	r := newRig(t)
	content := footage(2*seal.SegmentPlain + 100)
	for name, size := range map[string]int64{"longer": int64(len(content)) - 50, "shorter": int64(len(content)) + 50} {
		camera := newCamera("cam", content)
		pull := r.see(camera, "A1")
		pull.Entry.SizeBytes = size
		if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, dock.ErrChanged) {
			t.Errorf("%s than listed: %v", name, err)
		}
		r.nothingLeft()
	}
}

// The copy in a store is of the bytes that were sealed first: nobody reads the
// camera again, even if the station's own copy is gone.
func TestWhatAStoreConfirmedIsNeverSealedAnew(t *testing.T) {
	r := newRig(t)
	camera, pull := pulled(t, r, 1000)
	intent, _ := r.recording(pull.Recording).Spooled()
	sealed, err := os.ReadFile(r.finals()[0])
	must(t, err)
	receipt, err := dock.NewReceipt("store", dock.Place{Device: "disk:x"}, r.spool.Sealed(intent), "", bytes.NewReader(sealed))
	must(t, err)
	must(t, r.journal.Append(t.Context(), dock.Fact{Recording: pull.Recording, Body: dock.ReceiptEarned{Receipt: receipt.Record()}}))
	must(t, r.spool.Release(intent.Sealed))
	read := camera.read
	again, err := r.puller.Pull(t.Context(), elsewhere(r, camera, pull))
	must(t, err)
	if again.Sealed != intent.Sealed || camera.read != read || len(r.finals()) != 0 {
		t.Errorf("sealed again as %s, %d bytes read", again.Sealed, camera.read-read)
	}
}

// bottomless gives more than was listed for as long as anybody reads, up to a
// bound that nobody may come near.
type bottomless struct{ fakeCamera }

func (*bottomless) Reread(context.Context, dock.Entry) (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(io.LimitReader(zeros{}, 64<<20), cableOut{})), nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type cableOut struct{}

func (cableOut) Read([]byte) (int, error) { return 0, errCable }

func TestASecondReadWithoutAnEndIsEnded(t *testing.T) {
	r := newRig(t)
	_, pull := pulled(t, r, 1000)
	pull.Camera = &bottomless{}
	if _, err := r.puller.SecondRead(t.Context(), pull); !errors.Is(err, dock.ErrChanged) {
		t.Errorf("got %v", err)
	}
}

// A commit that failed may have been written: its file must still be there for
// the next start to find.
func TestAFileStaysWhenItsIntentMayBeJournalled(t *testing.T) {
	r, disk := newRig(t), smallDisk(t)
	sound := r.journal
	doomed, err := journal.Open(t.Context(), journal.Options{
		Path: filepath.Join(disk, "journal.db"), Station: testStation, Clock: r.clock,
	})
	must(t, err)
	r.journal, r.puller.Journal = doomed, doomed
	defer func() {
		_ = doomed.Close() // on a dead disk: its error says nothing
		r.journal = sound
	}()
	pull := r.see(newCamera("cam", footage(1000)), "A1")
	r.disk.before = func(_ int, op, _ string) error {
		if op == "sync" { // the last thing before the intent
			cutPower(t, disk)
		}
		return nil
	}
	if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, journal.ErrCommit) {
		t.Fatalf("want ErrCommit, got %v", err)
	}
	r.disk.before = nil
	temps := r.temps()
	if len(temps) != 1 {
		t.Fatalf("%d files wait for the next start, want the one", len(temps))
	}
	file, err := os.ReadFile(temps[0])
	must(t, err)
	if _, err := seal.Inspect(bytes.NewReader(file), int64(len(file))); err != nil {
		t.Errorf("it is not whole: %v", err)
	}
}

// smallDisk is a filesystem of its own.
func smallDisk(t *testing.T) string {
	t.Helper()
	image, mount := filepath.Join(t.TempDir(), "disk.img"), t.TempDir()
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 64<<20))
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		t.Skipf("no filesystem of its own: %v %s", err, out)
	}
	if err := exec.Command("mount", "-o", "loop", image, mount).Run(); err != nil {
		t.Skipf("no filesystem of its own: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(mount, unix.MNT_DETACH) })
	return mount
}

// cutPower loses what the filesystem at mount has not synced (EXT4_IOC_SHUTDOWN
// without writing out its log).
func cutPower(t *testing.T, mount string) {
	t.Helper()
	dir, err := os.Open(mount)
	must(t, err)
	defer dir.Close()
	flags := uint32(2)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, dir.Fd(), 0x8004587d, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		t.Skipf("cannot cut the power of a filesystem: %v", errno)
	}
}
