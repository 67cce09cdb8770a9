package usb

import (
	"context"
	"errors"
	"sync"

	"berth/dock"
)

// Joined is several buses as one. Safe for concurrent use.
type Joined struct {
	buses   []Bus
	changed chan struct{}
	stop    context.CancelFunc
	done    sync.WaitGroup

	mu    sync.Mutex
	given map[place]dock.Generation // guarded by mu: what is attached now
	last  dock.Generation           // guarded by mu: the last one given
}

var _ Bus = (*Joined)(nil)

// place is an attachment as its own bus numbers it.
type place struct {
	bus        int
	bay        dock.BayName
	generation dock.Generation
}

// Join makes one bus of several, whose bays must differ. Close it before them.
func Join(buses ...Bus) *Joined {
	ctx, stop := context.WithCancel(context.Background())
	j := &Joined{buses: buses, changed: make(chan struct{}, 1), stop: stop, given: map[place]dock.Generation{}}
	for _, bus := range buses {
		j.done.Go(func() { j.follow(ctx, bus.Changed()) })
	}
	return j
}

// Close stops passing on hints and waits until nothing of it runs. The buses
// stay open.
func (j *Joined) Close() error {
	j.stop()
	j.done.Wait()
	return nil
}

// Changed is a hint that Attached may answer differently now.
func (j *Joined) Changed() <-chan struct{} { return j.changed }

// Attached asks every bus. Generations are numbered anew, so that none is
// given twice. If one bus fails nothing is known.
func (j *Joined) Attached(ctx context.Context) ([]dock.Attachment, []Problem, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []dock.Attachment
	var problems []Problem
	var failed error
	given := map[place]dock.Generation{}
	for i, bus := range j.buses {
		attached, trouble, err := bus.Attached(ctx)
		failed = errors.Join(failed, err)
		problems = append(problems, trouble...)
		for _, at := range attached {
			key := place{bus: i, bay: at.Bay, generation: at.Generation}
			number, known := j.given[key]
			if !known {
				j.last++
				number = j.last
			}
			given[key], at.Generation = number, number
			all = append(all, at)
		}
	}
	if failed != nil {
		return nil, nil, failed
	}
	j.given = given
	return all, problems, nil
}

func (j *Joined) follow(ctx context.Context, changed <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-changed:
			if !open {
				return
			}
			select {
			case j.changed <- struct{}{}:
			default: // a hint is waiting already
			}
		}
	}
}
