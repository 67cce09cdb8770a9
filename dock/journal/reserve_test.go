package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReserveLetsTheJournalCommitOnAFullDisk fills a small filesystem of its
// own to the last byte.
func TestReserveLetsTheJournalCommitOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=48m,mode=0700"); err != nil {
		t.Skipf("no filesystem of its own: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(disk, unix.MNT_DETACH) })
	opts, clock := testOptions(t)
	opts.Path = filepath.Join(disk, "journal.db")
	s := openStation(t, opts, clock)
	t.Cleanup(func() { s.Close() })
	reserve := filepath.Join(disk, "journal.reserve")
	if info, err := os.Stat(reserve); err != nil || info.Size() != reserveBytes {
		t.Fatalf("no reserve: %v", err)
	}
	ballast := filepath.Join(disk, "ballast")
	f, err := os.Create(ballast)
	s.must(err)
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	s.must(f.Close())
	big := map[string]any{"text": strings.Repeat("x", 1<<20)}
	s.must(s.Write(s.ctx, func(tx *Tx) error { return tx.Event("note", big, nil) }))
	if _, err := os.Stat(reserve); !os.IsNotExist(err) {
		t.Fatal("the reserve was not used")
	}
	if n := len(s.events("note")); n != 1 {
		t.Fatalf("%d events", n)
	}
	s.verify()
	s.must(os.Remove(ballast))
	s.must(s.Write(s.ctx, func(tx *Tx) error { return tx.Event("note", nil, nil) }))
	if s.writer.reserve.held {
		t.Fatal("the reserve was taken again though there is less than four times as much")
	}
}

func TestReserveIsTakenAgain(t *testing.T) {
	s := newStation(t)
	if !s.writer.reserve.release() || s.writer.reserve.release() {
		t.Fatal("released not exactly once")
	}
	s.dock("cam-7")
	info, err := os.Stat(filepath.Join(filepath.Dir(s.opts.Path), "journal.reserve"))
	s.must(err)
	if info.Size() != reserveBytes || !s.writer.reserve.held {
		t.Fatal("not taken again")
	}
}
