package queue

import (
	"context"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// lookAgain is how often the queue looks by itself whether anything is to be
// done and whether its stores are still there.
const lookAgain = time.Minute

// pageSize is how many new facts are taken from the journal at once.
const pageSize = 64

// takeIn turns what the journal knows to be spooled into tasks: everything at
// the start, and from then on what was added.
func (q *Queue) takeIn(ctx context.Context) error {
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	seen, err := q.takeAll(ctx)
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.whole:
			seen, err = q.takeAll(ctx)
			continue
		case <-q.intake:
		case <-ticker.C:
		}
		seen, err = q.takeNew(ctx, seen)
	}
	return err
}

// takeAll looks at every recording with a copy on the spool, and returns the
// number of a fact before which there is nothing more to look for.
func (q *Queue) takeAll(ctx context.Context) (seen int64, err error) {
	err = q.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
		return tx.QueryRow(`SELECT coalesce(max(seq), 0) FROM facts`).Scan(&seen)
	})
	if err != nil {
		return 0, err
	}
	var page []dock.RecordingID
	err = q.opts.Journal.Unfinished(ctx, func(r dock.Recording) error {
		if len(q.missing(r)) > 0 {
			page = append(page, r.ID)
		}
		if len(page) < pageSize {
			return nil
		}
		err := q.add(ctx, page)
		page = page[:0]
		return err
	})
	if err != nil {
		return 0, err
	}
	return seen, q.add(ctx, page)
}

// takeNew looks at the recordings spooled after the fact numbered seen.
func (q *Queue) takeNew(ctx context.Context, seen int64) (int64, error) {
	for {
		var page []dock.RecordingID
		err := q.opts.Journal.Read(ctx, func(tx *journal.Tx) error {
			rows, err := tx.Query(`SELECT facts.seq, recordings.id
				FROM facts JOIN recordings ON recordings.number = facts.recording
				WHERE facts.seq > ? AND facts.kind = ? ORDER BY facts.seq LIMIT ?`,
				seen, string(dock.KindSpooled), pageSize)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id dock.RecordingID
				if err := rows.Scan(&seen, &id); err != nil {
					return err
				}
				page = append(page, id)
			}
			return rows.Err()
		})
		if err != nil || len(page) == 0 {
			return seen, err
		}
		if err := q.add(ctx, page); err != nil {
			return seen, err
		}
	}
}

// add queues the recordings for the stores that miss them, and wakes those.
func (q *Queue) add(ctx context.Context, recordings []dock.RecordingID) error {
	err := q.opts.Journal.Write(ctx, func(tx *journal.Tx) error {
		for _, id := range recordings {
			r, err := tx.Recording(id)
			if err != nil {
				return err
			}
			for _, t := range q.missing(r) {
				if err := addTask(tx, t); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, w := range q.workers {
		signal(w.work)
	}
	return nil
}

// missing returns the tasks that a recording on the spool gives: one for each
// configured store that holds no receipt for what is spooled now.
func (q *Queue) missing(r dock.Recording) []task {
	intent, ok := r.Spooled()
	if !ok || !r.OnSpool() {
		return nil
	}
	var tasks []task
	for _, w := range q.workers {
		if confirmations(r, w.snapshot().expected, intent.Sealed) == 0 {
			tasks = append(tasks, newTask(w.target.Name, r, intent))
		}
	}
	return tasks
}

func newTask(store string, r dock.Recording, intent dock.SpoolIntent) task {
	return task{store: store, recording: r.ID, spooled: spooledAt(r), sizeBytes: intent.SealedBytes}
}
