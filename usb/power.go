package usb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"berth/dock"
)

// Powered is what was read back after a port was switched.
type Powered struct {
	On       bool   // whether the port has power, as the hub says
	Attached bool   // whether the kernel knows a device there
	Method   string // how it was switched, for the log
}

// Power switches the power of ports. Implementations may be called from
// several goroutines at once.
type Power interface {
	// Set switches one port and its peer and reads back what happened. A nil
	// error means that the hub took the command, not that it obeyed: see
	// Powered. Where this way of switching does not exist for the port, the
	// error is an errors.ErrUnsupported.
	Set(ctx context.Context, port dock.Port, on bool) (Powered, error)
}

// ErrPower is a port that did not do what it was told.
var ErrPower = errors.New("the port's power did not follow")

// BayPower switches bays' ports and no others. The ways are tried in order:
// the first that is not errors.ErrUnsupported decides.
func BayPower(bays []Slot, sys string, ways ...Power) Power {
	return &bayPower{bays: bays, sys: sysfs(sys), ways: ways}
}

type bayPower struct {
	bays slots
	sys  sysfs
	ways []Power
}

// Set refuses a port that is no bay's, whoever asks: behind it may be IT's
// keyboard, the station's disk or a hub full of cameras.
func (b *bayPower) Set(ctx context.Context, port dock.Port, on bool) (Powered, error) {
	if err := port.Validate(); err != nil {
		return Powered{}, err
	}
	if b.bays.site(port, b.sys.peer).role != roleBay {
		return Powered{}, fmt.Errorf("switch port %s: no bay has this port", port)
	}
	err := fmt.Errorf("switch port %s: %w", port, errors.ErrUnsupported)
	for _, way := range b.ways {
		var done Powered
		if done, err = way.Set(ctx, port, on); !errors.Is(err, errors.ErrUnsupported) {
			return done, err
		}
	}
	return Powered{}, err
}

// OffTime is how long Cycle leaves a port without power unless it is told
// otherwise: long enough for a camera's capacitors to drain.
const OffTime = 2 * time.Second

// Cycle switches a port off, leaves it without power for at least the time off
// (0: OffTime), makes sure that it stayed off and that its device went, and
// switches it on again. Once it was told to go off it is switched on again
// whatever happens, also when ctx ends in between: a bay left dark would charge
// nothing. What it returns is how the port was left.
func Cycle(ctx context.Context, power Power, port dock.Port, off time.Duration) (Powered, error) {
	if off <= 0 {
		off = OffTime
	}
	down, err := power.Set(ctx, port, false)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return down, err
	case err == nil && !down.On:
		if err = wait(ctx, off); err == nil {
			down, err = power.Set(ctx, port, false) // once more: for what it answers
		}
	}
	if err == nil && (down.On || down.Attached) {
		err = fmt.Errorf("switch port %s off: %w", port, ErrPower)
	}
	up, onErr := power.Set(context.WithoutCancel(ctx), port, true)
	if onErr == nil && !up.On {
		onErr = fmt.Errorf("switch port %s on: %w", port, ErrPower)
	}
	return up, errors.Join(err, onErr)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("leave a port without power: %w", ctx.Err())
	}
}
