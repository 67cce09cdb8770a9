package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"berth/dock"
	"berth/dock/journal"
)

// Reconfirm reads the recording back once more from every store that gave a
// receipt for it, from all of them at the same time. A store that still holds
// it earns a new receipt. One that does not, or holds other bytes, loses its
// receipt, and the recording is queued for it again while a copy is on the
// spool: ErrRevoked. A store that cannot be asked, or is not the expected one,
// keeps what it has, and an error says so. Stores that are no longer configured
// are not asked. Afterwards the spool copy goes if it may.
func (q *Queue) Reconfirm(ctx context.Context, id dock.RecordingID) error {
	var r dock.Recording
	err := q.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
		var err error
		r, err = tx.Recording(id)
		return err
	})
	if err != nil {
		return err
	}
	if _, ok := r.Spooled(); !ok {
		return fmt.Errorf("reconfirm %s: it is not sealed yet", id)
	}
	return q.confirmAgain(ctx, r, r.Receipts())
}

// confirmAgain asks the stores of these receipts, all at the same time.
func (q *Queue) confirmAgain(ctx context.Context, r dock.Recording, receipts []dock.Confirmation) error {
	intent, _ := r.Spooled()
	sealed := q.opts.Sealed(intent)
	var mu sync.Mutex
	var failures []error // guarded by mu
	var group sync.WaitGroup
	for _, confirmation := range receipts {
		held := confirmation.Receipt.Record()
		w := q.workerOf(held.Store)
		if w == nil || held.SealedSHA256 != intent.Sealed {
			continue
		}
		group.Go(func() {
			if err := w.reconfirm(ctx, r.ID, sealed, held); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, err)
			}
		})
	}
	group.Wait()
	signal(q.changed)
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("reconfirm %s: %w", r.ID, err)
	}
	return q.release(ctx, r.ID)
}

func (q *Queue) workerOf(id dock.StoreID) *worker {
	for _, w := range q.workers {
		if id != "" && w.snapshot().expected == id {
			return w
		}
	}
	return nil
}

func (w *worker) reconfirm(ctx context.Context, id dock.RecordingID, sealed dock.Sealed, held dock.ReceiptRecord) error {
	now, err := w.target.Store.Identity(ctx)
	if err != nil {
		return fmt.Errorf("the store at %s cannot be asked: %w", w.target.Name, err)
	}
	if now != held.Store {
		return fmt.Errorf("the store at %s is not the one that gave the receipt: it is %s and should be %s", w.target.Name, now, held.Store)
	}
	receipt, err := w.readBack(ctx, held.Store, sealed, held.Version)
	switch {
	case err == nil:
		return w.queue.opts.Journal.Append(ctx, dock.Fact{Recording: id, Body: dock.ReceiptEarned{Receipt: receipt.Record()}})
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("the store no longer has it")
	case errors.Is(err, dock.ErrReceipt):
	default:
		return fmt.Errorf("read back from the store at %s: %w", w.target.Name, err)
	}
	if err := w.revoke(ctx, id, held.Store, err.Error()); err != nil {
		return err
	}
	return fmt.Errorf("%w: the store at %s: %w", ErrRevoked, w.target.Name, err)
}

// revoke takes the receipt back and, in the same transaction, queues what is
// still on the spool. A receipt that another caller took back meanwhile is left.
func (w *worker) revoke(ctx context.Context, id dock.RecordingID, store dock.StoreID, reason string) error {
	err := w.queue.opts.Journal.Write(ctx, func(tx *journal.Tx) error {
		r, err := tx.Recording(id)
		if err != nil {
			return err
		}
		intent, ok := r.Spooled()
		if !ok || confirmations(r, store, intent.Sealed) == 0 {
			return nil
		}
		if _, err := tx.Append(dock.Fact{Recording: id, Body: dock.ReceiptRevoked{Store: store, Reason: reason}}); err != nil {
			return err
		}
		if !r.OnSpool() {
			return nil
		}
		return addTask(tx, newTask(w.target.Name, r, intent))
	})
	if err != nil {
		return err
	}
	w.log.Error("receipt revoked", "recording", id, "reason", reason)
	signal(w.work)
	return nil
}
