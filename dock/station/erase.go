package station

import (
	"context"
	"errors"
	"fmt"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// askAgain is how long a docking waits after the erase rule said no for the
// whole camera.
const askAgain = 5 * time.Second

// erase asks for a clearance for every recording that has come far enough,
// and erases those that get one, each by itself. A listing then tells what is
// really gone.
func (d *docking) erase(ctx context.Context) error {
	eraser, ok := d.camera.(dock.Eraser)
	if !ok {
		d.refused = "this kind of camera cannot be emptied by the station"
		d.view.blocked = d.now() + maxBackoff
		return nil
	}
	d.doing("emptying the camera")
	d.bay.show(func(s *dock.BayStatus) { s.State = dock.BayErasing })
	for i := d.view.firstOpen; i < len(d.view.items); i++ {
		it := &d.view.items[i]
		if it.erased || !erasable(it) || d.now() < it.notNow {
			continue
		}
		if err := d.eraseOne(ctx, eraser, it); err != nil {
			return err
		}
		if d.now() < d.view.blocked {
			break
		}
	}
	for i := range d.view.items {
		if d.view.items[i].pending {
			d.view.listDue = true
		}
	}
	return nil
}

func (d *docking) eraseOne(ctx context.Context, eraser dock.Eraser, it *item) error {
	s := d.bay.station
	if err := s.o.Queue.Reconfirm(ctx, it.Recording); err != nil {
		if fatal(err) || ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		d.failed(it, "confirm the stored copies", err)
		d.wake = nil // a receipt may be gone
		return nil
	}
	clearance, err := d.journal.Clear(ctx, journal.ClearRequest{
		Docking: d.row.ID, Recording: it.Recording, Entry: it.Entry, Policy: s.policy(), Health: s.health.check(),
	})
	var refusal *dock.Refusal
	switch {
	case errors.As(err, &refusal):
		d.notCleared(it, refusal)
		return nil
	case err != nil:
		return fmt.Errorf("clear for erasing: %w", err)
	}
	d.refused = ""
	// From here on nobody knows, until a listing or a failure tells.
	it.pending = true
	if err := eraser.Erase(ctx, it.Entry, clearance); err != nil {
		return d.eraseFailed(ctx, it, err)
	}
	d.erased[it.Entry.Handle] = true
	return nil
}

// notCleared waits, for this recording or for the whole camera.
func (d *docking) notCleared(it *item, refusal *dock.Refusal) {
	d.bay.station.o.Log.Info("not cleared for erasing", "bay", d.bay.name, "recording", it.Recording, "why", refusal)
	d.refused = refusal.Reasons[0].Text
	it.notNow = d.now() + askAgain
	if !refusal.Has("held") {
		d.view.blocked = d.now() + askAgain
	}
	if refusal.Has("changed") || refusal.Has("object") || refusal.Has("unlisted") {
		d.view.listDue = true
	}
	d.wake = nil
}

// eraseFailed journals an attempt that the camera refused or broke off. If the
// camera is gone the outcome stays open: nobody saw it.
func (d *docking) eraseFailed(ctx context.Context, it *item, err error) error {
	if errors.Is(err, dock.ErrGone) || ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	it.pending = false
	d.failed(it, "erase a recording", err)
	d.view.listDue = true
	return d.result(ctx, it, dock.EraseFailed, "the camera refused or the object is another one")
}

// confirmErased journals what a complete listing says of the recordings that
// were told to go.
func (d *docking) confirmErased(ctx context.Context, listing dock.Listing) error {
	present := make(map[dock.Handle]dock.ObjectIdentity, len(listing.Entries))
	for _, e := range listing.Entries {
		present[e.Handle] = e.Identity
	}
	for i := range d.view.items {
		it := &d.view.items[i]
		if !it.pending {
			continue
		}
		it.pending = false
		if present[it.Entry.Handle] == it.Entry.Identity {
			d.failed(it, "erase a recording", errors.New("the camera still lists it"))
			if err := d.result(ctx, it, dock.EraseFailed, "still listed"); err != nil {
				return err
			}
			continue
		}
		it.erased = true
		it.worked()
		if err := d.result(ctx, it, dock.EraseConfirmed, "absent from a complete listing"); err != nil {
			return err
		}
	}
	return nil
}

func (d *docking) result(ctx context.Context, it *item, outcome dock.EraseOutcome, detail string) error {
	err := d.journal.Append(ctx, dock.Fact{
		Recording: it.Recording, Docking: d.row.ID,
		Body: dock.EraseResult{Outcome: outcome, Detail: detail},
	})
	if err != nil {
		return fmt.Errorf("journal the outcome of erasing: %w", err)
	}
	return nil
}
