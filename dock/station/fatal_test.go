package station

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/ingest"
	"berth/offload/queue"
)

// brittle is a driver, and a camera, during whose use the station's disk fails
// to acknowledge a sync: listing it, or opening it already, ends with that.
type brittle struct {
	meanwhile func() // what happens in the same moment
	opens     bool
}

func (b brittle) fails() error {
	b.meanwhile()
	return fmt.Errorf("sync the spool: %w", ingest.ErrSync)
}

func (brittle) Name() string               { return "brittle" }
func (brittle) Match(dock.Attachment) bool { return true }
func (brittle) Close() error               { return nil }
func (brittle) Info() dock.CameraInfo      { return dock.CameraInfo{ID: "cam", Basis: "usb-serial"} }

func (b brittle) Open(context.Context, dock.Attachment) (dock.Camera, error) {
	if !b.opens {
		return nil, b.fails()
	}
	return brittleCamera{b}, nil
}

type brittleCamera struct{ brittle }

func (c brittleCamera) List(context.Context) (dock.Listing, error) {
	return dock.Listing{}, c.fails()
}

func (brittleCamera) Open(context.Context, dock.Entry, int64) (io.ReadCloser, error) {
	return nil, dock.ErrGone
}

// beside is a second station on the house's disks, with a queue of its own.
func (h *house) beside(driver dock.Driver) (*Station, *usbRack) {
	o, r := h.station.o, &usbRack{h: h, changed: make(chan struct{}, 1), bays: map[dock.BayName]*plug{}}
	o.Bus, o.Drivers = r, []dock.Driver{driver}
	o.Queue = queue.New(queue.Options{Journal: h.journal, Copies: 1, Clock: h.clock, Log: o.Log})
	return New(o), r
}

// Whoever pulls the camera out, or stops the station, in the moment in which a
// sync fails must not have the station go on as if nothing were.
func TestAnUndockingDoesNotHideAFailedSync(t *testing.T) {
	for name, opens := range map[string]bool{"while it is opened": false, "while it is listed": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house, _ *usbRack) {
				h.start()
				ctx, cancel := context.WithTimeout(h.t.Context(), time.Hour)
				defer cancel()
				replug := make(chan struct{})
				s, rack := h.beside(brittle{opens: opens, meanwhile: func() {
					close(replug)
					<-time.After(goneGrace / 2) // it is known to have left
				}})
				rack.plug("A1", &toy{name: "cam"})
				if err := s.bays[0].serve(ctx, rack.bays["A1"].at, replug); !errors.Is(err, ingest.ErrSync) {
					h.t.Errorf("the bay goes on after a failed sync: %v", err)
				}
			}, "A1")
		})
	}
}

func TestAStopDoesNotHideAFailedSync(t *testing.T) {
	for name, opens := range map[string]bool{"while it is opened": false, "while it is listed": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(h *house, _ *usbRack) {
				h.start()
				running, stop := context.WithCancel(h.t.Context())
				defer stop()
				s, rack := h.beside(brittle{opens: opens, meanwhile: func() {
					stop()
					<-time.After(stopGrace / 2) // everybody else has stopped
				}})
				rack.plug("A1", &toy{name: "cam"})
				if err := s.Run(running); !Doubtful(err) {
					h.t.Errorf("the station ended with %v, and a sync had failed", err)
				}
			}, "A1")
		})
	}
}

// A camera that was replaced between two looks at the bus is another one, even
// if the bay never seemed empty.
func TestAnotherAttachmentInTheSameBayIsServedAnew(t *testing.T) {
	s := &Station{}
	b := newBay(s, Bay{Name: "A1"})
	first, second := usbCamera("a"), usbCamera("b")
	first.Generation, second.Generation = 1, 2
	b.plugged(&first, trouble{})
	_, replug := b.attachment()
	again := first
	b.plugged(&again, trouble{})
	select {
	case <-replug:
		t.Error("the same attachment, listed again, counts as another one")
	default:
	}
	b.plugged(&second, trouble{})
	select {
	case <-replug:
	default:
		t.Error("whoever serves the first one was not told that it left")
	}
	if at, _ := b.attachment(); at == nil || at.Generation != 2 {
		t.Errorf("attached is %+v", at)
	}
}

// lateClock is a clock without a battery, until somebody sets it.
type lateClock struct{ wall time.Time }

func (c *lateClock) Now() dock.Instant { return dock.Instant{Wall: c.wall, Boot: "b"} }

func TestAClockBeforeEveryStationStopsErasing(t *testing.T) {
	c := &lateClock{wall: time.Date(1970, 1, 1, 0, 0, 9, 0, time.UTC)}
	h := newHealth(c, nil, &journal.Journal{})
	h.past = nil // a journal that is new has nothing to compare with
	if h.doubtClock() == "" {
		t.Error("a clock of 1970 is believed")
	}
	c.wall = time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC)
	if doubt := h.doubtClock(); doubt != "" {
		t.Errorf("a clock that was set right is doubted: %s", doubt)
	}
}
