package station

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// maxBackoff bounds how long a failed step waits before it is tried again.
const maxBackoff = time.Minute

// attentionAfter is the number of failures in a row after which a person is asked.
const attentionAfter = 3

// docking is one stay of one camera, owned by its bay's goroutine.
type docking struct {
	bay     *bay
	journal *journal.Journal
	row     journal.Docking
	camera  dock.Camera
	view    view

	conflict  atomic.Bool          // another docked camera claims the same identity; set by whoever comes second
	earlier   dock.Listing         // the latest listing
	listedAt  time.Duration        // boot time of earlier; 0 for never
	listTook  time.Duration        // how long the latest listing took
	erased    map[dock.Handle]bool // handles that we erased since earlier
	emptied   bool                 // recordings that we never erased were gone, and nothing was left
	exception string               // what a person must release, empty for nothing
	refused   string               // why the journal refuses to clear, empty if it does not
	wake      <-chan struct{}      // closed when something stirred since the journal was asked
	askedAt   time.Duration        // boot time at which the journal was asked last
	askTook   time.Duration
}

// begin identifies the docking and journals it.
func (b *bay) begin(ctx context.Context, at dock.Attachment, camera dock.Camera) (*docking, error) {
	s := b.station
	d := &docking{
		bay: b, journal: s.o.Journal, camera: camera, erased: map[dock.Handle]bool{},
		row: journal.Docking{
			ID: dock.NewDockingID(), Attachment: at, Info: camera.Info(), Began: s.o.Clock.Now(),
		},
	}
	others := s.presence.arrive(d.row.Info.ID, d.row.ID, &d.conflict)
	d.row.Conflict = len(others) > 0
	if err := s.o.Journal.BeginDocking(ctx, d.row); err != nil {
		s.presence.leave(d.row.Info.ID, d.row.ID)
		return nil, err
	}
	for _, other := range others {
		if err := s.o.Journal.MarkConflict(ctx, other); err != nil {
			d.leave()
			return nil, err
		}
	}
	s.o.Log.Info("camera docked", "bay", b.name, "docking", d.row.ID, "camera", d.row.Info.ID, "basis", d.row.Info.Basis)
	b.show(func(st *dock.BayStatus) {
		since := d.row.Began.Wall
		*st = dock.BayStatus{
			Bay: b.name, State: dock.BayReading, Camera: d.row.Info.ID, Docking: d.row.ID, Since: &since,
			Doing: "listing",
		}
	})
	return d, nil
}

func (d *docking) leave() { d.bay.station.presence.leave(d.row.Info.ID, d.row.ID) }

// run takes one step after the other until the camera leaves or ctx ends.
func (d *docking) run(ctx context.Context) error {
	d.view.listDue = true
	for {
		if err := d.look(ctx); err != nil {
			return err
		}
		err := d.take(ctx, next(d.view))
		switch {
		case fatal(err): // before anything else: even an undocking must not hide it
			return err
		case context.Cause(ctx) != nil:
			return context.Cause(ctx)
		case errors.Is(err, dock.ErrChanged):
			d.view.listDue = true
		case err != nil:
			return err
		}
	}
}

func (d *docking) take(ctx context.Context, s step) error {
	switch s.action {
	case doList:
		return d.list(ctx)
	case doPull:
		return d.pull(ctx, &d.view.items[s.index])
	case doState:
		return d.state(ctx)
	case doReread:
		return d.reread(ctx, &d.view.items[s.index])
	case doErase:
		return d.erase(ctx)
	}
	d.shown()
	d.rest(ctx)
	return nil
}

// rest waits until something changes or the camera is to be listed again.
func (d *docking) rest(ctx context.Context) {
	now := d.now()
	until := d.listedAt + d.relistEvery()
	for i := range d.view.items {
		if it := &d.view.items[i]; !it.erased && it.notNow > now {
			until = min(until, it.notNow)
		}
	}
	if d.view.blocked > now {
		until = min(until, d.view.blocked)
	}
	if d.wake == nil { // something of our own making is to be looked up
		until = min(until, d.mayAskAt())
	}
	if pause(ctx, max(until-now, 0), d.wake) {
		// Receipts come in bursts; a large docking is not looked up for each.
		pause(ctx, d.mayAskAt()-d.now(), nil)
	}
	if d.now() >= d.listedAt+d.relistEvery() {
		d.view.listDue = true
	}
}

// look brings the view up to date, with the journal's help if something
// stirred since it was asked last.
func (d *docking) look(ctx context.Context) error {
	s := d.bay.station
	d.view.now = d.now()
	d.view.erases = s.o.Erasing.After == dock.EraseAfterCopies && len(s.health.check().Locks) == 0
	stirred := d.wake == nil
	select {
	case <-d.wake:
		stirred = true
	default:
	}
	if stirred && d.view.now >= d.mayAskAt() {
		return d.refresh(ctx)
	}
	return nil
}

func (d *docking) mayAskAt() time.Duration { return d.askedAt + max(20*d.askTook, 50*time.Millisecond) }

// refresh asks the journal how far every recording of the docking has come.
func (d *docking) refresh(ctx context.Context) error {
	d.wake = d.bay.station.stirred.next() // before asking, so that nothing is missed
	began := d.now()
	progress, err := d.journal.DockingProgress(ctx, d.row.ID, d.bay.station.policy())
	if err != nil {
		return fmt.Errorf("look up the docking: %w", err)
	}
	for i := range d.view.items {
		it := &d.view.items[i]
		p, known := progress[it.Recording]
		if !known {
			continue
		}
		it.spooled, it.stored, it.held, it.erased = p.Ingested, p.Stored, p.Held, p.Erased
	}
	d.askedAt = d.now()
	d.askTook = d.askedAt - began
	d.shown()
	return nil
}

// relistEvery keeps the listing of a large camera from being all that is done.
func (d *docking) relistEvery() time.Duration {
	return max(d.bay.station.o.Relist, 20*d.listTook)
}

func (d *docking) now() time.Duration { return d.bay.station.o.Clock.Now().SinceBoot }

// end journals how the docking ended. The context may be over by then.
func (d *docking) end(ctx context.Context, cause error) error {
	reason := "failed"
	switch {
	case errors.Is(cause, dock.ErrGone):
		reason = "unplugged"
	case errors.Is(cause, context.Canceled):
		reason = "station stopped"
	}
	d.bay.station.o.Log.Info("docking ended", "bay", d.bay.name, "docking", d.row.ID, "reason", reason)
	return errors.Join(cause, d.journal.EndDocking(context.WithoutCancel(ctx), d.row.ID, reason))
}

// failed notes that something with an item did not work and when to try again.
func (d *docking) failed(it *item, what string, err error) {
	it.failures++
	it.notNow = d.now() + min(time.Second<<min(it.failures, 6), maxBackoff)
	it.problem = what + ": " + plain(err)
	d.bay.station.o.Log.Warn(what, "bay", d.bay.name, "recording", it.Recording, "attempt", it.failures, "error", err)
}

// worked forgets earlier failures.
func (it *item) worked() { it.failures, it.notNow, it.problem = 0, 0, "" }
