package sim

import (
	"bytes"
	"encoding/binary"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// watcher is told by the kernel what leaves a directory (inotify): at once, and
// even if it comes back before anybody looks. The kernel tells only what
// happens on this machine and may lose events, so it replaces no polling.
type watcher struct {
	queue *os.File
	hint  func()

	mu     sync.Mutex
	dirs   map[int32]string           // watch descriptor to directory; guarded by mu
	left   map[string]map[string]bool // names that left, by directory; guarded by mu
	buffer []byte                     // guarded by mu
}

const (
	leaving  = unix.IN_MOVED_FROM | unix.IN_DELETE
	arriving = unix.IN_MOVED_TO | unix.IN_CREATE
	itself   = unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_UNMOUNT
)

// anything stands among the names that left for whatever was there.
const anything = ""

// newWatcher returns nil where the kernel has no watcher left to give.
func newWatcher(hint func()) *watcher {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil
	}
	return &watcher{
		queue: os.NewFile(uintptr(fd), "inotify"), hint: hint,
		dirs: map[int32]string{}, left: map[string]map[string]bool{}, buffer: make([]byte, 64<<10),
	}
}

func (w *watcher) close() error { return w.queue.Close() }

// run gives a hint for every change until close.
func (w *watcher) run() {
	control, err := w.queue.SyscallConn()
	for err == nil {
		// Returning false waits until the queue has something; its error is that
		// of a closed queue.
		err = control.Read(func(fd uintptr) bool { return w.take(int(fd)) })
		w.hint()
	}
}

// departures watches directory, takes what the queue holds and returns the
// names that left since the last call. It is called before looking into the
// directory, so that what left before the look is never taken for leaving
// after it.
func (w *watcher) departures(directory string) map[string]bool {
	control, err := w.queue.SyscallConn()
	if err != nil {
		return nil
	}
	// A directory that cannot be watched is polled only; so is one that is asked
	// for after close.
	_ = control.Control(func(fd uintptr) {
		for w.take(int(fd)) {
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		id, err := unix.InotifyAddWatch(int(fd), directory, leaving|arriving|itself|unix.IN_ONLYDIR)
		if err != nil {
			return
		}
		for other, same := range w.dirs { // an earlier directory of this path
			if same == directory && other != int32(id) {
				delete(w.dirs, other)
				unix.InotifyRmWatch(int(fd), uint32(other))
			}
		}
		w.dirs[int32(id)] = directory
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	names := w.left[directory]
	delete(w.left, directory)
	return names
}

// take reads one batch of events; false if there is none.
func (w *watcher) take(fd int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := unix.Read(fd, w.buffer)
	if err != nil || n <= 0 {
		return err == unix.EINTR
	}
	for rest := w.buffer[:n]; len(rest) >= unix.SizeofInotifyEvent; {
		id := int32(binary.NativeEndian.Uint32(rest))
		mask := binary.NativeEndian.Uint32(rest[4:])
		length := int(binary.NativeEndian.Uint32(rest[12:]))
		name, _, _ := bytes.Cut(rest[unix.SizeofInotifyEvent:][:length], []byte{0})
		rest = rest[unix.SizeofInotifyEvent+length:]
		w.note(fd, id, mask, string(name))
	}
	return true
}

// note remembers departures; w.mu is held. A directory that was itself moved
// or removed is no longer the bay's: its watch would follow it.
func (w *watcher) note(fd int, id int32, mask uint32, name string) {
	directory, known := w.dirs[id]
	if !known {
		return
	}
	if mask&itself != 0 {
		name = anything
		delete(w.dirs, id)
		unix.InotifyRmWatch(fd, uint32(id))
	}
	if mask&(leaving|itself) == 0 {
		return
	}
	if w.left[directory] == nil {
		w.left[directory] = map[string]bool{}
	}
	w.left[directory][name] = true
}
