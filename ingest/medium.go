package ingest

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// medium is every operation by which the spool changes its disk or learns from
// it what is there. There is one real one, kernel; tests put faults in front.
type medium interface {
	// Allocate reserves sizeBytes for the file and sets its length.
	Allocate(f *os.File, sizeBytes int64) error
	// Write writes all of b at the offset.
	Write(f *os.File, b []byte, at int64) error
	// Settle makes sure that what was written in the range is read from the disk
	// next time; only used where there is no direct I/O.
	Settle(f *os.File, at, sizeBytes int64) error
	// ReadBack fills all of b from the offset.
	ReadBack(f *os.File, b []byte, at int64) error
	// Sync makes the file's content durable, SyncDir a directory's names.
	Sync(f *os.File) error
	SyncDir(dir *os.File) error
	// Rename gives a file its new name, never over an existing one (fs.ErrExist).
	Rename(from, to string) error
	// Remove takes a name away.
	Remove(path string) error
	// Space is what the filesystem of dir has left for the station, in bytes.
	Space(dir *os.File) (freeBytes int64, err error)
}

// kernel is the medium that is a filesystem of this machine.
type kernel struct{}

func (kernel) Allocate(f *os.File, sizeBytes int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, sizeBytes)
	for err == unix.EINTR {
		err = unix.Fallocate(int(f.Fd()), 0, 0, sizeBytes)
	}
	return os.NewSyscallError("fallocate", err)
}

func (kernel) Write(f *os.File, b []byte, at int64) error {
	n, err := f.WriteAt(b, at)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// Settle forces the range out before it drops it: dirty pages would stay.
func (kernel) Settle(f *os.File, at, sizeBytes int64) error {
	const writeOut = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	if err := unix.SyncFileRange(int(f.Fd()), at, sizeBytes, writeOut); err != nil {
		return os.NewSyscallError("sync_file_range", err)
	}
	return os.NewSyscallError("fadvise", unix.Fadvise(int(f.Fd()), at, sizeBytes, unix.FADV_DONTNEED))
}

func (kernel) ReadBack(f *os.File, b []byte, at int64) error {
	n, err := f.ReadAt(b, at)
	if n != len(b) {
		return fmt.Errorf("read back %d of %d bytes: %w", n, len(b), err)
	}
	return nil
}

func (kernel) Sync(f *os.File) error { return f.Sync() }

func (kernel) SyncDir(dir *os.File) error { return dir.Sync() }

func (kernel) Rename(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if err != nil {
		return &os.LinkError{Op: "renameat2", Old: from, New: to, Err: err}
	}
	return nil
}

func (kernel) Remove(path string) error { return os.Remove(path) }

func (kernel) Space(dir *os.File) (freeBytes int64, err error) {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &st); err != nil {
		return 0, os.NewSyscallError("fstatfs", err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// directIO reports whether the file can be read and written past the page
// cache in units that blocks are multiples of. Only the filesystem's own word
// counts: some accept O_DIRECT and cache all the same.
func directIO(f *os.File, alignment uint32) bool {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &st)
	return err == nil && st.Mask&unix.STATX_DIOALIGN != 0 &&
		st.Dio_mem_align > 0 && alignment%st.Dio_mem_align == 0 &&
		st.Dio_offset_align > 0 && alignment%st.Dio_offset_align == 0
}
