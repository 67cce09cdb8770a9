package station

import (
	"fmt"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// state is everything that a docking knows and decides by. It does no I/O, has
// no clock and no chance in it: the same events give the same effects. A
// docking's goroutine owns it; a simulation may too.
type state struct {
	view
	camera dock.CameraID
	quiet  time.Duration // how long a camera must be quiet between two listings
	relist time.Duration // how often it is listed again, at the least

	latest effect   // whose answer the next event is
	then   *effect  // what the latest answer leads to without another decision
	notes  []effect // outcomes of erasing that the journal does not know yet
	sweep  int      // where emptying the camera has come to
	empty  bool     // the camera is being emptied

	conflict  bool                 // another docked camera claims the same identity
	earlier   dock.Listing         // the latest listing
	listedAt  time.Duration        // boot time of earlier; 0 for never
	listTook  time.Duration        // how long the latest listing took
	gone      map[dock.Handle]bool // handles that we erased since earlier
	emptied   bool                 // recordings that we never erased were gone, and nothing was left
	exception string               // what a person must release, empty for nothing
	refused   string               // why the journal refuses to clear, empty if it does not
	refusals  int                  // so often in a row

	stale   bool          // the journal may know more than the items say
	askedAt time.Duration // boot time at which the journal was asked last
	askTook time.Duration
}

// newState is that of a camera of which nothing is known yet.
func newState(camera dock.CameraID, quiet, relist time.Duration) state {
	return state{view: view{listDue: true}, camera: camera, quiet: quiet, relist: relist, gone: map[dock.Handle]bool{}}
}

// moment is what every step takes from around the docking.
type moment struct {
	now      time.Duration // since boot
	erases   bool          // the agency wants cameras emptied, and nothing locks it
	conflict bool          // another docked camera claims the same identity
	stirred  bool          // something happened that the journal knows more about
}

// effect is one thing that a docking does in the world. Exactly one event
// answers it before there is another.
type effect struct {
	step
	until     time.Duration    // boot time: doWait, at the latest; doList, not before
	listing   dock.Listing     // doReconcile: what is quiet
	settled   bool             // doReconcile
	clearance dock.Clearance   // doRemove
	recording dock.RecordingID // doNote
	outcome   dock.EraseResult // doNote
	cause     error            // doEnd
}

// event is what came of the latest effect. Besides err, only the fields that
// belong to the effect are set.
type event struct {
	err       error
	listing   dock.Listing                          // doList
	took      time.Duration                         // doList, doAsk
	meaning   journal.Reconciled                    // doReconcile
	exception string                                // doReconcile: what a person must release
	progress  map[dock.RecordingID]journal.Progress // doAsk
	clearance dock.Clearance                        // doClear
}

// step takes in what came of the latest effect and decides on the next one.
// The first event of all is the zero value.
func (s *state) step(m moment, e event) effect {
	s.now, s.erases, s.conflict = m.now, m.erases, m.conflict
	s.stale = s.stale || m.stirred
	if err := s.learn(e); err != nil {
		return effect{step: step{action: doEnd}, cause: err}
	}
	s.latest = s.decide()
	return s.latest
}

// learn takes in the answer to the latest effect. An error ends the docking.
func (s *state) learn(e event) error {
	switch s.latest.action {
	case doWait:
		s.listDue = s.listDue || s.now >= s.listedAt+s.relistEvery()
	case doList:
		return s.listed(e)
	case doReconcile:
		return s.reconciled(e)
	case doAsk:
		return s.progressed(e)
	case doState:
		s.stated = true
		return wrap("state what the camera held", e.err)
	case doPull:
		return s.pulled(s.it(), e.err)
	case doReread:
		return s.wasReread(s.it(), e.err)
	case doErase:
		s.beginsToEmpty(e.err)
	case doReconfirm:
		s.reconfirmed(s.it(), e.err)
	case doClear:
		return s.cleared(s.it(), e)
	case doRemove:
		return s.removed(s.it(), e.err)
	case doNote:
		return wrap("journal the outcome of erasing", e.err)
	}
	return nil
}

// it is the item that the latest effect was about.
func (s *state) it() *item { return &s.items[s.latest.index] }

// decide says what to do now: first what an answer led to, then what next wants.
func (s *state) decide() effect {
	if len(s.notes) > 0 {
		note := s.notes[0]
		s.notes = s.notes[1:]
		return note
	}
	if then := s.then; then != nil {
		s.then = nil
		return *then
	}
	if s.empty {
		if i := s.nextToErase(); i >= 0 {
			return effect{step: step{doReconfirm, i}}
		}
	}
	if s.stale && s.now >= s.mayAskAt() {
		return effect{step: step{action: doAsk}}
	}
	e := effect{step: next(s.view)}
	switch {
	case e.action == doWait:
		e.until = s.restUntil()
	case e.action == doList && s.listedAt != 0:
		// Two listings tell something only if time has passed between them.
		e.until = s.listedAt + s.quiet
	}
	return e
}

// restUntil is when something must be looked at again though nothing stirs.
func (s *state) restUntil() time.Duration {
	until := s.listedAt + s.relistEvery()
	for i := range s.items {
		if it := &s.items[i]; !it.erased && it.notNow > s.now {
			until = min(until, it.notNow)
		}
	}
	if s.blocked > s.now {
		until = min(until, s.blocked)
	}
	if s.stale {
		until = min(until, s.mayAskAt())
	}
	return until
}

// relistEvery keeps the listing of a large camera from being all that is done.
func (s *state) relistEvery() time.Duration { return max(s.relist, 20*s.listTook) }

// mayAskAt: receipts come in bursts, and a large docking is not looked up for each.
func (s *state) mayAskAt() time.Duration { return s.askedAt + max(20*s.askTook, 50*time.Millisecond) }

// progressed takes in how far the journal says that every recording has come.
func (s *state) progressed(e event) error {
	if e.err != nil {
		return wrap("look up the docking", e.err)
	}
	s.stale, s.askedAt, s.askTook = false, s.now, e.took
	for i := range s.items {
		it := &s.items[i]
		if p, known := e.progress[it.Recording]; known {
			it.spooled, it.stored, it.held, it.erased = p.Ingested, p.Stored, p.Held, p.Erased
		}
	}
	return nil
}

// wrap says what failed; nil stays nil.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
