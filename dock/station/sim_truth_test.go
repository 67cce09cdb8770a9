package station

import (
	"slices"
	"time"

	"berth/dock"
)

// What is true in a simulated world, whether or not the station knows it. The
// oracle judges by this alone, and by the promises of DESIGN.md.

// simProof is what a complete look at a store's copy truly showed.
type simProof struct {
	at    time.Duration // true time of the last look that found the right bytes
	since time.Duration // true time of the first one since it was last found wanting
	whole bool          // every byte was read, and not only the server's word asked for
}

// confirmedWithin is the promise of DESIGN.md: reconfirmed at most 15 minutes ago.
const confirmedWithin = 15 * time.Minute

// wanted is how many copies the agency asked for, then or now.
func (w *world) wanted(r *simRecording) int { return max(1, w.erasing.Copies, r.asked) }

// copies counts what the good stores amount to: a disk once, unless IT said
// that this store counts beside others on its disk, and the spool's never.
func (w *world) copies(good func(*simStore) bool) int {
	disks, copies := map[string]bool{}, 0
	for _, s := range w.stores {
		switch {
		case !good(s):
		case s.place.SharesDevice:
			copies++
		case !s.place.OnSpool && !disks[s.place.Device]:
			disks[s.place.Device] = true
			copies++
		}
	}
	return copies
}

// serves: the config names the store, and the station's last look found it.
func (s *simStore) serves() bool { return s.configured && s.genuine }

// provenIn counts the copies that the station was truly shown and that nothing
// it saw since speaks against.
func (w *world) provenIn(r *simRecording) int {
	return w.copies(func(s *simStore) bool { return s.serves() && s.proven[r.key] != simProof{} })
}

// lately counts the copies that were truly looked at within the time that a
// confirmation is good for; whole says that one of them was read to its end.
func (w *world) lately(r *simRecording) (copies int, whole bool) {
	fresh := func(s *simStore) bool {
		p := s.proven[r.key]
		return s.serves() && p != simProof{} && w.now-p.at <= confirmedWithin
	}
	return w.copies(fresh), w.copies(func(s *simStore) bool { return fresh(s) && s.proven[r.key].whole }) > 0
}

// safeFor is how long there have been enough copies.
func (w *world) safeFor(r *simRecording) time.Duration {
	var since []time.Duration
	for _, s := range w.stores {
		if p := s.proven[r.key]; s.configured && p != (simProof{}) {
			since = append(since, p.since)
		}
	}
	slices.Sort(since)
	for _, at := range since {
		enough := w.copies(func(s *simStore) bool {
			p := s.proven[r.key]
			return s.configured && p != simProof{} && p.since <= at
		})
		if enough >= w.wanted(r) {
			return w.now - at
		}
	}
	return -1
}

// testimony is what the medium truly gave, whole, in one docking.
type testimony struct {
	object  dock.ObjectIdentity
	content []byte
	as      dock.Entry
}

// hearing is what a camera truly told in one docking.
type hearing struct {
	earlier, latest dock.Listing // complete ones
	heard           int          // how many there were
	told            map[dock.Handle]bool
	agree           bool // the last two had the same, but for what was told to go
	// As of the latest listing that the journal knows.
	quiet   bool
	known   dock.Listing
	entries map[dock.RecordingID]dock.Entry
	listed  map[dock.RecordingID]bool // ever, in this docking
	objects map[int]bool              // those that this docking saw first
	gave    map[dock.RecordingID]testimony
}

func newHearing() hearing {
	return hearing{
		told: map[dock.Handle]bool{}, entries: map[dock.RecordingID]dock.Entry{},
		listed: map[dock.RecordingID]bool{}, objects: map[int]bool{}, gave: map[dock.RecordingID]testimony{},
	}
}

// hear takes in a complete listing.
func (h *hearing) hear(l dock.Listing) {
	h.earlier, h.latest = h.latest, l
	h.heard++
	before := map[dock.Handle]dock.Entry{}
	for _, e := range h.earlier.Entries {
		before[e.Handle] = e
	}
	h.agree = h.heard > 1
	for _, e := range l.Entries {
		was, there := before[e.Handle]
		h.agree = h.agree && there && was.Identity == e.Identity
		delete(before, e.Handle)
	}
	for handle := range before {
		h.agree = h.agree && h.told[handle]
	}
	h.told = map[dock.Handle]bool{}
}

// journalled: the journal has what was heard last, as these recordings.
func (h *hearing) journalled(items []dock.Planned) {
	h.quiet, h.known, h.entries = h.agree, h.latest, map[dock.RecordingID]dock.Entry{}
	for _, item := range items {
		h.entries[item.Recording], h.listed[item.Recording] = item.Entry, true
	}
}

// untold: the listing cannot tell whether something of this name is there.
func untold(l dock.Listing, name dock.RawName) bool {
	for _, x := range l.Exceptions {
		if mayHide(x.Kind) && x.Kind != dock.ExceptionUnfinished && (x.Name == name || x.Name == ".") {
			return true
		}
	}
	return false
}

// absurd: nothing on a camera is this large, or this small.
func absurd(e dock.Entry) bool { return e.SizeBytes < 0 || e.SizeBytes > 1<<53-1 }

// looks is all that a camera says of an object cheaply.
type looks struct {
	name     dock.RawName
	size     int64
	modified int64 // 0 if unknown, or in no calendar
}

func looksOf(e dock.Entry) looks {
	l := looks{name: e.Name, size: e.SizeBytes}
	if year := e.Modified.UTC().Year(); !e.Modified.IsZero() && 1 <= year && year <= 9999 {
		l.modified = e.Modified.UnixNano() // unique within what the simulation's cameras claim
	}
	return l
}

// everIn counts the copies that the station was ever shown.
func (w *world) everIn(r *simRecording) int {
	return w.copies(func(s *simStore) bool { return s.ever[r.key] })
}
