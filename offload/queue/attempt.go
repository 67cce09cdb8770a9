package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
	"berth/offload"
)

// identify asks the store who it is. The first UUID that a configured store
// shows is the one that it is expected to have from then on.
func (w *worker) identify(ctx context.Context) (dock.StoreID, error) {
	want := w.snapshot().expected
	id, err := w.target.Store.Identity(ctx)
	switch {
	case errors.Is(err, offload.ErrNotCommissioned) && want != "":
		return "", &problem{fmt.Errorf("the store at %s is not the one that was commissioned: %w", w.target.Name, err), true}
	case errors.Is(err, offload.ErrNotCommissioned):
		return "", &problem{fmt.Errorf("the store at %s was never commissioned: %w", w.target.Name, err), true}
	case err != nil:
		return "", &problem{fmt.Errorf("the store at %s does not answer: %w", w.target.Name, err), false}
	case want == "":
		if want, err = w.meet(ctx, id); err != nil {
			return "", err
		}
	}
	if id != want {
		return "", &problem{fmt.Errorf("the store at %s is not the one that was commissioned: it is %s and should be %s; if it was replaced on purpose: berth stores accept %s", w.target.Name, id, want, w.target.Name), true}
	}
	w.set(func(s *storeState) {
		if s.expected == "" {
			s.expected = id
		}
		s.genuine = s.expected == id // Expect may have changed it meanwhile
	})
	return id, nil
}

// meet remembers a store that was never seen under this name.
func (w *worker) meet(ctx context.Context, id dock.StoreID) (dock.StoreID, error) {
	known := id
	err := w.queue.opts.Journal.Write(ctx, func(tx *journal.Tx) error {
		var err error
		known, err = expected(tx, w.target.Name)
		if err != nil || known != "" {
			return err
		}
		known = id
		return w.queue.expect(tx, w.target.Name, id, nil)
	})
	return known, err
}

// attempt stores one recording and reads it back. Without an error and without
// a receipt there is nothing to do any more.
func (q *Queue) attempt(ctx context.Context, w *worker, id dock.StoreID, t task) (*dock.Receipt, error) {
	var r dock.Recording
	err := q.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
		var err error
		r, err = tx.Recording(t.recording)
		return err
	})
	if err != nil {
		return nil, err
	}
	intent, ok := r.Spooled()
	if !ok || !r.OnSpool() || confirmations(r, id, intent.Sealed) > 0 {
		return nil, nil
	}
	sealed := q.opts.Sealed(intent)
	version, err := w.target.Store.Put(ctx, sealed)
	if err != nil {
		rotten, heldErr := q.rotten(ctx, t.recording, sealed, err)
		if heldErr != nil {
			return nil, heldErr
		}
		if rotten {
			err = fmt.Errorf("the spool's copy is not what was sealed: %w", err)
		}
		return nil, &problem{err, errors.Is(err, offload.ErrNotCommissioned)}
	}
	receipt, err := w.readBack(ctx, id, sealed, version)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: the store said that it took the recording, and does not have it", dock.ErrReceipt)
	}
	if err != nil {
		return nil, &problem{err, false}
	}
	return &receipt, nil
}

// readBack reads everything that the store holds under the key and makes a
// receipt of it, if the store is the one with this UUID before and after.
func (w *worker) readBack(ctx context.Context, id dock.StoreID, sealed dock.Sealed, version dock.Version) (dock.Receipt, error) {
	place, err := w.target.Store.Place(ctx)
	if err != nil {
		return dock.Receipt{}, err
	}
	back, err := w.target.Store.Open(ctx, sealed.Key, version)
	if err != nil {
		return dock.Receipt{}, err
	}
	receipt, err := dock.NewReceipt(id, place, sealed, version, back)
	if err := errors.Join(err, back.Close()); err != nil {
		return dock.Receipt{}, err
	}
	after, err := w.target.Store.Identity(ctx)
	if err != nil {
		return dock.Receipt{}, err
	}
	if after != id {
		return dock.Receipt{}, fmt.Errorf("the store at %s became another one while it was used", w.target.Name)
	}
	return receipt, nil
}

// confirmations counts how often a store was shown to hold these sealed bytes,
// since it was last shown not to.
func confirmations(r dock.Recording, store dock.StoreID, sealed hashing.Digest) int {
	count := 0
	for _, fact := range r.Facts {
		switch body := fact.Body.(type) {
		case dock.ReceiptEarned:
			if body.Receipt.Store == store && body.Receipt.SealedSHA256 == sealed && !sealed.IsZero() {
				count++
			}
		case dock.ReceiptRevoked:
			if body.Store == store {
				count = 0
			}
		}
	}
	return count
}

// spooledAt is the number of the fact that put the recording on the spool.
func spooledAt(r dock.Recording) int64 {
	var seq int64
	for _, fact := range r.Facts {
		if fact.Body.Kind() == dock.KindSpooled {
			seq = fact.Seq
		}
	}
	return seq
}
