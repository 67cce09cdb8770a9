package usb

import (
	"context"
	"errors"
	"time"

	"github.com/jochenvg/go-udev"
)

// listener is where events come from.
type listener struct {
	// listen gives events until ctx ends. It may close the channel earlier, and
	// may lose events.
	listen func(ctx context.Context) (<-chan *udev.Device, error)
	// again is how long the bus does without events after they ended by
	// themselves. It looks at every poll meanwhile.
	again time.Duration
}

// ears hears what udev has finished with.
func ears() listener { return listener{listen: listen, again: 5 * time.Second} }

// receiveBuffer holds the events of a whole rack that is switched on at once.
const receiveBuffer = 1 << 20

// listen hears what udev has finished with, so that links and permissions are
// in place: USB devices and disks. Without udev it is silent.
func listen(ctx context.Context) (<-chan *udev.Device, error) {
	monitor := new(udev.Udev).NewMonitorFromNetlink("udev")
	if monitor == nil {
		return nil, errors.New("listen to udev: no netlink socket")
	}
	for _, subsystem := range []string{"usb", "block"} {
		if err := monitor.FilterAddMatchSubsystem(subsystem); err != nil {
			return nil, err
		}
	}
	// It reports an error also where it worked; a small buffer loses hints only.
	_ = monitor.SetReceiveBufferSize(receiveBuffer)
	return monitor.DeviceChan(ctx)
}

// follow gives a hint for every event and at every poll, until ctx ends. It
// begins to listen anew when the events end.
func (p *Ports) follow(ctx context.Context, l listener) {
	ticker := time.NewTicker(p.o.Poll)
	defer ticker.Stop()
	wake := time.NewTimer(time.Hour)
	defer wake.Stop()
	retry := time.NewTimer(0)
	defer retry.Stop()
	var events <-chan *udev.Device
	defer func() { drain(events) }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-retry.C:
			var err error
			if events, err = l.listen(ctx); err != nil {
				p.o.Log.Warn("USB events do not come; looking at intervals", "error", err)
				events = nil
				retry.Reset(l.again)
			}
			p.hint() // for what happened before
		case _, open := <-events:
			if !open {
				events = nil
				retry.Reset(l.again)
			}
			p.hint()
		case <-ticker.C:
			p.hint()
		case <-wake.C:
			p.hint()
		case at := <-p.wake:
			wake.Reset(time.Until(at))
		}
	}
}

// drain takes what still comes: the listener ends only once nobody keeps it
// waiting, which is a second after ctx at the latest.
func drain(events <-chan *udev.Device) {
	if events == nil {
		return
	}
	for range events {
	}
}
