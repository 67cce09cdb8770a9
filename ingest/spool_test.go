package ingest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"berth/hashing"
)

func TestTheSpoolIsClosedToOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "spool")
	must(t, os.MkdirAll(dir, 0o777))
	s, err := OpenSpool(dir, 0)
	must(t, err)
	for _, path := range []string{dir, filepath.Join(dir, tempDir), filepath.Join(dir, damagedDir)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v", path, info, err)
		}
	}
	if other, err := OpenSpool(dir, 0); err == nil {
		t.Errorf("two processes have the spool: %v", other.Close())
	}
	must(t, s.Close())
	again, err := OpenSpool(dir, 0)
	must(t, err)
	must(t, again.Close())
}

func TestASpoolOnTwoFilesystemsIsRefused(t *testing.T) {
	const other = "/dev/shm"
	dir := t.TempDir()
	var here, there unix.Stat_t
	if unix.Stat(dir, &here) != nil || unix.Stat(other, &there) != nil || here.Dev == there.Dev {
		t.Skip("no second filesystem here")
	}
	elsewhere, err := os.MkdirTemp(other, "berth")
	must(t, err)
	defer os.RemoveAll(elsewhere)
	a, err := os.Open(dir)
	must(t, err)
	defer a.Close()
	b, err := os.Open(elsewhere)
	must(t, err)
	defer b.Close()
	if sameFilesystem(a, b) == nil || sameFilesystem(a, a) != nil {
		t.Error("two filesystems are taken for one, or one for two")
	}
	must(t, os.Symlink(elsewhere, filepath.Join(dir, tempDir)))
	if s, err := OpenSpool(dir, 0); err == nil {
		t.Errorf("opened: %v", s.Close())
	}
}

func TestASpoolBehindALinkIsTheDirectoryThatItLeadsTo(t *testing.T) {
	real, link := filepath.Join(t.TempDir(), "real"), filepath.Join(t.TempDir(), "spool")
	must(t, os.Mkdir(real, 0o700))
	must(t, os.Symlink(real, link))
	s, err := OpenSpool(link, 0)
	must(t, err)
	if want, err := filepath.EvalSymlinks(real); err != nil || s.Dir() != want {
		t.Errorf("the spool is in %s, want %s", s.Dir(), want)
	}
	must(t, s.Close())
}

func TestAFilesystemThatOnlyPretendsDirectIOIsNotBelieved(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "berth")
	if err != nil {
		t.Skip("no tmpfs here")
	}
	defer os.RemoveAll(dir)
	s, err := OpenSpool(dir, 0)
	must(t, err)
	defer s.Close()
	var st unix.Statfs_t
	if must(t, unix.Statfs(dir, &st)); st.Type == unix.TMPFS_MAGIC && s.DirectIO() {
		t.Error("tmpfs has no direct I/O, whatever it accepts")
	}
}

func TestClaimsOfRunningPullsAreCountedTogether(t *testing.T) {
	const free = int64(100 << 20)
	s, err := openSpool(t.TempDir(), 0, &scripted{space: func() int64 { return free }})
	must(t, err)
	defer s.Close()
	first, err := s.claim(free/2 + 1<<20)
	must(t, err)
	var none *ErrNoSpace
	if _, err := s.claim(free / 2); !errors.As(err, &none) {
		t.Fatalf("half is claimed already, got %v", err)
	}
	first.took(free / 4)
	if s.claimed != free/2+1<<20-free/4 {
		t.Errorf("%d bytes are claimed", s.claimed)
	}
	first.giveBack()
	first.giveBack()
	if s.claimed != 0 {
		t.Errorf("%d bytes are claimed", s.claimed)
	}
}

func TestTheReserveStaysFree(t *testing.T) {
	s, err := OpenSpool(t.TempDir(), 1<<62)
	must(t, err)
	defer s.Close()
	var none *ErrNoSpace
	if _, err := s.claim(1); !errors.As(err, &none) || none.NeedBytes != 1<<62+1 {
		t.Errorf("got %v", err)
	}
}

