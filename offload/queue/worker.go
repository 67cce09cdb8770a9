package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// worker forwards to one store. Only its own goroutine uses the fields without
// a comment.
type worker struct {
	queue  *Queue
	target Target
	log    *slog.Logger
	streak int           // how often in a row the store failed
	work   chan struct{} // buffered by one: there may be a task; waits out a pause
	nudge  chan struct{} // buffered by one: try now

	sharedState
}

// rest is how long a worker waits, and whether new work ends it.
type rest struct {
	length time.Duration
	idle   bool // nothing is due: new work ends it. Otherwise it is a pause after a failure
}

// run does one thing after the other until ctx ends or the journal fails.
func (w *worker) run(ctx context.Context) error {
	for {
		pause, err := w.step(ctx)
		if err != nil {
			return err
		}
		if err := w.wait(ctx, pause); err != nil {
			return err
		}
	}
}

func (w *worker) wait(ctx context.Context, pause rest) error {
	if err := ctx.Err(); err != nil || pause.length <= 0 {
		return err
	}
	timer := time.NewTimer(pause.length)
	defer timer.Stop()
	work := w.work
	if !pause.idle {
		work = nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	case <-work:
	case <-w.nudge:
	}
	return nil
}

// step looks whether the store is the right one and makes at most one attempt.
// Its error is the journal's or ctx's; what the store does wrong becomes a rest.
func (w *worker) step(ctx context.Context) (rest, error) {
	id, err := w.identify(ctx)
	if err != nil {
		return w.storeFailed(ctx, err)
	}
	var next task
	var found bool
	var due time.Duration
	err = w.queue.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
		var err error
		next, found, due, err = nextTask(tx, w.target.Name, w.queue.opts.Clock.Now())
		return err
	})
	if err != nil {
		return rest{}, err
	}
	if !found {
		w.streak = 0
		if err := w.report(ctx); err != nil {
			return rest{}, err
		}
		if due == 0 || due > lookAgain {
			due = lookAgain
		}
		return rest{length: due, idle: true}, nil
	}
	receipt, err := w.queue.attempt(ctx, w, id, next)
	switch {
	case err == nil && receipt == nil:
		return rest{}, w.drop(ctx, next)
	case err == nil:
		w.streak = 0
		return rest{}, w.earned(ctx, next, *receipt)
	}
	return w.taskFailed(ctx, next, err)
}

// pause after the store failed once more.
func (w *worker) pause() time.Duration {
	w.streak++
	return backoff(w.streak)
}

// storeFailed takes down why the store as a whole cannot be used, and rests.
// An error that is not the store's is returned.
func (w *worker) storeFailed(ctx context.Context, err error) (rest, error) {
	var trouble *problem
	if ctx.Err() != nil || !errors.As(err, &trouble) {
		return rest{}, err
	}
	w.log.Warn("store cannot be used", "error", err)
	w.set(func(s *storeState) {
		s.reachable, s.waiting = false, trouble.Error()
		if trouble.swapped {
			s.genuine = false
		}
	})
	return rest{length: w.pause()}, nil
}

// taskFailed takes down why an attempt failed. Where it is the recording and
// not the store, the next one follows without a pause. An error that is not the
// store's is returned.
func (w *worker) taskFailed(ctx context.Context, t task, err error) (rest, error) {
	var trouble *problem
	if ctx.Err() != nil || !errors.As(err, &trouble) {
		return rest{}, err
	}
	pause := backoff(t.attempts + 1)
	if trouble.stubborn() {
		pause = backoffCap
	}
	w.log.Warn("recording not stored", "recording", t.recording, "attempts", t.attempts+1, "error", err)
	now := w.queue.opts.Clock.Now()
	err = w.queue.opts.Journal.Write(ctx, func(tx *journal.Tx) error {
		return failTask(tx, t, trouble.Error(), now, pause)
	})
	if err != nil {
		return rest{}, err
	}
	if trouble.ofRecording() {
		return rest{}, nil
	}
	w.set(func(s *storeState) {
		s.reachable, s.waiting = false, "the store cannot be used: "+trouble.Error()
	})
	return rest{length: w.pause()}, nil
}

// drop takes a task off the queue that there is nothing to do for.
func (w *worker) drop(ctx context.Context, t task) error {
	return w.queue.opts.Journal.Write(ctx, func(tx *journal.Tx) error {
		_, err := endTask(tx, t)
		return err
	})
}

// earned records the receipt and ends the task, or neither: a store that a
// person replaced meanwhile still lacks the recording.
func (w *worker) earned(ctx context.Context, t task, receipt dock.Receipt) error {
	err := w.queue.opts.Journal.Write(ctx, func(tx *journal.Tx) error {
		want, err := expected(tx, w.target.Name)
		if err != nil || want != receipt.Record().Store {
			return err
		}
		mine, err := endTask(tx, t)
		if err != nil || !mine {
			return err
		}
		_, err = tx.Append(dock.Fact{Recording: t.recording, Body: dock.ReceiptEarned{Receipt: receipt.Record()}})
		return err
	})
	if err != nil {
		return fmt.Errorf("record the receipt of %s: %w", t.recording, err)
	}
	w.log.Info("recording stored", "recording", t.recording)
	signal(w.queue.changed)
	return w.report(ctx)
}

// report makes public that the store can be used, and what is wrong with the
// recordings that it does not take.
func (w *worker) report(ctx context.Context) error {
	var sentence string
	err := w.queue.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
		var err error
		sentence, err = failing(tx, w.target.Name)
		return err
	})
	if err != nil {
		return err
	}
	w.set(func(s *storeState) { s.reachable, s.waiting = true, sentence })
	return nil
}

// set changes the public state and tells whoever watches.
func (w *worker) set(change func(*storeState)) {
	if w.update(change) {
		signal(w.queue.changed)
	}
}
