package station

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// docking is one stay of one camera, owned by its bay's goroutine: it does in
// the world what its state decides.
type docking struct {
	bay     *bay
	stay    *stay
	journal *journal.Journal
	row     journal.Docking
	camera  dock.Camera
	state   state

	farewell sync.Once
	conflict atomic.Bool     // another docked camera claims the same identity; set by whoever comes second
	wake     <-chan struct{} // closed when something stirred since the journal was asked; nil if it is to be asked again
}

// begin identifies the docking and journals it.
func (y *stay) begin(ctx context.Context, at dock.Attachment, camera dock.Camera) (*docking, error) {
	b, s := y.bay, y.bay.station
	d := &docking{
		bay: b, stay: y, journal: s.o.Journal, camera: camera,
		row: journal.Docking{
			ID: dock.NewDockingID(), Attachment: at, Info: camera.Info(), Began: s.o.Clock.Now(),
		},
	}
	d.state = newState(d.row.Info.ID, s.o.Settle, s.o.Relist)
	others := s.presence.arrive(d.row.Info.ID, d.row.ID, &d.conflict)
	d.row.Conflict = len(others) > 0
	if err := s.o.Journal.BeginDocking(ctx, d.row); err != nil {
		s.presence.leave(d.row.Info.ID, d.row.ID)
		return nil, err
	}
	for _, other := range others {
		if err := s.o.Journal.MarkConflict(ctx, other); err != nil {
			return nil, errors.Join(err, d.leave(ctx, "failed"))
		}
	}
	s.o.Log.Info("camera docked", "bay", b.name, "docking", d.row.ID, "camera", d.row.Info.ID, "basis", d.row.Info.Basis)
	y.show(func(st *dock.BayStatus) {
		since := d.row.Began.Wall
		*st = dock.BayStatus{
			Bay: b.name, State: dock.BayReading, Camera: d.row.Info.ID, Basis: d.row.Info.Basis, Docking: d.row.ID,
			Since: &since, Doing: "listing",
		}
	})
	return d, nil
}

// leave makes the camera's identity free again and journals how the docking
// ended, once. The context may be over by then.
func (d *docking) leave(ctx context.Context, reason string) (err error) {
	d.farewell.Do(func() {
		d.bay.station.presence.leave(d.row.Info.ID, d.row.ID)
		d.bay.station.o.Log.Info("docking ended", "bay", d.bay.name, "docking", d.row.ID, "reason", reason)
		err = d.journal.EndDocking(context.WithoutCancel(ctx), d.row.ID, reason)
	})
	return err
}

// run does one thing after the other until the camera leaves or ctx ends.
func (d *docking) run(ctx context.Context) error {
	var e event
	for {
		do := d.state.step(d.moment(), e)
		if do.action == doEnd {
			return do.cause
		}
		e = d.perform(ctx, do)
		switch {
		case fatal(e.err): // before anything else: even an undocking must not hide it
			return e.err
		case context.Cause(ctx) != nil:
			return context.Cause(ctx)
		}
	}
}

// moment looks around.
func (d *docking) moment() moment {
	s := d.bay.station
	m := moment{
		now:      d.now(),
		erases:   s.o.Erasing.After == dock.EraseAfterCopies && len(s.health.check().Locks) == 0,
		conflict: d.conflict.Load(),
	}
	select {
	case <-d.wake:
		m.stirred = true
		d.wake = nil
	default:
	}
	return m
}

func (d *docking) now() time.Duration { return d.bay.now() }

// reasonOf is how the journal calls the end of a docking.
func reasonOf(cause error) string {
	switch {
	case errors.Is(cause, dock.ErrGone):
		return "unplugged"
	case errors.Is(cause, context.Canceled):
		return "station stopped"
	}
	return "failed"
}
