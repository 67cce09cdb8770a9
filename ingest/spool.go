package ingest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"berth/ingest/seal"
)

// The folders of a spool beside its sealed files.
const (
	tempDir    = "tmp"     // half-written files and those whose name is about to be given
	damagedDir = "damaged" // files that are not what their name says; never deleted
)

// Spool is the station's own durable staging of sealed recordings: a directory
// of files `<sha256>.sealed`, each of which became visible only after all of it
// was verified and durable. One process at a time has it. Safe for concurrent use.
type Spool struct {
	dir          string
	reserveBytes int64
	direct       bool // read and write past the page cache
	disk         medium
	root         *os.File // for syncing names and for the lock
	damaged      *os.File

	// used is the size of all files that have their final name.
	used atomic.Int64
	// broken is set by the first failed acknowledgement, for good.
	broken atomic.Bool
	// naming makes renaming and syncing the directory one step, so that no
	// pull takes another one's failed sync for its own success.
	naming sync.Mutex

	mu      sync.Mutex
	claimed int64 // guarded by mu: promised to running pulls, not yet taken from the filesystem
	refused int64 // guarded by mu: what the last claim needed that did not fit; 0 once one fits
}

// OpenSpool makes the directory if it is missing, closes it to everybody else,
// and locks it. reserveBytes stay free whatever comes. It is an error if a part
// of it lies on another filesystem or another process has it open.
func OpenSpool(dir string, reserveBytes int64) (*Spool, error) {
	return openSpool(dir, reserveBytes, kernel{})
}

func openSpool(dir string, reserveBytes int64, disk medium) (*Spool, error) {
	s := &Spool{dir: dir, reserveBytes: max(reserveBytes, 0), disk: disk}
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool %s: %w", dir, err), s.Close())
	}
	return s, nil
}

func (s *Spool) open() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	// IT may have laid a link to another disk: from here on it is that disk.
	var err error
	if s.dir, err = filepath.EvalSymlinks(s.dir); err != nil {
		return err
	}
	if s.root, err = openPrivate(s.dir); err != nil {
		return err
	}
	if err := unix.Flock(int(s.root.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another process has it open: %w", err)
	}
	temp, err := openPrivate(filepath.Join(s.dir, tempDir))
	if err != nil {
		return err
	}
	defer temp.Close()
	if s.damaged, err = openPrivate(filepath.Join(s.dir, damagedDir)); err != nil {
		return err
	}
	for _, part := range []*os.File{temp, s.damaged} {
		if err := sameFilesystem(s.root, part); err != nil {
			return err
		}
	}
	if s.direct, err = s.probe(); err != nil {
		return err
	}
	// The names made here must outlive a power cut, or everything below is lost.
	parent, err := os.Open(filepath.Dir(s.dir))
	if err != nil {
		return err
	}
	defer parent.Close()
	return errors.Join(s.count(), s.syncDir(s.root), s.syncDir(parent))
}

// count adds up what an earlier process left.
func (s *Spool) count() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if sealedPattern.MatchString(entry.Name()) {
			s.used.Add(sizeOf(filepath.Join(s.dir, entry.Name())))
		}
	}
	return nil
}

// openPrivate makes dir if it is missing and takes away everybody else's access.
func openPrivate(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(dir, unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o700); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func sameFilesystem(a, b *os.File) error {
	var x, y unix.Stat_t
	if err := errors.Join(unix.Fstat(int(a.Fd()), &x), unix.Fstat(int(b.Fd()), &y)); err != nil {
		return err
	}
	if x.Dev != y.Dev {
		return fmt.Errorf("%s lies on another filesystem", b.Name())
	}
	return nil
}

// probe asks the filesystem, through a file of its own, for direct I/O.
func (s *Spool) probe() (direct bool, err error) {
	f, err := os.OpenFile(s.dir, unix.O_TMPFILE|os.O_RDWR, 0o600)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return directIO(f, seal.Block), f.Close()
}

// Close gives the spool free for another process.
func (s *Spool) Close() error {
	var errs []error
	for _, f := range []*os.File{s.root, s.damaged} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// Dir is where the spool lies; whoever asks for its device asks with this.
func (s *Spool) Dir() string { return s.dir }

// DirectIO reports whether the spool is read back past the page cache. If not,
// read-back is slower and only as honest as dropping the cache can make it.
func (s *Spool) DirectIO() bool { return s.direct }

// Free returns what the filesystem has left for the station, and what the
// spool's sealed files take, in bytes.
func (s *Spool) Free() (freeBytes, usedBytes int64, err error) {
	freeBytes, err = s.disk.Space(s.root)
	if err != nil {
		return 0, 0, fmt.Errorf("ask for the free space of spool %s: %w", s.dir, err)
	}
	return freeBytes, s.used.Load(), nil
}
