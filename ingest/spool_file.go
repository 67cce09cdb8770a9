package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/hashing"
	"berth/ingest/seal"
)

var (
	sealedPattern = regexp.MustCompile(`^([0-9a-f]{64})\.sealed$`)
	tempPattern   = regexp.MustCompile(`^[0-9a-f]{32}\.part$`)
)

// Sealed returns the file of a recording that was spooled, for forwarding. It
// does no I/O; opening fails with fs.ErrNotExist if the file is not there.
func (s *Spool) Sealed(i dock.SpoolIntent) dock.Sealed {
	path := s.final(i.Sealed)
	return dock.Sealed{
		Key: i.Key, Digest: i.Sealed, SizeBytes: i.SealedBytes,
		Open: func() (io.ReadSeekCloser, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			return f, nil
		},
	}
}

// Release removes a sealed file for good and durably; one that is gone already
// is success. The caller knows that it is not needed any more.
func (s *Spool) Release(sealed hashing.Digest) error {
	s.naming.Lock()
	defer s.naming.Unlock()
	size := sizeOf(s.final(sealed))
	err := s.disk.Remove(s.final(sealed))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("release %s from the spool: %w", sealed, err)
	}
	if err == nil {
		s.used.Add(-size)
	}
	return s.syncDir(s.root)
}

func (s *Spool) final(sealed hashing.Digest) string {
	return filepath.Join(s.dir, sealed.String()+".sealed")
}

// install gives a durable and verified file its final name, durably. Another
// file that has the name already is compared: the same content is success, and
// anything else is set aside.
func (s *Spool) install(ctx context.Context, file string, sealed hashing.Digest) error {
	s.naming.Lock()
	defer s.naming.Unlock()
	if final := s.final(sealed); file != final {
		err := s.disk.Rename(file, final)
		switch {
		case errors.Is(err, fs.ErrExist):
			err = s.replaceTwin(ctx, file, sealed)
		case err == nil:
			s.used.Add(sizeOf(final))
		}
		if err != nil {
			return fmt.Errorf("give the sealed file %s its name: %w", sealed, err)
		}
	}
	return s.syncDir(s.root)
}

// sizeOf is the file's size in bytes, 0 where it cannot be told: it only goes
// into what status shows.
func sizeOf(path string) int64 {
	info, err := os.Lstat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func (s *Spool) replaceTwin(ctx context.Context, file string, sealed hashing.Digest) error {
	final := s.final(sealed)
	twin, err := s.hash(ctx, final)
	if err != nil {
		return err
	}
	if twin == sealed {
		return s.disk.Remove(file)
	}
	if err := s.setAside(filepath.Base(final)); err != nil {
		return err
	}
	return s.disk.Rename(file, final)
}

// setAside moves a file of the spool that is not what its name says to where
// nothing looks for it. The caller holds naming, or is alone.
func (s *Spool) setAside(name string) error {
	target := filepath.Join(s.dir, damagedDir, name)
	err := s.disk.Rename(filepath.Join(s.dir, name), target)
	for n := 2; errors.Is(err, fs.ErrExist); n++ {
		err = s.disk.Rename(filepath.Join(s.dir, name), fmt.Sprintf("%s.%d", target, n))
	}
	if err != nil {
		return fmt.Errorf("set a damaged file aside: %w", err)
	}
	return errors.Join(s.syncDir(s.damaged), s.syncDir(s.root))
}

// hash reads a whole file of the spool from the disk. A file that cannot be
// the whole of a sealed file has the zero digest.
func (s *Spool) hash(ctx context.Context, path string) (hashing.Digest, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return hashing.Digest{}, err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 || info.Size()%seal.Block != 0 {
		return hashing.Digest{}, nil
	}
	flags := unix.O_NOFOLLOW
	if s.direct {
		flags |= unix.O_DIRECT
	}
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return hashing.Digest{}, err
	}
	defer f.Close()
	if !s.direct {
		if err := s.disk.Settle(f, 0, info.Size()); err != nil {
			return hashing.Digest{}, err
		}
	}
	buffer, flow := alignedBuffer(bufferBytes), hashing.NewFlow()
	for at := int64(0); at < info.Size(); at += bufferBytes {
		if err := ctx.Err(); err != nil {
			return hashing.Digest{}, err
		}
		part := buffer[:min(bufferBytes, info.Size()-at)]
		poison(part)
		if err := s.disk.ReadBack(f, part, at); err != nil {
			return hashing.Digest{}, fmt.Errorf("hash a file of the spool: %w", err)
		}
		flow.Write(part)
	}
	return flow.Digest(), nil
}

// sound reports whether the file of this digest is there as a whole and has
// the form of a sealed file. If it is not, the error says why, where one did.
func (s *Spool) sound(ctx context.Context, sealed hashing.Digest) (bool, error) {
	got, err := s.hash(ctx, s.final(sealed))
	if err != nil || got != sealed {
		return false, err
	}
	f, err := os.Open(s.final(sealed))
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	_, err = seal.Inspect(f, info.Size())
	return err == nil, err
}

// resync makes a file durable that an earlier process left.
func (s *Spool) resync(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.acknowledged(s.disk.Sync(f))
}

func (s *Spool) syncDir(dir *os.File) error { return s.acknowledged(s.disk.SyncDir(dir)) }

// acknowledged turns the outcome of a sync into the spool's own: after one
// failure nothing is acknowledged any more.
func (s *Spool) acknowledged(err error) error {
	if err != nil {
		s.broken.Store(true)
		return fmt.Errorf("%w: %w", ErrSync, err)
	}
	if s.broken.Load() {
		return ErrSync
	}
	return nil
}
