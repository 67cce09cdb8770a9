package queue

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
)

// checkedAgain is how long after its only receipt a store is asked once more
// for a recording on the spool, if nobody did that before: a second look on the
// same day finds what a drive's cache hid, and lets the spool copy go.
const checkedAgain = time.Hour

// tidy ends releases that a crash cut short and, from time to time, reads back
// again what nobody else did, so that the spool becomes free.
func (q *Queue) tidy(ctx context.Context) error {
	ticker := time.NewTicker(checkedAgain / 4)
	defer ticker.Stop()
	for {
		if err := q.finishReleases(ctx); err != nil {
			return err
		}
		if err := q.opts.Journal.Unfinished(ctx, func(r dock.Recording) error { return q.checkAgain(ctx, r) }); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// checkAgain asks the stores that were asked only once, a while ago, and gives
// up the spool copy if it may go. What a store does wrong is taken down by then
// and tried again the next time.
func (q *Queue) checkAgain(ctx context.Context, r dock.Recording) error {
	intent, ok := r.Spooled()
	if !ok || !r.OnSpool() {
		return nil
	}
	now := q.opts.Clock.Now()
	var due []dock.Confirmation
	for _, confirmation := range r.Receipts() {
		store := confirmation.Receipt.Record().Store
		if confirmations(r, store, intent.Sealed) == 1 && now.Since(confirmation.At) >= checkedAgain {
			due = append(due, confirmation)
		}
	}
	if len(due) == 0 && !q.releasable(r) {
		return nil
	}
	err := q.confirmAgain(ctx, r, due)
	if ctx.Err() != nil || errors.Is(err, journal.ErrCommit) || errors.Is(err, dock.ErrSync) {
		return err
	}
	if err != nil {
		q.opts.Log.Warn("later check failed", "recording", r.ID, "error", err)
	}
	return nil
}

// releasable: every configured store was shown at least twice to hold what is on
// the spool, and together they are the copies that were asked for.
func (q *Queue) releasable(r dock.Recording) bool {
	intent, ok := r.Spooled()
	if !ok || !r.OnSpool() || len(q.workers) == 0 || !r.Stored(q.opts.Copies) {
		return false
	}
	for _, w := range q.workers {
		expected := w.snapshot().expected
		if expected == "" || confirmations(r, expected, intent.Sealed) < 2 {
			return false
		}
	}
	return true
}

// release gives up the spool copy if it may: first in the journal, then on the
// disk. A crash in between is made good by finishReleases.
func (q *Queue) release(ctx context.Context, id dock.RecordingID) error {
	var sealed hashing.Digest
	var released bool
	err := q.opts.Journal.Write(ctx, func(tx *journal.Tx) error {
		released = false
		r, err := tx.Recording(id)
		if err != nil || !q.releasable(r) {
			return err
		}
		intent, _ := r.Spooled()
		if _, err := tx.Append(dock.Fact{Recording: id, Body: dock.SpoolReleased{}}); err != nil {
			return err
		}
		sealed, released = intent.Sealed, true
		return addRelease(tx, id, sealed)
	})
	if err != nil || !released {
		return err
	}
	return q.remove(ctx, id, sealed)
}

// finishReleases removes the spool copies that the journal has released. One
// that cannot be removed stays on the list for the next time.
func (q *Queue) finishReleases(ctx context.Context) error {
	var id dock.RecordingID
	for {
		var sealed hashing.Digest
		var found bool
		err := q.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
			var err error
			id, sealed, found, err = nextRelease(tx, id)
			return err
		})
		if err != nil || !found {
			return err
		}
		if err := q.remove(ctx, id, sealed); err != nil {
			return err
		}
	}
}

// remove takes one released copy off the disk, and off the list once it is gone.
func (q *Queue) remove(ctx context.Context, id dock.RecordingID, sealed hashing.Digest) error {
	err := q.opts.ReleaseSpool(sealed)
	if errors.Is(err, dock.ErrSync) {
		return err
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		q.opts.Log.Error("spool copy not removed", "recording", id, "error", err)
		return nil
	}
	return q.opts.Journal.Write(ctx, func(tx *journal.Tx) error { return endRelease(tx, id) })
}
