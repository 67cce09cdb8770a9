package massstorage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"berth/dock"
	"berth/usb/filetree"
	"berth/usb/privileged"
)

// suspendable is something open below a mount that lets go of it when asked.
type suspendable interface{ suspend() }

// Open reads an entry from offset on. The reader outlives the mount that it was
// opened on: whenever that has to end, it goes on with the next one from where
// it was, if the object is still the same.
func (c *camera) Open(ctx context.Context, e dock.Entry, offset int64) (io.ReadCloser, error) {
	if err := c.start(ctx); err != nil {
		return nil, fmt.Errorf("open object on camera: %w", err)
	}
	defer c.mu.Unlock()
	v, err := c.readable(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("open object on camera: %w", err)
	}
	content, err := v.tree.Open(ctx, e, offset)
	if err != nil {
		return nil, err
	}
	r := &reader{volume: v, entry: e, offset: offset, content: content}
	v.opened(r, e)
	return r, nil
}

// readable is the volume of an entry, mounted for reading.
func (c *camera) readable(ctx context.Context, e dock.Entry) (*volume, error) {
	v, err := c.volumeOf(e)
	if err != nil {
		return nil, err
	}
	return v, v.ready(ctx, privileged.ReadOnly)
}

// opened keeps what is open below the present mount, and that e was read there.
func (v *volume) opened(r suspendable, e dock.Entry) {
	v.touched[e.Handle] = true
	v.mu.Lock()
	defer v.mu.Unlock()
	v.readers[r] = true
}

func (v *volume) closedReader(r suspendable) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.readers, r)
}

// reader gives the content of one entry across mounts. One goroutine reads;
// Close and suspend may be called by others.
type reader struct {
	volume *volume
	entry  dock.Entry
	offset int64 // what was read up to
	err    error // how reading ended; stays

	mu      sync.Mutex
	content io.ReadCloser // nil while suspended; guarded by mu
	closed  bool          // guarded by mu
}

func (r *reader) suspend() {
	r.mu.Lock()
	content := r.content
	r.content = nil
	r.mu.Unlock()
	if content != nil {
		// What it would say of the object is asked again when reading goes on.
		_ = content.Close()
	}
}

// present is what to read from now, opened anew if it was suspended.
func (r *reader) present() (io.ReadCloser, error) {
	r.mu.Lock()
	content, closed := r.content, r.closed
	r.mu.Unlock()
	if closed {
		return nil, os.ErrClosed
	}
	if content != nil {
		return content, nil
	}
	c := r.volume.camera
	if err := c.start(context.Background()); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	v, err := c.readable(context.Background(), r.entry)
	if err != nil {
		return nil, err
	}
	content, err = v.tree.Open(context.Background(), r.entry, r.offset)
	if err != nil {
		return nil, err
	}
	v.touched[r.entry.Handle] = true
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.Join(os.ErrClosed, content.Close())
	}
	r.content = content
	return content, nil
}

// Read reads on.
func (r *reader) Read(p []byte) (int, error) {
	for r.err == nil {
		content, err := r.present()
		if err != nil {
			r.err = fmt.Errorf("read object on camera: %w", err)
			break
		}
		n, err := content.Read(p)
		r.offset += int64(n)
		if errors.Is(err, os.ErrClosed) && r.wasSuspended(content) {
			err = nil
			if n == 0 {
				continue
			}
		}
		r.err = err
		return n, err
	}
	return 0, r.err
}

func (r *reader) wasSuspended(content io.ReadCloser) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.closed && r.content != content
}

// Close ends reading and says, if the end was not reached, whether the object
// is still the one that was listed.
func (r *reader) Close() error {
	r.volume.closedReader(r)
	r.mu.Lock()
	content := r.content
	r.content, r.closed = nil, true
	r.mu.Unlock()
	if content == nil {
		return nil
	}
	return content.Close()
}

// Reread reads the whole entry from the medium: past the cache where the
// filesystem vouches for that, or else through a mount on which it was not read
// yet. What is open below the mount that has to end for that goes on with the
// next one, but for other rereads, which fail.
func (c *camera) Reread(ctx context.Context, e dock.Entry) (io.ReadCloser, error) {
	const tried = "read object on camera again"
	if err := c.start(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", tried, err)
	}
	defer c.mu.Unlock()
	v, err := c.readable(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tried, err)
	}
	content, err := v.tree.Reread(ctx, e)
	if err != nil {
		return nil, err
	}
	if medium, ok := content.(filetree.Medium); v.touched[e.Handle] && !(ok && medium.FromMedium()) {
		_ = content.Close() // nothing was read from it
		if err := v.mountAnew(ctx, privileged.ReadOnly); err != nil {
			return nil, fmt.Errorf("%s: %w", tried, err)
		}
		if content, err = v.tree.Reread(ctx, e); err != nil {
			return nil, err
		}
	}
	r := &reread{volume: v, content: content}
	v.opened(r, e)
	return r, nil
}

// reread ends with the mount that it was opened on.
type reread struct {
	volume  *volume
	content io.ReadCloser
}

var _ filetree.Medium = (*reread)(nil)

// FromMedium is true always: see Reread.
func (r *reread) FromMedium() bool { return true }

func (r *reread) Read(p []byte) (int, error) { return r.content.Read(p) }

func (r *reread) suspend() { _ = r.content.Close() }

func (r *reread) Close() error {
	r.volume.closedReader(r)
	return r.content.Close()
}
