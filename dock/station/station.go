package station

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"berth/dock"
	"berth/dock/journal"
	"berth/ingest"
	"berth/offload/queue"
	"berth/usb"
)

// Bay is one slot as IT configured it.
type Bay struct {
	Name     dock.BayName
	Priority bool // served before others
}

// Erasing is what the agency wants done with recordings on cameras.
type Erasing struct {
	Copies int
	After  dock.EraseAfter
	Grace  time.Duration
}

// Options is everything that a station is made of. All fields are required
// unless they say otherwise.
type Options struct {
	ID      dock.StationID
	Version string
	Bays    []Bay
	Erasing Erasing
	Bus     usb.Bus
	Drivers []dock.Driver
	Journal *journal.Journal
	Puller  *ingest.Puller
	Queue   *queue.Queue
	Spool   *ingest.Spool
	Clock   dock.Clock
	Log     *slog.Logger
	// Standing are problems of the configuration, shown for as long as it runs.
	Standing []dock.Problem
	// Settle is how long a camera must be quiet between two listings.
	Settle time.Duration
	// Relist is how often a docked camera is listed again, at the least.
	Relist time.Duration
	// Stall is how long a camera may give nothing while something is waited for
	// from it; 0 is for ever.
	Stall time.Duration
	// Power switches the ports of bays; nil where no bay has power to switch.
	Power Power
}

// Power switches the ports of bays.
type Power interface {
	// Cycle switches a port off, makes sure that it is off, and on again after a
	// pause, so that what is plugged in leaves the bus and comes back. An error
	// says that this is not so.
	Cycle(ctx context.Context, port dock.Port) error
}

// Station is the running station. Its methods are safe for concurrent use.
type Station struct {
	o        Options
	bays     []*bay
	presence presence
	health   *health
	errands  *errands
	changed  pulse // something that Status shows changed
	stirred  pulse // something that a docking may wait for happened
}

// New makes a station that does nothing until Run.
func New(o Options) *Station {
	s := &Station{o: o, health: newHealth(o.Clock, o.Spool, o.Journal)}
	s.errands = newErrands(s.now, s.changed.beat)
	for _, b := range o.Bays {
		s.bays = append(s.bays, newBay(s, b))
	}
	return s
}

// Run takes up what an earlier run left unfinished and serves all bays until
// ctx ends, which is not an error. It returns an error when recordings can no
// longer be acknowledged safely: the process should end and start again.
func (s *Station) Run(ctx context.Context) error {
	if err := s.takeUp(ctx); err != nil {
		if ctx.Err() != nil && !fatal(err) {
			return nil
		}
		return fmt.Errorf("%w: take up unfinished work: %w", ErrStart, err)
	}
	group, ctx := errgroup.WithContext(ctx)
	doubts := &doubts{}
	group.Go(func() error { return doubts.note(s.o.Queue.Run(ctx)) })
	group.Go(func() error { return s.followQueue(ctx) })
	group.Go(func() error { return s.followBus(ctx) })
	group.Go(func() error { return doubts.note(s.errands.run(ctx)) })
	for _, b := range s.bays {
		group.Go(func() error { return doubts.note(b.run(ctx)) })
	}
	err := group.Wait()
	s.stopErrands(doubts)
	if doubt := doubts.first(); doubt != nil {
		return doubt
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// stopErrands gives what is late one more moment. What the kernel keeps even
// then ends with the process.
func (s *Station) stopErrands(doubts *doubts) {
	for _, late := range s.errands.settle(lateGrace) {
		s.o.Log.Error("stopped without waiting any longer", "for", late.what)
	}
	select {
	case err := <-s.errands.fatal:
		_ = doubts.note(err) // it is asked for by whoever calls
	default:
	}
}

func (s *Station) now() time.Duration { return s.o.Clock.Now().SinceBoot }

// doubts keeps the first error that makes acknowledgements doubtful: a stop at
// the same moment must not hide it. Safe for concurrent use.
type doubts struct {
	mu  sync.Mutex
	err error // guarded by mu
}

func (d *doubts) note(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil && fatal(err) {
		d.err = err
	}
	return err
}

func (d *doubts) first() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Changed returns a channel that is closed at the next change of Status.
func (s *Station) Changed() <-chan struct{} { return s.changed.next() }

// followQueue wakes the dockings that wait for receipts.
func (s *Station) followQueue(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.o.Queue.Changed():
			s.stirred.beat()
			s.changed.beat()
		}
	}
}

// followBus keeps every bay told of what is plugged into it. The listing is
// the truth; an error means that nothing is known, so nothing changes.
func (s *Station) followBus(ctx context.Context) error {
	for {
		attached, problems, err := s.o.Bus.Attached(ctx)
		if err != nil && ctx.Err() == nil {
			s.o.Log.Warn("list what is attached", "error", err)
		}
		if err == nil {
			s.deliver(attached, problems)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.o.Bus.Changed():
		}
	}
}

func (s *Station) deliver(attached []dock.Attachment, problems []usb.Problem) {
	for _, b := range s.bays {
		var here *dock.Attachment
		for i := range attached {
			if attached[i].Bay == b.name {
				here = &attached[i]
			}
		}
		var seen trouble
		for _, p := range problems {
			if p.Bay == b.name {
				seen = trouble{p.Text, p.NotACamera}
			}
		}
		b.plugged(here, seen)
	}
}

// policy is what the erase rule is asked with.
func (s *Station) policy() dock.Policy {
	return dock.Policy{
		Copies: s.o.Erasing.Copies, After: s.o.Erasing.After, Grace: s.o.Erasing.Grace,
		Stores: s.o.Queue.Stores(),
	}
}

// fatal reports an error after which no acknowledgement can be trusted.
func fatal(err error) bool {
	return errors.Is(err, ingest.ErrSync) || errors.Is(err, journal.ErrCommit) || errors.Is(err, journal.ErrBroken)
}
