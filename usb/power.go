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

// Cycle switches a port off, makes sure that it is off, leaves it without
// power for at least the time off (0: two seconds, in which a camera's
// capacitors drain) and switches it on again. Once it was switched off it is
// switched on again whatever happens, also when ctx ends in between: a bay
// left dark would charge nothing.
func Cycle(ctx context.Context, power Power, port dock.Port, off time.Duration) (Powered, error) {
	if off <= 0 {
		off = 2 * time.Second
	}
	down, err := power.Set(ctx, port, false)
	if err == nil && down.On {
		err = fmt.Errorf("switch port %s off: %w", port, ErrPower)
	}
	if err == nil {
		timer := time.NewTimer(off)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			err = fmt.Errorf("leave port %s without power: %w", port, ctx.Err())
		}
	}
	up, onErr := power.Set(context.WithoutCancel(ctx), port, true)
	if onErr == nil && !up.On {
		onErr = fmt.Errorf("switch port %s on: %w", port, ErrPower)
	}
	return up, errors.Join(err, onErr)
}
