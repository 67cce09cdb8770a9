package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"berth/dock"
)

// fakeCamera is the narrow edge of the hardware: it gives content, and fails
// as a script says. Its fields are set between uses.
type fakeCamera struct {
	info    dock.CameraInfo
	content []byte

	breakAt int64         // at this byte of the content ...
	fault   error         // ... this happens; nil: the content ends there
	reached chan struct{} // if set, closed at breakAt; then reading waits for goOn, and goes on without a fault
	goOn    chan struct{}
	openErr error

	mu     sync.Mutex
	opened []int64 // offsets
	read   int64   // bytes given
	closed int
}

var errCable = errors.New("bad cable")

func newCamera(id string, content []byte) *fakeCamera {
	return &fakeCamera{info: dock.CameraInfo{ID: dock.CameraID(id), Basis: "usb-serial"}, content: content, breakAt: -1}
}

func (c *fakeCamera) Info() dock.CameraInfo { return c.info }

func (c *fakeCamera) List(context.Context) (dock.Listing, error) { return dock.Listing{}, errCable }

func (c *fakeCamera) Close() error { return nil }

func (c *fakeCamera) Open(_ context.Context, _ dock.Entry, offset int64) (io.ReadCloser, error) {
	if c.openErr != nil {
		return nil, c.openErr
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened = append(c.opened, offset)
	return &fakeReader{camera: c, at: offset, rest: bytes.NewReader(c.content[offset:])}, nil
}

// Reread makes the fake a dock.Rereader.
func (c *fakeCamera) Reread(ctx context.Context, e dock.Entry) (io.ReadCloser, error) {
	return c.Open(ctx, e, 0)
}

type fakeReader struct {
	camera *fakeCamera
	at     int64
	rest   *bytes.Reader
}

// Read gives odd lengths, so that nothing may rely on whole segments.
func (r *fakeReader) Read(p []byte) (int, error) {
	c := r.camera
	if c.breakAt >= 0 && r.at == c.breakAt {
		paused := c.reached != nil
		if paused {
			close(c.reached)
			c.reached = nil
			<-c.goOn
		}
		if c.fault != nil {
			return 0, c.fault
		}
		if !paused {
			return 0, io.EOF
		}
	}
	p = p[:min(len(p), 77_777)]
	if c.breakAt > r.at {
		p = p[:min(int64(len(p)), c.breakAt-r.at)]
	}
	n, err := r.rest.Read(p)
	r.at += int64(n)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read += int64(n)
	return n, err
}

func (r *fakeReader) Close() error {
	r.camera.mu.Lock()
	defer r.camera.mu.Unlock()
	r.camera.closed++
	return nil
}

// plainCamera hides that the fake can be read a second time.
type plainCamera struct{ dock.Camera }
