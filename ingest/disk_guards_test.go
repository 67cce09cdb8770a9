package ingest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"berth/hashing"
)

// The kernel tells a failed sync once; the next one would succeed and mean
// nothing.
func TestAfterAFailedSyncNothingIsAcknowledgedOrBegun(t *testing.T) {
	disk := &scripted{before: failOn("syncdir")}
	s := &Spool{disk: disk, dir: t.TempDir()}
	var err error
	s.root, err = openPrivate(s.dir)
	must(t, err)
	defer s.Close()
	if err := s.syncDir(s.root); !errors.Is(err, ErrSync) {
		t.Fatalf("the fault did not happen: %v", err)
	}
	disk.before = nil
	if err := s.syncDir(s.root); !errors.Is(err, ErrSync) {
		t.Errorf("the next sync is believed: %v", err)
	}
	if _, err := s.claim(1); !errors.Is(err, ErrSync) {
		t.Errorf("another recording is begun: %v", err)
	}
}

func TestAReleaseThatFailedIsSaid(t *testing.T) {
	r := newRig(t)
	_, pull := pulled(t, r, 100)
	intent, _ := r.recording(pull.Recording).Spooled()
	r.disk.before = failOn("remove")
	if err := r.spool.Release(intent.Sealed); err == nil || len(r.finals()) != 1 {
		t.Errorf("it is said to be gone: %v, %q", err, r.finals())
	}
}

func TestWhatIsNoFileInTheSpoolIsNotRead(t *testing.T) {
	r := newRig(t)
	digest := hashing.Sum([]byte("a pipe's name"))
	must(t, unix.Mkfifo(r.spool.final(digest), 0o600))
	if got, err := r.spool.hash(t.Context(), r.spool.final(digest)); err != nil || !got.IsZero() {
		t.Errorf("a pipe has the digest %s, %v", got, err)
	}
}

// Without direct I/O what is read back comes from the disk only if nothing of
// it is left in memory, and dirty pages do not leave.
func TestNothingIsLeftInMemoryOfWhatIsReadBack(t *testing.T) {
	var system unix.Statfs_t
	path := filepath.Join(t.TempDir(), "file")
	must(t, unix.Statfs(filepath.Dir(path), &system))
	if system.Type == unix.TMPFS_MAGIC {
		t.Skip("this filesystem is memory")
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	defer f.Close()
	const size = 8 << 20
	must(t, (kernel{}).Write(f, footage(size), 0))
	if !slices.Contains(resident(t, f, size), true) {
		t.Fatal("nothing of the file is in memory before")
	}
	must(t, (kernel{}).Settle(f, 0, size))
	if left := resident(t, f, size); slices.Contains(left, true) {
		t.Error("a part of the file is still in memory")
	}
}

// resident says of each page whether it is in memory.
func resident(t *testing.T, f *os.File, size int) []bool {
	t.Helper()
	mapped, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	must(t, err)
	defer func() { must(t, unix.Munmap(mapped)) }()
	vector := make([]byte, (size+os.Getpagesize()-1)/os.Getpagesize())
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&mapped[0])), uintptr(size), uintptr(unsafe.Pointer(&vector[0])))
	if errno != 0 {
		t.Skipf("nobody says what is in memory: %v", errno)
	}
	pages := make([]bool, len(vector))
	for i, state := range vector {
		pages[i] = state&1 != 0
	}
	return pages
}
