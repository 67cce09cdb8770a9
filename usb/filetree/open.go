package filetree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// checkEvery is how many bytes may pass before the root is looked for again: a
// descriptor goes on reading from a folder that was moved away.
const checkEvery = 256 << 10

// Open reads an entry from offset on, past the cache where the filesystem can:
// nobody reads it twice from there, and the cache costs a processor more than
// the disk's own transfer. The reader fails with dock.ErrGone once
// the root has left and with dock.ErrChanged instead of io.EOF, and from Close,
// if the object is no longer the one that was listed; it never returns more
// bytes than e.SizeBytes. It may be closed while another goroutine reads.
func (t *Tree) Open(ctx context.Context, e dock.Entry, offset int64) (io.ReadCloser, error) {
	const tried = "open object on camera"
	if offset < 0 || offset > e.SizeBytes {
		return nil, fmt.Errorf("%s: offset %d of %d bytes", tried, offset, e.SizeBytes)
	}
	file, err := t.openFile(ctx, tried, e, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	r := &reader{tree: t, entry: e, file: file, content: file, left: e.SizeBytes - offset}
	skip := int64(0)
	if directIO(int(file.Fd())) {
		skip = offset % directAlign
		r.readDirectly()
	}
	if _, err = file.Seek(offset-skip, io.SeekStart); err == nil {
		_, err = io.CopyN(io.Discard, r.content, skip)
	}
	if err != nil {
		return nil, errors.Join(t.failed(tried, err), r.Close())
	}
	return r, nil
}

// openFile opens the object of e, which it looked at first, so that nothing
// but a regular file with the right identity is ever opened, and none that is
// still being written.
func (t *Tree) openFile(ctx context.Context, tried string, e dock.Entry, flags int) (*os.File, error) {
	root, err := t.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tried, err)
	}
	defer unix.Close(root)
	looked, err := t.lookAt(root, e)
	if err != nil {
		return nil, t.failed(tried, err)
	}
	defer unix.Close(looked)
	fd, err := reopen(looked, flags)
	if err != nil {
		return nil, t.failed(tried, err)
	}
	if err := notWritten(fd); err != nil {
		unix.Close(fd)
		return nil, t.failed(tried, err)
	}
	return os.NewFile(uintptr(fd), "object on camera"), nil
}

// reader gives the content of one entry and no byte more.
type reader struct {
	tree    *Tree
	entry   dock.Entry
	file    *os.File
	content io.Reader // file itself, or what reads it past the cache
	release func()    // gives back what content needs; may be nil

	busy      sync.Mutex // held while reading; guards what follows
	left      int64      // bytes until the end that was listed
	unchecked int64      // bytes since the root was looked for
	err       error      // how reading ended; stays
}

func (r *reader) Read(p []byte) (int, error) {
	r.busy.Lock()
	defer r.busy.Unlock()
	if r.err != nil {
		return 0, r.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.read(p)
	r.err = err
	return n, err
}

func (r *reader) read(p []byte) (int, error) {
	const tried = "read object on camera"
	if r.left == 0 {
		if err := r.tree.confirm(tried, r.entry); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	if r.unchecked >= checkEvery {
		r.unchecked = 0
		if err := r.tree.attached(); err != nil {
			return 0, fmt.Errorf("%s: %w", tried, err)
		}
	}
	n, err := r.content.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	r.unchecked += int64(n)
	switch {
	case errors.Is(err, io.EOF): // before the end that was listed
		if err := r.tree.confirm(tried, r.entry); err != nil {
			return n, err
		}
		return n, fmt.Errorf("%s: %w", tried, io.ErrUnexpectedEOF)
	case err != nil:
		return n, r.tree.failed(tried, err)
	}
	return n, nil
}

// Close ends reading. If the end was not reached, it says whether the object
// is still the one that was listed. It does not wait for a read that a slow
// medium holds up, and leaves that one its buffer.
func (r *reader) Close() error {
	if !r.busy.TryLock() {
		return r.file.Close()
	}
	defer r.busy.Unlock()
	var changed error
	if r.err == nil {
		changed = r.tree.confirm("close object on camera", r.entry)
	}
	if r.release != nil && !errors.Is(r.err, os.ErrClosed) {
		r.release()
	}
	r.err = os.ErrClosed
	return errors.Join(changed, r.file.Close())
}
