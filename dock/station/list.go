package station

import (
	"berth/dock"
	"berth/dock/journal"
)

// listed keeps what is quiet and has the journal work out what that means. The
// first listing only says what to compare the next with.
func (s *state) listed(e event) error {
	if e.err != nil {
		return wrap("list the camera", e.err)
	}
	first := s.listedAt == 0
	s.listedAt, s.listTook = s.now, e.took
	if first {
		s.earlier = e.listing
		return nil
	}
	s.confirmErased(e.listing)
	quiet, settled := settle(s.earlier, e.listing, s.gone)
	s.earlier, s.gone = e.listing, map[dock.Handle]bool{}
	s.then = &effect{step: step{action: doReconcile}, listing: quiet, settled: settled}
	return nil
}

// reconciled takes in what the journal makes of the listing.
func (s *state) reconciled(e event) error {
	if e.err != nil {
		return wrap("reconcile the listing", e.err)
	}
	settled := s.latest.settled
	s.adopt(e.meaning)
	s.listDue = !settled
	if s.settled != settled || e.meaning.NewRecordings+e.meaning.Vanished > 0 {
		s.stated = false
	}
	s.settled = settled
	if len(s.earlier.Entries) == 0 && e.meaning.Vanished > 0 {
		s.emptied = true
	}
	s.exception = e.exception
	// What an earlier docking brought in must not be taken for new.
	s.then = &effect{step: step{action: doAsk}}
	return nil
}

// adopt makes the journal's view of the listing ours: what is new is added,
// what is no longer listed is dropped, what we know of the rest stays.
func (s *state) adopt(meaning journal.Reconciled) {
	known := make(map[dock.RecordingID]item, len(s.items))
	for _, it := range s.items {
		known[it.Recording] = it
	}
	items := make([]item, 0, len(meaning.Items))
	listed := make(map[dock.RecordingID]bool, len(meaning.Items))
	for _, planned := range meaning.Items {
		it := known[planned.Recording]
		if it.Entry.Identity != planned.Entry.Identity {
			it.reread = false // touched since: only another read says what it is now
		}
		it.Planned = planned
		items = append(items, it)
		listed[planned.Recording] = true
	}
	// Those that left the camera stay in the count: they were part of it.
	gone := make([]item, 0, len(s.items))
	for _, it := range s.items {
		if !listed[it.Recording] && it.erased {
			gone = append(gone, it)
		}
	}
	s.items = append(gone, items...)
	s.firstOpen = len(gone)
}
