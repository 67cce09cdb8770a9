package station

import (
	"context"
	"sync"
	"time"
)

// errand is work in a goroutine of its own, because the kernel may keep it for
// as long as it likes.
type errand struct {
	done  chan struct{} // closed when it ended
	err   error         // how; to be read after done
	what  string        // of one that is late
	began time.Duration // boot time
}

// errands owns the errands that whoever began them could not wait for any
// longer: it goes on waiting, and says what it waits for. Safe for concurrent
// use.
type errands struct {
	now  func() time.Duration // since boot
	news func()               // called after late changed

	mu    sync.Mutex
	late  map[*errand]bool // guarded by mu
	fatal chan error       // holds one: a late errand ended with it
}

func newErrands(now func() time.Duration, news func()) *errands {
	return &errands{now: now, news: news, late: map[*errand]bool{}, fatal: make(chan error, 1)}
}

// begin starts an errand. The caller waits for done, or hands it to abandon.
func (es *errands) begin(work func() error) *errand {
	e := &errand{done: make(chan struct{}), began: es.now()}
	go func() {
		e.err = work()
		close(e.done)
		es.ended(e)
	}()
	return e
}

// over reports whether it ended.
func (e *errand) over() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// abandon takes over the waiting; what says what is late, in a phrase.
func (es *errands) abandon(e *errand, what string) {
	es.mu.Lock()
	defer es.news()
	defer es.mu.Unlock()
	if e.over() {
		es.sort(e)
		return
	}
	e.what = what
	es.late[e] = true
}

func (es *errands) ended(e *errand) {
	es.mu.Lock()
	was := es.late[e]
	if was {
		delete(es.late, e)
		es.sort(e)
	}
	es.mu.Unlock()
	if was {
		es.news()
	}
}

// sort keeps an error after which nothing may go on; es.mu is held.
func (es *errands) sort(e *errand) {
	if fatal(e.err) {
		select {
		case es.fatal <- e.err:
		default: // one is enough to end the process
		}
	}
}

// run returns the error of a late errand after which nothing may go on, or
// when ctx ends.
func (es *errands) run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-es.fatal:
		return err
	}
}

// lateOne is what Status says of a late errand.
type lateOne struct {
	what  string
	since time.Duration // boot time at which it began
}

func (es *errands) open() []lateOne {
	es.mu.Lock()
	defer es.mu.Unlock()
	var list []lateOne
	for e := range es.late {
		list = append(list, lateOne{e.what, e.began})
	}
	return list
}

// settle waits for what is late, but no longer than limit, and returns what
// the kernel still keeps.
func (es *errands) settle(limit time.Duration) []lateOne {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		es.mu.Lock()
		var one *errand
		for e := range es.late {
			one = e
		}
		es.mu.Unlock()
		if one == nil {
			return nil
		}
		select {
		case <-one.done:
			es.ended(one)
		case <-timer.C:
			return es.open()
		}
	}
}
