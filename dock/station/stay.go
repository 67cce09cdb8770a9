package station

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"berth/dock"
)

const (
	// reopenAfter is how long a bay waits before it opens a camera again that
	// could not be opened or failed as a whole, at first. It doubles up to
	// maxBackoff.
	reopenAfter = 5 * time.Second
	// goneGrace is how long a bay waits for whoever still asks a camera that left.
	goneGrace = time.Second
	// stopGrace is the same at the station's stop, where only the camera's port
	// can end what the kernel keeps: a camera that answers is never cut off.
	stopGrace = 7 * time.Second
	// writtenGrace is the same for a camera that was erased from: it may be
	// writing, and its port is not switched.
	writtenGrace = 12 * time.Second
	// lateGrace is what everything late is given at the very end of a stop.
	lateGrace = time.Second
)

// stay serves one attachment, once: in a goroutine of its own that a hanging
// camera may keep, while the bay goes on.
type stay struct {
	bay     *bay
	lookout *lookout

	mu      sync.Mutex
	left    string   // why nobody waits for it any longer; empty while somebody does; guarded by mu
	docking *docking // guarded by mu; nil before the camera is identified
}

// serve docks the attachment until it leaves. A camera that cannot be served
// is tried again for as long as it stays.
func (b *bay) serve(ctx context.Context, at dock.Attachment, replug <-chan struct{}) error {
	here, unplug := context.WithCancelCause(ctx)
	defer unplug(nil)
	stop := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-replug:
			unplug(dock.ErrGone)
		case <-stop:
		}
	})
	defer watcher.Wait()
	defer close(stop)
	for try := 0; here.Err() == nil; try++ {
		b.leaveAlone(here)
		began := b.now()
		err := b.attempt(here, at)
		if fatal(err) {
			return err
		}
		if err != nil && !errors.Is(err, dock.ErrGone) && here.Err() == nil {
			b.station.o.Log.Warn("docking ended", "bay", b.name, "error", err)
			b.show(func(s *dock.BayStatus) {
				s.State, s.Doing = dock.BayAttention, ""
				s.Attention = "the camera cannot be read: " + plain(err)
			})
		}
		if b.now()-began > maxBackoff {
			try = 0 // it was served well for a while
		}
		pause(here, min(reopenAfter<<min(try, 6), maxBackoff), nil)
	}
	return nil
}

// leaveAlone waits for as long as a camera that hung is not to be tried again.
func (b *bay) leaveAlone(here context.Context) {
	const hung = "the camera gave no data for %v and was cut off"
	if b.patience.exhausted() {
		b.show(func(s *dock.BayStatus) {
			*s = dock.BayStatus{Bay: b.name, State: dock.BayAttention, Attention: fmt.Sprintf(hung+", %d times: take it out and have it looked at",
				b.patience.limit, b.patience.hung)}
		})
		<-here.Done()
		return
	}
	for wait := b.patience.notNow - b.now(); wait > 0 && here.Err() == nil; wait = b.patience.notNow - b.now() {
		b.show(func(s *dock.BayStatus) {
			*s = dock.BayStatus{Bay: b.name, State: dock.BayReading, Doing: fmt.Sprintf(hung+"; it is tried again", b.patience.limit)}
		})
		pause(here, wait, nil)
	}
}

// attempt serves the attachment once, and cuts it off if it hangs.
func (b *bay) attempt(here context.Context, at dock.Attachment) error {
	if here.Err() != nil {
		return context.Cause(here)
	}
	y := &stay{bay: b, lookout: &lookout{now: b.now}}
	b.isServing(y)
	defer b.isServing(nil)
	work := b.station.errands.begin(func() error { return y.run(here, at) })
	for {
		now, silent := b.now(), y.lookout.silence()
		hangs, again := b.patience.due(now, silent)
		if hangs {
			b.patience.hangs(now, at)
			b.cutOff(here, y, silent, at)
			continue
		}
		if ended := waitFor(here, work, again); ended {
			return work.err
		}
		if here.Err() != nil {
			return b.part(here, y, work, at)
		}
	}
}

// waitFor waits until the work ended, here ends or limit is over; 0 is for ever.
func waitFor(here context.Context, work *errand, limit time.Duration) (ended bool) {
	if limit > 0 {
		limited, cancel := context.WithTimeout(here, limit)
		defer cancel()
		here = limited
	}
	select {
	case <-work.done:
		return true
	case <-here.Done():
		return false
	}
}

// run opens the camera and walks it along the way until it leaves.
func (y *stay) run(ctx context.Context, at dock.Attachment) error {
	y.show(func(s *dock.BayStatus) {
		*s = dock.BayStatus{Bay: y.bay.name, State: dock.BayReading, Doing: "looking at the camera"}
	})
	for _, driver := range y.bay.station.o.Drivers {
		if !driver.Match(at) {
			continue
		}
		camera, err := y.open(ctx, driver, at)
		if err != nil {
			return fmt.Errorf("open with driver %s: %w", driver.Name(), err)
		}
		defer camera.Close()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d, err := y.begin(ctx, at, camera)
		if err != nil {
			return err
		}
		return y.walk(ctx, d)
	}
	y.show(func(s *dock.BayStatus) { s.State, s.Doing = dock.BayNotACamera, "" })
	<-ctx.Done()
	return dock.ErrGone
}

func (y *stay) open(ctx context.Context, driver dock.Driver, at dock.Attachment) (dock.Camera, error) {
	y.lookout.begin("opening the camera")
	defer y.lookout.end()
	camera, err := driver.Open(dock.WithSign(ctx, y.lookout.alive), at)
	if err != nil {
		return nil, err
	}
	return y.lookout.camera(camera), nil
}

// walk runs the docking to its end, unless nobody waits for that any longer.
func (y *stay) walk(ctx context.Context, d *docking) error {
	y.mu.Lock()
	y.docking = d
	left := y.left
	y.mu.Unlock()
	if left != "" {
		return d.leave(ctx, left)
	}
	err := d.run(ctx)
	return errors.Join(err, d.leave(ctx, reasonOf(err)))
}

// show changes what Status says of the bay, while this is whom it serves.
func (y *stay) show(change func(*dock.BayStatus)) {
	y.bay.mu.Lock()
	news := y.bay.serving == y && y.bay.change(change)
	y.bay.mu.Unlock()
	if news {
		y.bay.station.changed.beat()
	}
}

func (b *bay) isServing(y *stay) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serving = y
}