func TestAFullDiskIsSaidAsNoSpace(t *testing.T) {
	for _, op := range []string{"allocate", "write"} {
		r := newRig(t)
		r.disk.before = func(_ int, o, _ string) error {
			if o == op {
				return unix.ENOSPC
			}
			return nil
		}
		var none *ErrNoSpace
		_, err := r.puller.Pull(t.Context(), r.see(newCamera("cam", footage(10)), "A1"))
		if !errors.As(err, &none) || none.NeedBytes <= 10 {
			t.Errorf("%s: %v", op, err)
		}
		r.nothingLeft()
	}
}

func TestAFilesystemThatCannotSetSpaceAsideKeepsTheClaimUntilItIsWritten(t *testing.T) {
	r := newRig(t)
	content := footage(3 << 20)
	pull := r.see(newCamera("cam", content), "A1")
	var most, least int64 = 0, 1 << 62
	r.disk.before = func(_ int, op, _ string) error {
		switch op {
		case "allocate":
			return unix.EOPNOTSUPP
		case "write":
			r.spool.mu.Lock()
			defer r.spool.mu.Unlock()
			most, least = max(most, r.spool.claimed), min(least, r.spool.claimed)
		}
		return nil
	}
	intent, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	r.holds(pull.Recording, content)
	if most != intent.SealedBytes || least != 4096 || r.spool.claimed != 0 {
		t.Errorf("claimed from %d down to %d and %d at the end, of %d", most, least, r.spool.claimed, intent.SealedBytes)
	}
}

func TestTheSpoolKnowsWhatItHolds(t *testing.T) {
	r := newRig(t)
	camera := newCamera("cam", footage(100_000))
	intent, err := r.puller.Pull(t.Context(), r.see(camera, "A1"))
	must(t, err)
	holds := func(want int64) {
		t.Helper()
		if _, used, err := r.spool.Free(); err != nil || used != want {
			t.Errorf("the spool says that it holds %d bytes, %v; want %d", used, err, want)
		}
	}
	holds(intent.SealedBytes)
	r.restart()
	holds(intent.SealedBytes)
	must(t, r.spool.Release(intent.Sealed))
	must(t, r.spool.Release(intent.Sealed))
	holds(0)
}

func TestReleaseRemovesOneFileDurablyAndCanBeRepeated(t *testing.T) {
	r := newRig(t)
	_, pull := pulled(t, r, 100)
	intent, _ := r.recording(pull.Recording).Spooled()
	sealed := r.spool.Sealed(intent)
	for range 2 { // it may be opened several times
		f, err := sealed.Open()
		must(t, err)
		digest, n, err := hashing.Of(f)
		must(t, errors.Join(err, f.Close()))
		if digest != intent.Sealed || n != intent.SealedBytes || sealed.Key != intent.Key || sealed.Digest != digest || sealed.SizeBytes != n {
			t.Errorf("%+v holds %s of %d bytes", sealed, digest, n)
		}
		_, err = f.Seek(0, io.SeekStart)
		if err == nil {
			t.Error("read after close")
		}
	}
	r.disk.log = nil
	must(t, r.spool.Release(intent.Sealed))
	must(t, r.spool.Release(intent.Sealed))
	if want := []string{"remove .sealed", "syncdir ", "remove .sealed", "syncdir "}; len(r.finals()) > 0 || len(r.disk.log) != len(want) {
		t.Errorf("did %q, left %q", r.disk.log, r.finals())
	}
	if _, err := sealed.Open(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("released, and opened with %v", err)
	}
	r.disk.before = failOn("syncdir")
	if err := r.spool.Release(hashing.Sum(nil)); !errors.Is(err, ErrSync) {
		t.Errorf("want ErrSync, got %v", err)
	}
}
