package station

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"berth/dock"
)

// bay is one slot: a goroutine that serves whatever is plugged into it.
type bay struct {
	station  *Station
	name     dock.BayName
	priority bool

	patience  patience // owned by the bay's goroutine
	switching *errand  // the latest switching of the port, nil for none; owned by the bay's goroutine

	mu      sync.Mutex
	here    *dock.Attachment // guarded by mu; what the bus says
	trouble trouble          // guarded by mu; what the bus says a person must see to
	replug  chan struct{}    // guarded by mu; closed when here changes
	serving *stay            // guarded by mu; who may change what is shown
	shown   dock.BayStatus   // guarded by mu
	meter   meter            // guarded by mu
}

// trouble is what a person must see to, in the bus's words.
type trouble struct {
	text       string // empty for nothing
	notACamera bool
}

func newBay(s *Station, b Bay) *bay {
	return &bay{
		station: s, name: b.Name, priority: b.Priority, replug: make(chan struct{}),
		shown: dock.BayStatus{Bay: b.Name, State: dock.BayEmpty}, patience: patience{limit: s.o.Stall},
	}
}

// plugged tells the bay what is attached now; nil for nothing.
func (b *bay) plugged(at *dock.Attachment, trouble trouble) {
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
			b.await(ctx, replug)
			continue
		}
		b.patience.meets(b.now(), *at)
		if err := b.serve(ctx, *at, replug); err != nil {
			return fmt.Errorf("bay %s: %w", b.name, err)
		}
	}
	return ctx.Err()
}

// await waits until something is plugged in. A camera that was cut off and does
// not come back is not called an empty bay: it may be in it still.
func (b *bay) await(ctx context.Context, replug <-chan struct{}) {
	shown := dock.BayStatus{Bay: b.name, State: dock.BayEmpty}
	if b.patience.expected {
		const cut = "the camera gave no data and was cut off"
		b.show(func(s *dock.BayStatus) {
			*s = dock.BayStatus{Bay: b.name, State: dock.BayReading, Doing: cut + "; it should come back by itself"}
		})
		if pause(ctx, returns, replug) {
			return
		}
		shown.State, shown.Attention = dock.BayAttention, cut+", and did not come back: take it out and dock it again"
	}
	b.show(func(s *dock.BayStatus) { *s = shown })
	select {
	case <-ctx.Done():
	case <-replug:
	}
}

func (b *bay) now() time.Duration { return b.station.now() }

// show changes what Status says of the bay.
func (b *bay) show(change func(*dock.BayStatus)) {
	b.mu.Lock()
	news := b.change(change)
	b.mu.Unlock()
	if news {
		b.station.changed.beat()
	}
}

// change is show, with b.mu held; it reports whether there is news.
func (b *bay) change(change func(*dock.BayStatus)) bool {
	before := b.shown
	change(&b.shown)
	return b.shown != before
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
