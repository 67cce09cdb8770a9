package station

import (
	"context"
	"io"
	"sync"
	"time"

	"berth/dock"
)

// lookout knows whether something is being waited for from a camera, and since
// when nothing came. Safe for concurrent use.
type lookout struct {
	now func() time.Duration // since boot

	mu     sync.Mutex
	busy   int           // operations under way; guarded by mu
	phrase string        // what the latest of them is; guarded by mu
	sign   time.Duration // boot time of the last sign of life; guarded by mu
	wrote  bool          // something was erased: the camera may hold unwritten changes; guarded by mu
}

// begin notes that an operation is under way, until end.
func (w *lookout) begin(phrase string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy++
	w.phrase, w.sign = phrase, w.now()
}

func (w *lookout) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	w.sign = w.now()
}

// alive notes that something came.
func (w *lookout) alive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sign = w.now()
}

// writes notes that the camera may hold changes from now on.
func (w *lookout) writes() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrote = true
}

// silence is what a lookout saw at one moment.
type silence struct {
	doing string        // empty while nothing is waited for
	lasts time.Duration // since the last sign
	wrote bool
}

func (w *lookout) silence() silence {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy == 0 {
		return silence{wrote: w.wrote}
	}
	return silence{doing: w.phrase, lasts: w.now() - w.sign, wrote: w.wrote}
}

// camera is c under its eyes; what it can do beside reading, it still can.
func (w *lookout) camera(c dock.Camera) dock.Camera {
	base := watched{c, w}
	rereader, rereads := c.(dock.Rereader)
	eraser, erases := c.(dock.Eraser)
	switch {
	case rereads && erases:
		return struct {
			watched
			watchedRereader
			watchedEraser
		}{base, watchedRereader{rereader, w}, watchedEraser{eraser, w}}
	case rereads:
		return struct {
			watched
			watchedRereader
		}{base, watchedRereader{rereader, w}}
	case erases:
		return struct {
			watched
			watchedEraser
		}{base, watchedEraser{eraser, w}}
	}
	return base
}

type watched struct {
	camera dock.Camera
	w      *lookout
}

func (c watched) Info() dock.CameraInfo { return c.camera.Info() }

func (c watched) List(ctx context.Context) (dock.Listing, error) {
	c.w.begin("listing the camera")
	defer c.w.end()
	return c.camera.List(dock.WithSign(ctx, c.w.alive))
}

func (c watched) Open(ctx context.Context, e dock.Entry, offset int64) (io.ReadCloser, error) {
	c.w.begin("opening a recording")
	defer c.w.end()
	return c.w.reader(c.camera.Open(dock.WithSign(ctx, c.w.alive), e, offset))
}

func (c watched) Close() error {
	c.w.begin("letting go of the camera")
	defer c.w.end()
	return c.camera.Close()
}

type watchedRereader struct {
	camera dock.Rereader
	w      *lookout
}

func (c watchedRereader) Reread(ctx context.Context, e dock.Entry) (io.ReadCloser, error) {
	c.w.begin("opening a recording for the second time")
	defer c.w.end()
	return c.w.reader(c.camera.Reread(dock.WithSign(ctx, c.w.alive), e))
}

type watchedEraser struct {
	camera dock.Eraser
	w      *lookout
}

func (c watchedEraser) Erase(ctx context.Context, e dock.Entry, clearance dock.Clearance) error {
	c.w.begin("erasing")
	defer c.w.end()
	c.w.writes()
	return c.camera.Erase(dock.WithSign(ctx, c.w.alive), e, clearance)
}

func (w *lookout) reader(content io.ReadCloser, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	return &watchedReader{content, w}, nil
}

type watchedReader struct {
	content io.ReadCloser
	w       *lookout
}

func (r *watchedReader) Read(p []byte) (int, error) {
	r.w.begin("reading")
	defer r.w.end()
	return r.content.Read(p)
}

func (r *watchedReader) Close() error {
	r.w.begin("closing a recording")
	defer r.w.end()
	return r.content.Close()
}
