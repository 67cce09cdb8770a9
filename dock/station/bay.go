package station

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"berth/dock"
)

// reopenAfter is how long a bay waits before it opens a camera again that
// could not be opened or failed as a whole.
const reopenAfter = 5 * time.Second

// bay is one slot: a goroutine that serves whatever is plugged into it.
type bay struct {
	station  *Station
	name     dock.BayName
	priority bool

	mu      sync.Mutex
	here    *dock.Attachment // guarded by mu; what the bus says
	trouble string           // guarded by mu; what the bus says a person must see to
	replug  chan struct{}    // guarded by mu; closed when here changes
	shown   dock.BayStatus   // guarded by mu
	meter   meter            // guarded by mu
}

func newBay(s *Station, b Bay) *bay {
	return &bay{
		station: s, name: b.Name, priority: b.Priority, replug: make(chan struct{}),
		shown: dock.BayStatus{Bay: b.Name, State: dock.BayEmpty},
	}
}

// plugged tells the bay what is attached now; nil for nothing.
func (b *bay) plugged(at *dock.Attachment, trouble string) {
	b.mu.Lock()
	same := generation(at) == generation(b.here)
	if !same {
		b.here = at
		close(b.replug)
		b.replug = make(chan struct{})
	}
	news := !same || b.trouble != trouble
	b.trouble = trouble
	b.mu.Unlock()
	if news {
		b.station.changed.beat()
	}
}

func generation(at *dock.Attachment) dock.Generation {
	if at == nil {
		return 0
	}
	return at.Generation
}

func (b *bay) attachment() (*dock.Attachment, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.here, b.replug
}

// run serves one attachment after the other until ctx ends.
func (b *bay) run(ctx context.Context) error {
	for ctx.Err() == nil {
		at, replug := b.attachment()
		if at == nil {
			b.show(func(s *dock.BayStatus) { *s = dock.BayStatus{Bay: b.name, State: dock.BayEmpty} })
			select {
			case <-ctx.Done():
			case <-replug:
			}
			continue
		}
		if err := b.serve(ctx, *at, replug); err != nil {
			return fmt.Errorf("bay %s: %w", b.name, err)
		}
	}
	return ctx.Err()
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
	for here.Err() == nil {
		err := b.dock(here, at)
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
		pause(here, reopenAfter, nil)
	}
	return nil
}

// dock opens the camera and walks it along the way until it leaves.
func (b *bay) dock(ctx context.Context, at dock.Attachment) error {
	b.show(func(s *dock.BayStatus) {
		*s = dock.BayStatus{Bay: b.name, State: dock.BayReading, Doing: "looking at the camera"}
	})
	for _, driver := range b.station.o.Drivers {
		if !driver.Match(at) {
			continue
		}
		camera, err := driver.Open(ctx, at)
		if err != nil {
			return fmt.Errorf("open with driver %s: %w", driver.Name(), err)
		}
		defer camera.Close()
		d, err := b.begin(ctx, at, camera)
		if err != nil {
			return err
		}
		defer d.leave()
		return d.end(ctx, d.run(ctx))
	}
	b.show(func(s *dock.BayStatus) { s.State, s.Doing = dock.BayNotACamera, "" })
	<-ctx.Done()
	return dock.ErrGone
}

// show changes what Status says of the bay.
func (b *bay) show(change func(*dock.BayStatus)) {
	b.mu.Lock()
	before := b.shown
	change(&b.shown)
	news := b.shown != before
	b.mu.Unlock()
	if news {
		b.station.changed.beat()
	}
}

// pause waits until the time is over, wake fires or ctx ends, and reports
// whether wake fired.
func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	if d <= 0 {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
		return true
	}
	return false
}

// plain is an error as a sentence for a person at the bay.
func plain(err error) string {
	switch {
	case errors.Is(err, dock.ErrGone):
		return "it was unplugged"
	case errors.Is(err, dock.ErrLimit):
		return "it lists more than a camera can hold"
	}
	return err.Error()
}
