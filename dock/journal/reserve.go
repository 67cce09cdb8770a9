package journal

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const reserveBytes = 16 << 20

// reserve is disk space kept for the moment when there is none left: a file
// that is removed so that the journal can still commit. For the holder of the
// writer's turn.
type reserve struct {
	path string
	held bool
	log  *slog.Logger
}

func openReserve(path string, log *slog.Logger) *reserve {
	r := &reserve{path: path, log: log}
	if info, err := os.Stat(path); err == nil && info.Size() == reserveBytes {
		r.held = true
		return r
	}
	if err := r.fill(); err != nil {
		log.Warn("journal has no disk reserve", "error", err)
	}
	return r
}

// fill allocates the file anew; a half-filled one is removed again.
func (r *reserve) fill() error {
	f, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), 0, 0, reserveBytes)
	if errors.Is(err, unix.EOPNOTSUPP) {
		// Zeros take as much space where nothing compresses them away.
		_, err = f.Write(make([]byte, reserveBytes))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(r.path))
	}
	r.held = true
	return nil
}

// release gives the space back to the filesystem and reports whether there was any.
func (r *reserve) release() bool {
	if !r.held {
		return false
	}
	if err := os.Remove(r.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.log.Error("release the journal's disk reserve", "error", err)
		return false
	}
	r.held = false
	r.log.Warn("disk is full: the journal uses its reserve")
	return true
}

// refill takes the space again once there is several times as much.
func (r *reserve) refill() {
	if r.held {
		return
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(r.path), &disk); err != nil {
		return
	}
	if int64(disk.Bavail)*disk.Bsize < 4*reserveBytes {
		return
	}
	if err := r.fill(); err != nil {
		r.log.Warn("journal has no disk reserve", "error", err)
	}
}
