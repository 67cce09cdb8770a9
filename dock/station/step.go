package station

import (
	"time"

	"berth/dock"
)

// item is one recording of the current docking, as this run knows it. It is
// owned by the docking's goroutine.
type item struct {
	dock.Planned
	spooled bool // sealed and verified on the station, now or earlier
	reread  bool // read a second time in this docking, and equal
	stored  bool // the copies asked for are confirmed
	held    bool
	erased  bool  // confirmed
	pending bool  // told to erase; no listing has confirmed it yet
	refusal error // what the camera said to that, nil for nothing; it may be gone all the same

	failures int           // consecutive failures of the last thing tried
	tried    time.Duration // boot time at which it was tried in vain last, 0 for never
	notNow   time.Duration // boot time before which it is not tried again
	problem  string        // why the last thing tried failed, for a person
}

// view is everything that decides what a docking does next.
type view struct {
	now       time.Duration // since boot
	listDue   bool          // the camera must be listed (again)
	settled   bool          // the last listing is complete and nothing on the camera is changing
	stated    bool          // the statement of the last listing is journalled
	erases    bool          // the agency wants cameras emptied, and nothing locks it
	blocked   time.Duration // boot time before which erasing is not asked for again
	items     []item
	firstOpen int // items before it are erased; a hint for long listings
}

type action uint8

const (
	doWait   action = iota // nothing to do until something changes
	doList                 // list the camera
	doPull                 // bring items[index] onto the station
	doState                // journal the completeness statement
	doReread               // read items[index] from the medium once more
	doErase                // begin to empty the camera
	// What the decisions above lead to, one after the other; see state.decide.
	doReconcile // have the journal work out what a listing means
	doAsk       // ask the journal how far every recording has come
	doReconfirm // ask the stores for items[index] once more
	doClear     // ask the erase rule about items[index]
	doRemove    // erase items[index] from the camera
	doNote      // journal what came of an attempt to erase
	doEnd       // the docking ends
)

type step struct {
	action action
	index  int
}

// next decides what a docking does now. Officers come first: everything is
// brought onto the station before anything is read a second time, and the
// camera is emptied only when every single recording is where it must be.
func next(v view) step {
	if v.listDue {
		return step{action: doList}
	}
	if i := v.first(func(it *item) bool { return !it.spooled }); i >= 0 {
		return step{action: doPull, index: i}
	}
	if !v.stated {
		return step{action: doState}
	}
	if !v.erases {
		return step{action: doWait}
	}
	if i := v.first(func(it *item) bool { return it.spooled && !it.reread && !it.held && !it.pending }); i >= 0 {
		return step{action: doReread, index: i}
	}
	if v.settled && v.now >= v.blocked && v.everythingStored() && v.first(erasable) >= 0 {
		return step{action: doErase}
	}
	return step{action: doWait}
}

func erasable(it *item) bool { return it.spooled && it.stored && it.reread && !it.held && !it.pending }

// first returns the item to try next among those that are still on the camera,
// may be tried now and satisfy want; -1 for none. It is the one that was not
// tried for the longest time: what takes long to fail must not keep the others
// waiting for ever.
func (v view) first(want func(*item) bool) int {
	best := -1
	for i := v.firstOpen; i < len(v.items); i++ {
		it := &v.items[i]
		if it.erased || v.now < it.notNow || !want(it) || best >= 0 && it.tried >= v.items[best].tried {
			continue
		}
		if best = i; it.tried == 0 {
			break
		}
	}
	return best
}

func (v view) everythingStored() bool {
	for i := v.firstOpen; i < len(v.items); i++ {
		if it := &v.items[i]; !it.erased && !it.stored {
			return false
		}
	}
	return true
}
