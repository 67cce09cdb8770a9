package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"berth/dock"
)

const (
	// pace is what a camera on a USB 2 port that it shares gives, in bytes a second.
	pace = 12_000_000
	// pacedChunk is how much of it comes at a time.
	pacedChunk = 64 << 10
	// stalled is how long ready data may wait for its reader.
	stalled = time.Second
)

// pacedCamera is a camera that gives one recording at its own pace, whether
// somebody reads or not, from a clock that starts with its first read.
type pacedCamera struct {
	name      string
	sizeBytes int64
	block     []byte // its content, again and again; several cameras share it

	mu         sync.Mutex
	began      time.Time     // guarded by mu: when the first byte set out
	longest    time.Duration // guarded by mu: that ready data waited for its reader
	stalls     int           // guarded by mu: how often that became too long
	behind     bool          // guarded by mu: it is now
	verifyLag  time.Duration // guarded by mu: the longest from a byte's coming to its verification
	lastLag    time.Duration // guarded by mu: the same for the recording's last byte
	durableLag time.Duration // guarded by mu: from the last byte to the end of the pull
}

var _ dock.Camera = (*pacedCamera)(nil)

func (c *pacedCamera) Info() dock.CameraInfo {
	return dock.CameraInfo{ID: dock.CameraID(c.name), Basis: "usb-serial"}
}

func (c *pacedCamera) List(context.Context) (dock.Listing, error) {
	return dock.Listing{Clean: true, UsedBytes: c.sizeBytes, Entries: []dock.Entry{{
		Handle: "1", Name: "0001.mp4", SizeBytes: c.sizeBytes, Identity: "1", Known: true,
	}}}, nil
}

func (c *pacedCamera) Open(ctx context.Context, _ dock.Entry, offset int64) (io.ReadCloser, error) {
	if offset != 0 {
		return nil, errors.New("a paced camera is read once, from its beginning")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began = time.Now()
	return &pacedReader{ctx: ctx, camera: c}, nil
}

func (c *pacedCamera) Close() error { return nil }

// due is when the camera has given the first n bytes.
func (c *pacedCamera) due(n int64) time.Time {
	return c.began.Add(time.Duration(float64(n) / pace * float64(time.Second)))
}

// verified is told how many bytes are verified now.
func (c *pacedCamera) verified(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lag := time.Since(c.due(n))
	c.verifyLag = max(c.verifyLag, lag)
	if n == c.sizeBytes {
		c.lastLag = lag
	}
}

// finished is told that the recording is durable and journalled.
func (c *pacedCamera) finished() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.durableLag = time.Since(c.due(c.sizeBytes))
}

// waited notes how long data had been ready when its reader came; less than
// nothing if the reader came first.
func (c *pacedCamera) waited(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.longest = max(c.longest, d)
	if d > stalled && !c.behind {
		c.stalls++
	}
	c.behind = d > stalled
}

type pacedReader struct {
	ctx    context.Context
	camera *pacedCamera
	given  int64
}

func (r *pacedReader) Read(p []byte) (int, error) {
	c := r.camera
	left := c.sizeBytes - r.given
	if left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), pacedChunk, left)
	ready := c.due(r.given + n)
	wait := time.Until(ready)
	c.waited(-wait)
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
	}
	at := int(r.given % int64(len(c.block)))
	n = int64(copy(p[:n], c.block[at:]))
	r.given += n
	return int(n), nil
}

func (r *pacedReader) Close() error { return nil }
