package kiosk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	socketName = "berth.sock"
	lockName   = "berth.sock.lock"
	// maxAddress is the longest path that fits the kernel's sockaddr_un with its final zero.
	maxAddress = 107
)

// ErrInUse says that another station runs in this data directory.
var ErrInUse = errors.New("another station runs in this data directory")

// SocketPath is where the station that keeps its data in dir listens.
func SocketPath(dir string) string { return filepath.Join(dir, socketName) }

// atAddress calls do with an address of the socket in dir that fits the
// kernel's limit of 108 bytes: a longer path is reached through a descriptor of
// its directory.
func atAddress(dir string, do func(address string) error) error {
	if path := SocketPath(dir); len(path) <= maxAddress {
		return do(path)
	}
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(fd)
	return do(fmt.Sprintf("/proc/self/fd/%d/%s", fd, socketName))
}

// listen makes the socket as Listen says. Closing the listener removes it.
func listen(dir string) (net.Listener, error) {
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", dir, err)
	}
	// The lock lives as long as the listener: two stations that start at once
	// cannot both find the same socket stale.
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("listen in %s: %w", dir, ErrInUse)
		}
		return nil, fmt.Errorf("listen in %s: lock: %w", dir, err)
	}
	l := &listener{dir: dir, lock: lock}
	if err := atAddress(dir, l.replace); err != nil {
		lock.Close()
		return nil, fmt.Errorf("listen in %s: %w", dir, err)
	}
	return l, nil
}

type listener struct {
	*net.UnixListener
	dir  string
	lock *os.File

	once   sync.Once
	closed error // what the first Close said; guarded by once
}

// replace binds address, after removing a socket at which nobody answers.
func (l *listener) replace(address string) error {
	if conn, err := net.Dial("unix", address); err == nil {
		conn.Close()
		return ErrInUse
	}
	if err := os.Remove(address); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// The mode is set before bind creates the file, so that there is no moment
	// at which others could connect.
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }), err)
	}}
	bound, err := config.Listen(context.Background(), "unix", address)
	if err != nil {
		return err
	}
	l.UnixListener = bound.(*net.UnixListener)
	l.UnixListener.SetUnlinkOnClose(false) // the address may name a descriptor that is closed by then
	return nil
}

// Close stops listening and removes the socket. The lock file stays: removing
// it would let two stations lock two files of one name.
func (l *listener) Close() error {
	l.once.Do(func() {
		l.closed = errors.Join(os.Remove(SocketPath(l.dir)), l.UnixListener.Close(), l.lock.Close())
	})
	return l.closed
}
