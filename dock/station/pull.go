package station

import (
	"errors"
	"time"

	"berth/dock"
)

// maxBackoff bounds how long a failed step waits before it is tried again.
const maxBackoff = time.Minute

// busyWait is how long an object that somebody writes to is left alone.
const busyWait = time.Second

// pulled: one recording was brought onto the station, or was not.
func (s *state) pulled(it *item, err error) error {
	if err != nil {
		return s.sortOut(it, doPull, err)
	}
	it.worked()
	it.spooled = true
	s.stated = false
	return nil
}

// wasReread: one recording was read from the camera's medium once more, or was not.
func (s *state) wasReread(it *item, err error) error {
	if err != nil {
		return s.sortOut(it, doReread, err)
	}
	it.worked()
	it.reread = true
	s.stale = true // equal, or held now: the journal knows
	return nil
}

// sortOut decides what a failure with one recording means: for the whole
// docking, or for this recording only.
func (s *state) sortOut(it *item, tried action, err error) error {
	it.tried = s.now
	switch {
	case errors.Is(err, dock.ErrGone):
		return err
	case errors.Is(err, dock.ErrBusy):
		it.notNow = s.now + busyWait // no failure: it is simply not whole yet
		return nil
	case errors.Is(err, dock.ErrChanged):
		s.listDue = true // look at the camera again
	}
	s.failed(it, tried, err)
	return nil
}

// failed notes that something with an item did not work and when to try again.
func (s *state) failed(it *item, tried action, err error) {
	it.failures++
	it.notNow = s.now + min(time.Second<<min(it.failures, 6), maxBackoff)
	it.problem = tried.phrase() + ": " + plain(err)
}

// worked forgets earlier failures.
func (it *item) worked() { it.failures, it.tried, it.notNow, it.problem = 0, 0, 0, "" }

// phrase says what an action that can fail for one recording was about.
func (a action) phrase() string {
	switch a {
	case doPull:
		return "bring a recording onto the station"
	case doReread:
		return "read a recording a second time"
	case doReconfirm:
		return "confirm the stored copies"
	}
	return "erase a recording"
}
