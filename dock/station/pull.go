package station

import (
	"context"
	"errors"
	"fmt"
	"time"

	"berth/dock"
	"berth/ingest"
)

// busyWait is how long an object that somebody writes to is left alone.
const busyWait = time.Second

func (d *docking) order(it *item, progress func(int64)) ingest.Pull {
	return ingest.Pull{
		Docking: d.row, Recording: it.Recording, Entry: it.Entry, Camera: d.camera,
		Priority: d.bay.priority, Progress: progress,
	}
}

// pull brings one recording onto the station.
func (d *docking) pull(ctx context.Context, it *item) error {
	d.doing("securing recordings")
	base := d.securedBytes()
	_, err := d.bay.station.o.Puller.Pull(ctx, d.order(it, func(done int64) { d.progress(base + done) }))
	if err != nil {
		return d.sortOut(ctx, it, "bring a recording onto the station", err)
	}
	it.worked()
	it.spooled = true
	d.view.stated = false
	d.bay.station.o.Queue.Wake()
	return nil
}

// reread reads one recording from the camera's medium once more.
func (d *docking) reread(ctx context.Context, it *item) error {
	d.doing("reading the camera a second time")
	_, err := d.bay.station.o.Puller.SecondRead(ctx, d.order(it, nil))
	if err != nil {
		return d.sortOut(ctx, it, "read a recording a second time", err)
	}
	it.worked()
	it.reread = true
	d.wake = nil // equal, or held now: the journal knows
	return nil
}

// state journals what the docking amounts to so far.
func (d *docking) state(ctx context.Context) error {
	statement, err := d.journal.Statement(ctx, d.row.ID)
	if err != nil {
		return fmt.Errorf("state what the camera held: %w", err)
	}
	d.bay.station.o.Log.Info("statement", "bay", d.bay.name, "docking", d.row.ID, "complete", statement.Complete(),
		"listed", statement.Listed, "ingested", statement.Ingested, "vanished", statement.Vanished, "gaps", len(statement.Gaps))
	d.view.stated = true
	return nil
}

// sortOut decides what a failure with one recording means: for the whole
// docking, for this recording only, or for the station.
func (d *docking) sortOut(ctx context.Context, it *item, what string, err error) error {
	switch {
	case fatal(err): // before anything else: even an undocking must not hide it
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, dock.ErrGone):
		return err
	}
	if errors.Is(err, dock.ErrBusy) {
		it.notNow = d.now() + busyWait // no failure: it is simply not whole yet
		return nil
	}
	d.failed(it, what, err)
	if errors.Is(err, dock.ErrChanged) {
		return err // look at the camera again
	}
	return nil
}
