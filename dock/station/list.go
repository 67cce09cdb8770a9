package station

import (
	"context"
	"errors"
	"fmt"

	"berth/dock"
	"berth/dock/journal"
)

// list lists the camera, keeps what is quiet, and has the journal work out
// what that means. The first listing only says what to compare the next with.
func (d *docking) list(ctx context.Context) error {
	s := d.bay.station
	if d.listedAt != 0 {
		// Two listings tell something only if time has passed between them.
		pause(ctx, d.listedAt+s.o.Settle-d.now(), nil)
	}
	began := d.now()
	listing, err := d.camera.List(ctx)
	if err != nil {
		return d.listFailed(ctx, err)
	}
	first := d.listedAt == 0
	d.listedAt, d.listTook = d.now(), d.now()-began
	if first {
		d.earlier = listing
		return nil
	}
	if err := d.confirmErased(ctx, listing); err != nil {
		return err
	}
	quiet, settled := settle(d.earlier, listing, d.erased)
	d.earlier, d.erased = listing, map[dock.Handle]bool{}
	meaning, err := d.journal.Reconcile(ctx, d.row.ID, quiet, settled, s.o.Erasing.Copies)
	if err != nil {
		return fmt.Errorf("reconcile the listing: %w", err)
	}
	d.adopt(meaning)
	d.view.listDue = !settled
	if d.view.settled != settled || meaning.NewRecordings+meaning.Vanished > 0 {
		d.view.stated = false
	}
	d.view.settled = settled
	if !settled {
		d.doing("waiting until the camera's files stop changing")
	}
	if len(listing.Entries) == 0 && meaning.Vanished > 0 {
		d.emptied = true
	}
	if err := d.exceptions(ctx); err != nil {
		return err
	}
	// What an earlier docking brought in must not be taken for new.
	return d.refresh(ctx)
}

func (d *docking) listFailed(ctx context.Context, err error) error {
	if errors.Is(err, dock.ErrGone) || ctx.Err() != nil {
		return err
	}
	d.view.settled = false
	return fmt.Errorf("list the camera: %w", err)
}

// adopt makes the journal's view of the listing ours: what is new is added,
// what is no longer listed is dropped, what we know of the rest stays.
func (d *docking) adopt(meaning journal.Reconciled) {
	known := make(map[dock.RecordingID]item, len(d.view.items))
	for _, it := range d.view.items {
		known[it.Recording] = it
	}
	items := make([]item, 0, len(meaning.Items))
	listed := make(map[dock.RecordingID]bool, len(meaning.Items))
	for _, planned := range meaning.Items {
		it := known[planned.Recording]
		if it.Entry.Identity != planned.Entry.Identity {
			it.reread = false // touched since: only another read says what it is now
		}
		it.Planned = planned
		items = append(items, it)
		listed[planned.Recording] = true
	}
	// Those that left the camera stay in the count: they were part of it.
	gone := make([]item, 0, len(d.view.items))
	for _, it := range d.view.items {
		if !listed[it.Recording] && it.erased {
			gone = append(gone, it)
		}
	}
	d.view.items = append(gone, items...)
	d.view.firstOpen = len(gone)
}

// exceptions remembers whether anything on the camera needs a person's release.
func (d *docking) exceptions(ctx context.Context) error {
	open, err := d.journal.Exceptions(ctx, journal.ExceptionFilter{Docking: d.row.ID, Blocking: true})
	if err != nil {
		return fmt.Errorf("look up exceptions: %w", err)
	}
	d.exception = ""
	for _, x := range open {
		d.exception = fmt.Sprintf("%d things on the camera could not be read (%s %s); see `berth recordings --exceptions`", len(open), x.ID, x.Kind)
		break
	}
	return nil
}
