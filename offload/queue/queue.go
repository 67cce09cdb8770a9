package queue

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"sync"

	"golang.org/x/sync/errgroup"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
	"berth/offload"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Room is the queue's part of the journal: which stores are expected, what is
// to be forwarded to them, and which spool copies are about to go.
func Room() journal.Room {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the path is a constant
	}
	return journal.Room{Name: "offload", Migrations: files}
}

// Target is one configured store.
type Target struct {
	Name  string // in the config; unique
	Store offload.Store
}

// Options say what is forwarded, where to, and what happens on the spool.
type Options struct {
	Journal *journal.Journal // opened with Room
	Targets []Target
	// Sealed finds the sealed file of an intent on the spool.
	Sealed func(dock.SpoolIntent) dock.Sealed
	// ReleaseSpool removes a sealed file from the spool. A file that is not
	// there is fine: fs.ErrNotExist or nil. dock.ErrSync ends the queue.
	ReleaseSpool func(hashing.Digest) error
	Copies       int // what the config asks for, at least 1
	Clock        dock.Clock
	Log          *slog.Logger // nil for silence
}

// Queue forwards. All methods are safe for concurrent use; Run may be called once.
type Queue struct {
	opts    Options
	workers []*worker     // one for each target, in the config's order
	intake  chan struct{} // buffered by one: something was spooled
	whole   chan struct{} // buffered by one: look at everything again
	changed chan struct{} // buffered by one
}

// ErrRevoked: a store was shown not to hold any more what it had a receipt for.
var ErrRevoked = errors.New("store no longer holds the recording")

// New prepares a queue; it does no I/O and starts nothing.
func New(o Options) *Queue {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	q := &Queue{
		opts: o, intake: make(chan struct{}, 1), whole: make(chan struct{}, 1), changed: make(chan struct{}, 1),
	}
	for _, target := range o.Targets {
		q.workers = append(q.workers, &worker{
			queue: q, target: target, log: o.Log.With("store", target.Name),
			work: make(chan struct{}, 1), nudge: make(chan struct{}, 1),
		})
	}
	return q
}

// Run forwards until ctx ends and then returns nil, with all of its goroutines
// ended. It returns an error only if the journal or the spool's disk fails: then
// what is known is in doubt, and the process should end. A stop in the same
// moment hides no such failure.
func (q *Queue) Run(ctx context.Context) error {
	if err := q.load(ctx); err != nil {
		return ended(ctx, err)
	}
	group, inner := errgroup.WithContext(ctx)
	var mu sync.Mutex
	var doubt error // guarded by mu; the group keeps only who ended first
	begin := func(work func(context.Context) error) {
		group.Go(func() error {
			err := work(inner)
			mu.Lock()
			defer mu.Unlock()
			if doubt == nil && doubtful(err) {
				doubt = err
			}
			return err
		})
	}
	begin(q.takeIn)
	begin(q.tidy)
	for _, w := range q.workers {
		begin(w.run)
	}
	err := group.Wait()
	if doubt != nil {
		return doubt
	}
	return ended(ctx, err)
}

// ended hides errors that are only ctx's end.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && !doubtful(err) {
		return nil
	}
	return err
}

// doubtful: after this error nothing that the process holds can be believed.
func doubtful(err error) bool {
	return errors.Is(err, journal.ErrCommit) || errors.Is(err, journal.ErrBroken) || errors.Is(err, dock.ErrSync)
}

// Wake says that something was spooled. It never blocks, and it is only a hint:
// the queue looks by itself every minute.
func (q *Queue) Wake() { signal(q.intake) }

// Changed receives, coalesced, after a receipt was earned or revoked and when a
// store became reachable or stopped being so. One reader.
func (q *Queue) Changed() <-chan struct{} { return q.changed }

// signal sets a hint that is there at most once.
func signal(hint chan struct{}) {
	select {
	case hint <- struct{}{}:
	default:
	}
}

// Stores returns the UUIDs of the configured stores that were found, when they
// were last looked at, to be the ones that are expected. Others count for
// nothing when erasing is decided.
func (q *Queue) Stores() []dock.StoreID {
	var ids []dock.StoreID
	for _, w := range q.workers {
		if state := w.snapshot(); state.genuine {
			ids = append(ids, state.expected)
		}
	}
	return ids
}

// storeState is what a worker last found out about its store.
type storeState struct {
	expected  dock.StoreID
	genuine   bool   // it said that it is the expected one
	reachable bool   // the last use of it succeeded
	waiting   string // why not
}

// sharedState is guarded by its mutex: the worker writes, anybody reads.
type sharedState struct {
	mu    sync.Mutex
	state storeState
}

func (s *sharedState) snapshot() storeState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// update changes the state and reports whether it became another one.
func (s *sharedState) update(change func(*storeState)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.state
	change(&s.state)
	return s.state != before
}
