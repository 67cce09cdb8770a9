package station

import (
	"cmp"
	"errors"
	"time"

	"berth/dock"
)

// askAgain is how long a docking waits after the erase rule said no, at first.
// Asking costs a complete read of every stored copy, so that the wait doubles
// up to maxBackoff while the answer stays no.
const askAgain = 5 * time.Second

// errNoEraser: this kind of camera has no way to erase one object.
var errNoEraser = errors.New("this kind of camera cannot be emptied by the station")

// beginsToEmpty: the camera can erase, or cannot. If it can, every recording
// that has come far enough is reconfirmed, cleared and erased, each by itself.
// A listing then tells what is really gone.
func (s *state) beginsToEmpty(err error) {
	if err != nil {
		s.refused = err.Error()
		s.blocked = s.now + maxBackoff
		return
	}
	s.empty, s.sweep = true, s.firstOpen
}

// nextToErase returns the next item to be emptied; -1 when all had their turn.
func (s *state) nextToErase() int {
	for ; s.sweep < len(s.items) && s.now >= s.blocked; s.sweep++ {
		if it := &s.items[s.sweep]; !it.erased && erasable(it) && s.now >= it.notNow {
			s.sweep++
			return s.sweep - 1
		}
	}
	s.empty = false
	for i := range s.items {
		s.listDue = s.listDue || s.items[i].pending
	}
	return -1
}

// reconfirmed: the stores still hold the recording, or it is left for later.
func (s *state) reconfirmed(it *item, err error) {
	if err != nil {
		s.failed(it, doReconfirm, err)
		s.stale = true // a receipt may be gone
		return
	}
	s.then = &effect{step: step{doClear, s.latest.index}}
}

// cleared: the erase rule said yes or no.
func (s *state) cleared(it *item, e event) error {
	var refusal *dock.Refusal
	switch {
	case errors.As(e.err, &refusal):
		s.notCleared(it, refusal)
		return nil
	case e.err != nil:
		return wrap("clear for erasing", e.err)
	}
	s.refused, s.refusals = "", 0
	// From here on nobody knows, until a listing tells.
	it.pending, it.refusal = true, nil
	s.then = &effect{step: step{doRemove, s.latest.index}, clearance: e.clearance}
	return nil
}

// notCleared waits, for this recording or for the whole camera.
func (s *state) notCleared(it *item, refusal *dock.Refusal) {
	s.refused = refusal.Reasons[0].Text
	it.notNow = s.now + min(askAgain<<min(s.refusals, 4), maxBackoff)
	s.refusals++
	if !refusal.Has("held") {
		s.blocked = it.notNow
	}
	if refusal.Has("changed") || refusal.Has("object") || refusal.Has("unlisted") {
		s.listDue = true
	}
	s.stale = true
}

// removed: the camera said that it erased, or that it did not, which need not
// be so. If the camera is gone the outcome stays open: nobody saw it.
func (s *state) removed(it *item, err error) error {
	switch {
	case errors.Is(err, dock.ErrGone):
		return err
	case errors.Is(err, dock.ErrChanged):
		it.pending = false
		s.failed(it, doRemove, err)
		s.listDue = true
		s.note(it, dock.EraseFailed, "the object is another one")
	case err != nil:
		// It may be gone all the same: a listing tells.
		it.refusal, s.listDue = err, true
	default:
		s.gone[it.Entry.Handle] = true
	}
	return nil
}

// confirmErased notes what a complete listing says of the recordings that were
// told to go.
func (s *state) confirmErased(listing dock.Listing) {
	present := make(map[dock.Handle]dock.ObjectIdentity, len(listing.Entries))
	for _, e := range listing.Entries {
		present[e.Handle] = e.Identity
	}
	hidden := listing.Hides()
	for i := range s.items {
		it := &s.items[i]
		if !it.pending {
			continue
		}
		it.pending = false
		if present[it.Entry.Handle] == it.Entry.Identity {
			s.failed(it, doRemove, cmp.Or(it.refusal, errStillListed))
			s.note(it, dock.EraseFailed, "still listed")
			continue
		}
		if _, listed := present[it.Entry.Handle]; !listed && hidden(it.Entry.Name) {
			s.failed(it, doRemove, cmp.Or(it.refusal, errHidden))
			s.note(it, dock.EraseUnconfirmed, "the folder that it was in cannot be read")
			continue
		}
		it.erased = true
		it.worked()
		s.note(it, dock.EraseConfirmed, "absent from a complete listing")
	}
}

var (
	errStillListed = errors.New("the camera still lists it")
	errHidden      = errors.New("the folder that it was in cannot be read")
)

func (s *state) note(it *item, outcome dock.EraseOutcome, detail string) {
	s.notes = append(s.notes, effect{
		step: step{action: doNote}, recording: it.Recording, outcome: dock.EraseResult{Outcome: outcome, Detail: detail},
	})
}
