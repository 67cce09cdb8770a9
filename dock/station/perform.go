package station

import (
	"context"
	"errors"
	"fmt"

	"berth/dock"
	"berth/dock/journal"
	"berth/ingest"
)

// perform does what the state decided, and says what came of it.
func (d *docking) perform(ctx context.Context, do effect) event {
	switch do.action {
	case doList:
		return d.list(ctx, do)
	case doReconcile:
		return d.reconcile(ctx, do)
	case doAsk:
		return d.ask(ctx)
	case doState:
		return event{err: d.stateWhatWasHeld(ctx)}
	case doPull:
		return event{err: d.pull(ctx, d.item(do))}
	case doReread:
		d.doing("reading the camera a second time")
		_, err := d.bay.station.o.Puller.SecondRead(ctx, d.order(d.item(do), nil))
		return event{err: d.tried(do, err)}
	case doErase:
		return event{err: d.beginToEmpty()}
	case doReconfirm:
		return event{err: d.tried(do, d.bay.station.o.Queue.Reconfirm(ctx, d.item(do).Recording))}
	case doClear:
		return d.clear(ctx, d.item(do))
	case doRemove:
		return event{err: d.tried(do, d.camera.(dock.Eraser).Erase(ctx, d.item(do).Entry, do.clearance))}
	case doNote:
		return event{err: d.note(ctx, do)}
	}
	d.shown()
	pause(ctx, do.until-d.now(), d.wake)
	return event{}
}

// item is the one that an effect is about.
func (d *docking) item(do effect) *item { return &d.state.items[do.index] }

// tried logs that something with one recording did not work.
func (d *docking) tried(do effect, err error) error {
	if err != nil && !errors.Is(err, dock.ErrGone) && !errors.Is(err, dock.ErrBusy) {
		it := d.item(do)
		d.bay.station.o.Log.Warn(do.action.phrase(), "bay", d.bay.name, "recording", it.Recording, "attempt", it.failures+1, "error", err)
	}
	return err
}

func (d *docking) list(ctx context.Context, do effect) event {
	d.shown()
	pause(ctx, do.until-d.now(), nil)
	began := d.now()
	listing, err := d.camera.List(ctx)
	return event{err: err, listing: listing, took: d.now() - began}
}

// reconcile has the journal work out what a listing means, and whether
// anything on the camera needs a person's release.
func (d *docking) reconcile(ctx context.Context, do effect) event {
	if !do.settled {
		d.doing("waiting until the camera's files stop changing")
	}
	meaning, err := d.journal.Reconcile(ctx, d.row.ID, do.listing, do.settled, d.bay.station.o.Erasing.Copies)
	if err != nil {
		return event{err: err}
	}
	open, err := d.journal.Exceptions(ctx, journal.ExceptionFilter{Docking: d.row.ID, Blocking: true})
	if err != nil {
		return event{err: fmt.Errorf("look up exceptions: %w", err)}
	}
	e := event{meaning: meaning}
	if len(open) > 0 {
		e.exception = fmt.Sprintf("%d things on the camera could not be read (%s %s); see `berth recordings --exceptions`",
			len(open), open[0].ID, open[0].Kind)
	}
	return e
}

// ask asks the journal how far every recording of the docking has come.
func (d *docking) ask(ctx context.Context) event {
	d.wake = d.bay.station.stirred.next() // before asking, so that nothing is missed
	began := d.now()
	progress, err := d.journal.DockingProgress(ctx, d.row.ID, d.bay.station.policy())
	return event{err: err, progress: progress, took: d.now() - began}
}

// stateWhatWasHeld journals what the docking amounts to so far.
func (d *docking) stateWhatWasHeld(ctx context.Context) error {
	statement, err := d.journal.Statement(ctx, d.row.ID)
	if err != nil {
		return err
	}
	d.bay.station.o.Log.Info("statement", "bay", d.bay.name, "docking", d.row.ID, "complete", statement.Complete(),
		"listed", statement.Listed, "ingested", statement.Ingested, "vanished", statement.Vanished, "gaps", len(statement.Gaps))
	return nil
}

func (d *docking) order(it *item, progress func(int64)) ingest.Pull {
	return ingest.Pull{
		Docking: d.row, Recording: it.Recording, Entry: it.Entry, Camera: d.camera,
		Priority: d.bay.priority, Progress: progress,
	}
}

// pull brings one recording onto the station.
func (d *docking) pull(ctx context.Context, it *item) error {
	d.doing("securing recordings")
	base := d.state.securedBytes()
	_, err := d.bay.station.o.Puller.Pull(ctx, d.order(it, func(done int64) { d.progress(base + done) }))
	if err == nil {
		d.bay.station.o.Queue.Wake()
	}
	return d.tried(d.state.latest, err)
}

// beginToEmpty finds out whether the camera can be emptied at all.
func (d *docking) beginToEmpty() error {
	if _, ok := d.camera.(dock.Eraser); !ok {
		return errNoEraser
	}
	d.doing("emptying the camera")
	d.stay.show(func(s *dock.BayStatus) { s.State = dock.BayErasing })
	return nil
}

// clear asks the erase rule, which notes the intent to erase if it says yes.
func (d *docking) clear(ctx context.Context, it *item) event {
	s := d.bay.station
	clearance, err := d.journal.Clear(ctx, journal.ClearRequest{
		Docking: d.row.ID, Recording: it.Recording, Entry: it.Entry, Policy: s.policy(), Health: s.health.check(),
	})
	var refusal *dock.Refusal
	if errors.As(err, &refusal) {
		s.o.Log.Info("not cleared for erasing", "bay", d.bay.name, "recording", it.Recording, "why", refusal)
	}
	return event{err: err, clearance: clearance}
}

// note journals what came of an attempt to erase.
func (d *docking) note(ctx context.Context, do effect) error {
	if do.outcome.Outcome == dock.EraseFailed {
		d.bay.station.o.Log.Warn("not erased", "bay", d.bay.name, "recording", do.recording, "why", do.outcome.Detail)
	}
	return d.journal.Append(ctx, dock.Fact{Recording: do.recording, Docking: d.row.ID, Body: do.outcome})
}
