package queue

import (
	"context"
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
func (q *Queue) Status(ctx context.Context) ([]StoreStatus, error) {
	statuses := make([]StoreStatus, len(q.workers))
	err := q.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
		for i, w := range q.workers {
			state := w.snapshot()
			count, sizeBytes, err := countTasks(tx, w.target.Name)
			if err != nil {
				return err
			}
			statuses[i] = StoreStatus{
				Name: w.target.Name, ID: state.expected, Reachable: state.genuine && state.reachable,
				Queued: count, QueuedBytes: sizeBytes, WaitingFor: state.waiting,
			}
		}
		return nil
	})
	return statuses, err
}

// Expect says that the configured store name is from now on the one with this
// UUID: a person commissioned another one in its place. What is on the spool is
// forwarded to it; receipts of the one before stay its own.
func (q *Queue) Expect(ctx context.Context, name string, id dock.StoreID) error {
	for _, w := range q.workers {
		if w.target.Name != name {
			continue
		}
		if w.snapshot().expected == id {
			return nil
		}
		err := q.opts.Journal.Write(ctx, func(tx *journal.Tx) error { return q.expect(tx, name, id) })
		if err != nil {
			return fmt.Errorf("expect store %s to be %s: %w", name, id, err)
		}
		w.set(func(s *storeState) { s.expected, s.genuine = id, false })
		signal(q.whole)
		signal(w.nudge)
		return nil
	}
	return fmt.Errorf("expect store %s to be %s: no such store in the config", name, id)
}

// expect remembers the UUID of a store. One that another configured store has
// too is refused: the same copy would count twice.
func (q *Queue) expect(tx *journal.Tx, name string, id dock.StoreID) error {
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
	return setExpected(tx, name, id)
}
