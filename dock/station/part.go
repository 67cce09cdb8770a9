package station

import (
	"context"
	"errors"
	"fmt"
	"time"

	"berth/dock"
)

// cycleLimit is how long the kernel may take to switch a port off and on.
const cycleLimit = 8 * time.Second

// errNoPower: a directory has no port, and not every port can be switched.
var errNoPower = errors.New("its port cannot be switched")

// errSwitching: the kernel does not answer.
var errSwitching = errors.New("its port is still being switched")

// cutOff ends what a hanging camera keeps by switching its port. It comes back
// by itself, and is tried again later.
func (b *bay) cutOff(ctx context.Context, y *stay, s silence, at dock.Attachment) {
	log := b.station.o.Log.With("bay", b.name, "port", at.Port, "doing", s.doing, "silent", s.lasts.Round(time.Second), "times", b.patience.hung)
	text := fmt.Sprintf("the camera gives no data (%s)", s.doing)
	err := b.cycle(ctx, at)
	if err != nil {
		log.Error("the camera hangs and cannot be cut off", "error", err)
		text += " and cannot be cut off: take it out and dock it again"
		y.show(func(s *dock.BayStatus) { s.State, s.Attention = dock.BayAttention, text })
		return
	}
	log.Warn("the camera hung and was cut off")
	b.patience.cut(b.now())
	y.show(func(s *dock.BayStatus) { s.Doing = text + " and was cut off" })
}

// cycle switches the attachment's port off and on. The station's stop does not
// leave a port switched off.
func (b *bay) cycle(ctx context.Context, at dock.Attachment) error {
	power := b.station.o.Power
	switch {
	case power == nil || at.Device == nil:
		return errNoPower
	case b.switching != nil && !b.switching.over():
		return errSwitching
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), cycleLimit)
	work := b.station.errands.begin(func() error {
		defer cancel()
		return power.Cycle(limited, at.Device.Port)
	})
	b.switching = work
	select {
	case <-work.done:
	case <-limited.Done():
	case <-stopping(ctx):
	}
	if work.over() {
		return work.err
	}
	b.station.errands.abandon(work, fmt.Sprintf("bay %s: switching its port", b.name))
	return fmt.Errorf("switch port %s: %w", at.Device.Port, errSwitching)
}

// stopping is closed when the station stops, unless the camera left before:
// that is what switching its port does.
func stopping(here context.Context) <-chan struct{} {
	stop := make(chan struct{})
	context.AfterFunc(here, func() {
		if !errors.Is(context.Cause(here), dock.ErrGone) {
			close(stop)
		}
	})
	return stop
}

// part waits until nothing asks the camera any more, which left or has to be
// left because the station stops. What the kernel keeps is handed over, and
// the bay goes on without.
func (b *bay) part(here context.Context, y *stay, work *errand, at dock.Attachment) error {
	gone := errors.Is(context.Cause(here), dock.ErrGone)
	wrote := y.lookout.silence().wrote
	grace := stopGrace
	switch {
	case gone:
		grace = goneGrace
	case wrote:
		grace = writtenGrace
	}
	if ended := y.waitWhileOurs(work, grace); ended {
		return work.err
	}
	if !gone && !wrote && b.cycle(context.WithoutCancel(here), at) == nil {
		if ended := y.waitWhileOurs(work, goneGrace); ended {
			return work.err
		}
	}
	s := y.lookout.silence()
	b.station.o.Log.Error("the kernel keeps what was asked of a camera", "bay", b.name, "doing", s.doing, "for", s.lasts.Round(time.Second))
	b.station.errands.abandon(work, fmt.Sprintf("bay %s: %s", b.name, s.doing))
	return y.abandon(here)
}

// waitWhileOurs waits until the work ended. It gives up only while the work
// waits for the camera, and the camera was silent for all of grace: for our own
// disk there is no hurry.
func (y *stay) waitWhileOurs(work *errand, grace time.Duration) (ended bool) {
	for wait := grace; ; {
		timer := time.NewTimer(wait)
		select {
		case <-work.done:
			timer.Stop()
			return true
		case <-timer.C:
		}
		silent := y.lookout.silence().lasts // 0 while it waits for nothing
		if silent >= grace {
			return false
		}
		wait = max(grace-silent, grace/10)
	}
}

// abandon ends the docking for everybody but the goroutine that is kept: its
// camera may be docked elsewhere meanwhile.
func (y *stay) abandon(ctx context.Context) error {
	reason := reasonOf(context.Cause(ctx))
	y.mu.Lock()
	y.left = reason
	d := y.docking
	y.mu.Unlock()
	if d == nil {
		return nil
	}
	return d.leave(ctx, reason)
}
