package usb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"berth/dock"
)

// Slot binds a bay to the physical port that IT named. The port's peer (its
// USB 2 or USB 3 name) is the same bay; the USB 2 name is the better one to
// write down, since the kernel knows it first.
type Slot struct {
	Bay  dock.BayName
	Port dock.Port
}

// Admission lets a device in (its drivers may bind) or puts it out. It acts
// only on the device that has this number at this port, before and after; for
// any other it is dock.ErrGone. It may be called for several ports at once.
type Admission interface {
	Authorise(ctx context.Context, port dock.Port, number int, admit bool) error
}

// PortsOptions is what the bus of the USB bays is made of.
type PortsOptions struct {
	Slots      []Slot
	Signatures []Signature // first match wins; BuiltIn is not added by itself
	Admission  Admission
	Sys        string        // where sysfs is mounted; empty: /sys
	Poll       time.Duration // how often it looks without a hint; 0: two seconds
	// Ready is how long the kernel may take to make a camera usable (for mass
	// storage: until a disk with a medium appears) before that is a Problem;
	// 0: thirty seconds.
	Ready time.Duration
	Log   *slog.Logger // nil: nothing is logged
}

// Ports is the Bus of the USB bays. Safe for concurrent use.
//
// What is plugged into a bay, behind it, or where a hub of the bays belongs is
// a guest. Each guest is judged once, by a goroutine of its own, so that a
// device that hangs keeps no other bay waiting; Attached itself reads only what
// the kernel knows without asking a device.
type Ports struct {
	o       PortsOptions
	sys     sysfs
	slots   slots
	changed chan struct{}
	wake    chan time.Time // when to look again, at the latest
	ctx     context.Context
	stop    context.CancelFunc
	quiet   time.Duration
	done    sync.WaitGroup

	mu         sync.Mutex
	guests     map[dock.Port]*guest       // guarded by mu
	judging    map[dock.Port]bool         // guarded by mu: one judge a port
	missing    map[dock.BayName]time.Time // guarded by mu: since when a hub that is there lacks the bay's port
	generation dock.Generation            // guarded by mu: the last one given
}

var _ Bus = (*Ports)(nil)

// NewPorts begins to watch the slots until ctx ends; Close it all the same. A
// slot without a valid port, two slots of one bay or port, and a slot behind
// another are errors.
func NewPorts(ctx context.Context, o PortsOptions) (*Ports, error) {
	return newPorts(ctx, o, ears())
}

func newPorts(ctx context.Context, o PortsOptions, l listener) (*Ports, error) {
	if err := slots(o.Slots).check(); err != nil {
		return nil, fmt.Errorf("watch USB bays: %w", err)
	}
	if o.Admission == nil {
		return nil, errors.New("watch USB bays: nothing that could let a camera in")
	}
	if o.Poll <= 0 {
		o.Poll = 2 * time.Second
	}
	if o.Ready <= 0 {
		o.Ready = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Ports{
		o: o, sys: sysfs(o.Sys), slots: o.Slots,
		changed: make(chan struct{}, 1), wake: make(chan time.Time, 1),
		quiet: quiet, guests: map[dock.Port]*guest{}, judging: map[dock.Port]bool{}, missing: map[dock.BayName]time.Time{},
	}
	p.ctx, p.stop = context.WithCancel(ctx)
	p.warnOfDefaults()
	p.done.Go(func() { p.follow(p.ctx, l) })
	return p, nil
}

// Close stops watching and waits until nothing of it runs. Devices that were
// let in stay in.
func (p *Ports) Close() error {
	p.mu.Lock() // Attached starts nothing any more
	p.stop()
	p.mu.Unlock()
	p.done.Wait()
	return nil
}

// Changed is a hint that Attached may answer differently now.
func (p *Ports) Changed() <-chan struct{} { return p.changed }

// Attached lists what was let into the bays and is ready for its driver, in
// the order of the slots.
func (p *Ports) Attached(ctx context.Context) ([]dock.Attachment, []Problem, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := errors.Join(ctx.Err(), p.ctx.Err()); err != nil {
		return nil, nil, fmt.Errorf("look into the USB bays: %w", err)
	}
	now := time.Now()
	if err := p.look(now); err != nil {
		return nil, nil, fmt.Errorf("look into the USB bays: %w", err)
	}
	attached, problems := p.report(now)
	return attached, problems, nil
}

// hint says that it is time to look. A waiting hint is as good as two.
func (p *Ports) hint() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// lookAt asks for a hint at a time; the latest word counts. p.mu is held.
func (p *Ports) lookAt(at time.Time) {
	select {
	case <-p.wake:
	default:
	}
	p.wake <- at
}

// warnOfDefaults says when something may get drivers before Berth sees it.
func (p *Ports) warnOfDefaults() {
	names, err := p.sys.names()
	if err != nil {
		return
	}
	plan := &Plan{Slots: p.slots}
	for _, name := range names {
		if rootBus(name) != 0 && Rule(p.o.Sys, name, plan) == WordCarriesBays && p.sys.attr(name, "authorized_default") != "0" {
			p.o.Log.Warn("this USB controller lets everything in by default: is the udev rule of the bays installed?", "controller", name)
		}
	}
}
