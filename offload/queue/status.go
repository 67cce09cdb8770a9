package queue

import (
	"context"
	"errors"
	"fmt"

	"berth/dock"
	"berth/dock/journal"
)

// load reads which stores are expected.
func (q *Queue) load(ctx context.Context) error {
	return q.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
		for _, w := range q.workers {
			id, err := expected(tx, w.target.Name)
			if err != nil {
				return fmt.Errorf("read which store %s is expected to be: %w", w.target.Name, err)
			}
			w.update(func(s *storeState) { s.expected = id })
		}
		return nil
	})
}

// Status says how the stores are, in the config's order. It asks the journal
// and no store, so a store that hangs does not hold it up.
func (q *Queue) Status(ctx context.Context) ([]dock.StoreStatus, error) {
	statuses := make([]dock.StoreStatus, len(q.workers))
	err := q.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
		for i, w := range q.workers {
			state := w.snapshot()
			count, sizeBytes, err := countTasks(tx, w.target.Name)
			if err != nil {
				return err
			}
			statuses[i] = dock.StoreStatus{
				Store: w.target.Name, ID: state.expected, Reachable: state.genuine && state.reachable,
				Queued: int64(count), QueuedBytes: sizeBytes, WaitingFor: state.waiting,
			}
		}
		return nil
	})
	return statuses, err
}

// ErrNoStore: the config has no store of this name.
var ErrNoStore = errors.New("no such store in the config")

// Accept says that the configured store name is from now on the one that is
// there now: a person commissioned another one in its place, by and reason say
// who and why. What is on the spool is forwarded to it; receipts of the one
// before stay its own.
func (q *Queue) Accept(ctx context.Context, name, by, reason string) error {
	for _, w := range q.workers {
		if w.target.Name != name {
			continue
		}
		id, err := w.target.Store.Identity(ctx)
		if err != nil {
			return fmt.Errorf("accept store %s: %w", name, err)
		}
		return w.become(ctx, id, map[string]string{"by": by, "text": reason})
	}
	return fmt.Errorf("accept store %q: %w", name, ErrNoStore)
}

// become makes the UUID the one that is expected of the worker's store.
func (w *worker) become(ctx context.Context, id dock.StoreID, personal map[string]string) error {
	if w.snapshot().expected == id {
		return nil
	}
	q, name := w.queue, w.target.Name
	err := q.opts.Journal.Write(ctx, func(tx *journal.Tx) error { return q.expect(tx, name, id, personal) })
	if err != nil {
		return fmt.Errorf("accept store %s as %s: %w", name, id, err)
	}
	w.set(func(s *storeState) { s.expected, s.genuine = id, false })
	signal(q.whole)
	signal(w.nudge)
	return nil
}

// expect remembers the UUID of a store. One that another configured store has
// too is refused: the same copy would count twice.
func (q *Queue) expect(tx *journal.Tx, name string, id dock.StoreID, personal map[string]string) error {
	for _, w := range q.workers {
		if w.target.Name == name {
			continue
		}
		taken, err := expected(tx, w.target.Name)
		if err != nil {
			return err
		}
		if taken == id {
			return &problem{fmt.Errorf("the store at %s is the same as the store at %s", name, w.target.Name), true}
		}
	}
	return setExpected(tx, name, id, personal)
}
