package queue

import (
	"context"

	"berth/dock"
)

// Expect is Accept of a store that shows its UUID later than it is accepted,
// as one that is replaced in the middle of an attempt.
func (q *Queue) Expect(ctx context.Context, name string, id dock.StoreID) error {
	for _, w := range q.workers {
		if w.target.Name == name {
			return w.become(ctx, id, nil)
		}
	}
	return ErrNoStore
}
