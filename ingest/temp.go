package ingest

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// temp is a sealed file that is being written. write and readBack may be used
// at the same time, each by one goroutine.
type temp struct {
	spool     *Spool
	path      string
	writer    *os.File
	reader    *os.File // a descriptor of its own
	room      *room
	allocated bool // the filesystem set all of the space aside
}

// create claims the space and makes a file that no other name or process knows.
func (s *Spool) create(sizeBytes int64) (*temp, error) {
	room, err := s.claim(sizeBytes)
	if err != nil {
		return nil, err
	}
	var name [16]byte
	rand.Read(name[:]) // never fails: crypto/rand ends the process instead
	t := &temp{spool: s, room: room, path: filepath.Join(s.dir, tempDir, hex.EncodeToString(name[:])+".part")}
	if err := t.open(sizeBytes); err != nil {
		return nil, errors.Join(fmt.Errorf("make a temp file on the spool: %w", err), t.discard())
	}
	return t, nil
}

func (t *temp) open(sizeBytes int64) error {
	flags := 0
	if t.spool.direct {
		flags = unix.O_DIRECT
	}
	var err error
	if t.writer, err = os.OpenFile(t.path, os.O_CREATE|os.O_EXCL|os.O_RDWR|flags, 0o600); err != nil {
		return err
	}
	if t.reader, err = os.OpenFile(t.path, os.O_RDONLY|flags, 0); err != nil {
		return err
	}
	err = t.spool.disk.Allocate(t.writer, sizeBytes)
	switch {
	case err == nil:
		t.allocated = true
		t.room.giveBack()
	case errors.Is(err, unix.EOPNOTSUPP):
		// The claim stays and shrinks as the file is written.
		err = nil
	}
	return t.full(err, sizeBytes)
}

// full makes the disk's own word that it is full an *ErrNoSpace.
func (t *temp) full(err error, sizeBytes int64) error {
	if !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT) {
		return err
	}
	free, _, freeErr := t.spool.Free()
	return errors.Join(&ErrNoSpace{NeedBytes: sizeBytes + t.spool.reserveBytes, FreeBytes: free}, freeErr)
}

// write puts b, a multiple of seal.Block, at the offset.
func (t *temp) write(b []byte, at int64) error {
	if err := t.spool.disk.Write(t.writer, b, at); err != nil {
		return fmt.Errorf("write to the spool: %w", t.full(err, int64(len(b))))
	}
	if !t.allocated {
		t.room.took(int64(len(b)))
	}
	return nil
}

// readBack fills b with what the disk holds at the offset.
func (t *temp) readBack(b []byte, at int64) error {
	if !t.spool.direct {
		if err := t.spool.disk.Settle(t.writer, at, int64(len(b))); err != nil {
			return fmt.Errorf("force the spool's file to the disk: %w", err)
		}
	}
	poison(b)
	if err := t.spool.disk.ReadBack(t.reader, b, at); err != nil {
		return fmt.Errorf("read the spool's file back: %w", err)
	}
	return nil
}

// sync makes the content durable. A failure is ErrSync.
func (t *temp) sync() error {
	return t.spool.acknowledged(t.spool.disk.Sync(t.writer))
}

// close ends writing; the file stays.
func (t *temp) close() error {
	t.room.giveBack()
	var errs []error
	for _, f := range []*os.File{t.writer, t.reader} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// discard removes the file and gives its space back.
func (t *temp) discard() error {
	err := t.close()
	if t.writer == nil {
		return err
	}
	return errors.Join(err, t.spool.disk.Remove(t.path))
}
