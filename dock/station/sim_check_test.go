package station

import (
	"bytes"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// watch is what the simulation remembers of a docking to judge its steps.
type watch struct {
	since    time.Duration // true time of the last step that took any
	steps    int           // since then
	over     map[dock.RecordingID]int
	rereadAt map[dock.RecordingID]dock.ObjectIdentity
	vain     int           // stored copies were read back so often without an erasure
	vainFrom time.Duration // since this true time
}

// wanted is how many copies the agency asked for, then or now.
func (w *world) wanted(r *simRecording) int {
	seen, _ := r.Seen()
	return max(1, w.erasing.Copies, seen.Copies)
}

// provenIn counts, once for each disk, the stores that ever proved to hold it.
func (w *world) provenIn(r *simRecording) int {
	intent, _ := r.Spooled()
	disks := map[string]bool{}
	for _, s := range w.stores {
		if _, proven := s.proven[intent.Key]; proven {
			disks[s.place.Device] = true
		}
	}
	return len(disks)
}

// checkErase is I1, at the moment at which a camera loses an object by our
// hand: exactly its bytes are in as many stores as were asked for. A store
// counts that truly holds them, or gave them back whole within the time that a
// confirmation is good for and lost them since: no rehash could have told.
func (w *world) checkErase(d *simDocking, o *simObject, id dock.RecordingID) {
	r := w.journal.byID[id]
	intent, _ := r.Spooled()
	if !bytes.Equal(r.content, o.content) || !bytes.HasSuffix(r.sealed, o.content) {
		w.breaks("I5: %s is erased from %s as recording %s, which has other bytes", o.Name, d.row.camera, id)
	}
	disks, now := map[string]bool{}, w.clock.Now()
	for _, s := range w.stores {
		proven, ever := s.proven[intent.Key]
		lately := ever && proven.Boot == now.Boot && now.Since(proven) <= dock.ReconfirmWithin+time.Second
		if bytes.Equal(s.objects[intent.Key], r.sealed) && ever || lately {
			disks[s.place.Device] = true
		}
	}
	if len(disks) < w.wanted(r) {
		w.breaks("I1: %s leaves %s with %d of %d copies", o.Name, d.row.camera, len(disks), w.wanted(r))
	}
	if r.told != 0 && r.told != o.uid && d.camera.has(r.told) {
		w.breaks("I2: %s is erased although recording %s told another object to go", o.Name, id)
	}
	r.told = o.uid
	if intended, at := r.Erasing(); intended != d.row.id || at {
		w.breaks("I2: %s is erased without an intent of this docking on record", o.Name)
	}
}

// checkCleared holds what the erase rule allowed against the truth.
func (w *world) checkCleared(d *simDocking, r *simRecording, e dock.Entry) {
	if w.erasing.After != dock.EraseAfterCopies {
		w.breaks("erasing is allowed that the agency never asked for")
	}
	if len(w.locks().Locks) > 0 {
		w.breaks("I9: erasing is allowed while the station doubts itself")
	}
	if d.shared() || d.row.conflict || d.conflict.Load() {
		w.breaks("I5: erasing is allowed on a camera of doubtful identity %s", d.row.camera)
	}
	if d.row.ended || d.bay.docking != d || !d.row.settled || !d.row.clean {
		w.breaks("I7: erasing is allowed of a camera that is gone, changing or not clean")
	}
	if len(d.row.odd) > 0 {
		w.breaks("I6: erasing is allowed while something unreadable may hold content")
	}
	if r.Held() != nil {
		w.breaks("a held recording may be erased")
	}
	if r.safeSince == 0 || w.now-r.safeSince < w.erasing.Grace {
		w.breaks("the grace period of %v is not over", w.erasing.Grace)
	}
	if d.watch.rereadAt[r.ID] != e.Identity {
		w.breaks("I5: recording %s may be erased without having been read a second time as it is now", r.ID)
	}
	if listed, there := d.row.entries[r.ID]; !there || listed.Identity != e.Identity {
		w.breaks("I5: recording %s may be erased as an object that is not listed", r.ID)
	}
	for id := range d.row.entries {
		if other := w.journal.byID[id]; w.journal.open(other) && w.provenIn(other) < w.wanted(other) {
			w.breaks("I1: the camera %s may be emptied although %s is not in %d stores", d.row.camera, id, w.wanted(other))
		}
	}
}

// checkListed is I6 and I11 for one listing: every entry is a recording of its
// own, nothing is two recordings, and what left by itself is on record.
func (w *world) checkListed(d *simDocking, do effect, meaning journal.Reconciled) {
	seen := map[dock.RecordingID]bool{}
	if len(meaning.Items) != len(do.listing.Entries) {
		w.breaks("I6: %d of %d entries became recordings", len(meaning.Items), len(do.listing.Entries))
	}
	for _, item := range meaning.Items {
		r := w.journal.byID[item.Recording]
		if seen[item.Recording] {
			w.breaks("I6: recording %s is two entries", item.Recording)
		}
		seen[item.Recording] = true
		o := d.object(item.Entry)
		if o == nil {
			continue // gone meanwhile
		}
		if item.New && o.listed && !d.camera.twin {
			w.breaks("the object %s of %s became a second recording, %s", o.Name, d.row.camera, r.ID)
		}
		o.listed = true
		if item.New {
			r.uid = o.uid
		}
	}
	if !do.settled || d.camera.twin {
		return
	}
	for _, r := range w.journal.byCamera[d.row.camera] {
		if !seen[r.ID] && w.journal.open(r) && r.erasing == "" {
			w.breaks("I11: recording %s left %s by itself and nobody noted it", r.ID, d.row.camera)
		}
		if r.state == dock.StateVanished && d.camera.has(r.uid) {
			w.breaks("I11: recording %s is called vanished and is there", r.ID)
		}
	}
}

// object is what an entry stands for at this moment, nil if it is gone.
func (d *simDocking) object(e dock.Entry) *simObject {
	for _, o := range d.camera.objects {
		if o.Handle == e.Handle && o.Identity == e.Identity {
			return o
		}
	}
	return nil
}

// checkOutcome: an erasure is confirmed only of what is gone.
func (w *world) checkOutcome(d *simDocking, r *simRecording, result dock.EraseResult) {
	if result.Outcome == dock.EraseConfirmed && d.camera.has(r.uid) {
		w.breaks("recording %s is called erased and is still on %s", r.ID, d.row.camera)
	}
}

// checkStep judges one decision: in order, without spinning, fair to all.
func (w *world) checkStep(d *simDocking, before effect, e event) {
	do, s, v := d.asked, &d.state, &d.watch
	if v.over == nil {
		v.vainFrom = w.now
		v.over, v.rereadAt = map[dock.RecordingID]int{}, map[dock.RecordingID]dock.ObjectIdentity{}
	}
	if w.now > v.since {
		v.since, v.steps = w.now, 0
	}
	if v.steps++; v.steps > 50 {
		w.breaks("livelock: %d steps and no time passes; now %v", v.steps, do.action)
	}
	if before.action == doReread && e.err == nil && len(s.items) > 0 {
		it := s.items[before.index]
		v.rereadAt[it.Recording] = it.Entry.Identity
	}
	switch do.action {
	case doPull:
		w.checkFair(d, func(it *item) bool { return !it.spooled })
	case doReread:
		w.checkFair(d, func(it *item) bool { return it.spooled && !it.reread && !it.held && !it.pending })
		for i := range s.items {
			if it := &s.items[i]; !it.erased && !it.spooled && it.notNow <= s.now {
				w.breaks("officers wait: %s is read twice before all are secured", d.row.camera)
			}
		}
	case doReconfirm:
		if v.vain++; v.vain > len(s.items)*(20+int((w.now-v.vainFrom)/(30*time.Second))) {
			w.breaks("stores are read for nothing: %d times for %s", v.vain, d.row.camera)
		}
	case doClear:
		if before.action != doReconfirm || before.index != do.index || e.err != nil {
			w.breaks("the erase rule is asked about stores that nobody reconfirmed")
		}
	case doRemove:
		v.vain, v.vainFrom = 0, w.now
		if before.action != doClear || before.index != do.index || e.err != nil {
			w.breaks("I2: an object is erased without having been cleared just now")
		}
	}
	w.checkShown(d)
}

// checkFair: nothing that could be tried is passed over again and again.
func (w *world) checkFair(d *simDocking, waits func(*item) bool) {
	s, over := &d.state, d.watch.over
	for i := range s.items {
		it := &s.items[i]
		switch {
		case i == d.asked.index || !waits(it):
			delete(over, it.Recording)
		case it.notNow <= s.now && !it.erased:
			if over[it.Recording]++; over[it.Recording] > 3*len(s.items) {
				w.breaks("unfair: recording %s of %s was passed over %d times", it.Recording, d.row.camera, over[it.Recording])
			}
		}
	}
}

// checkShown: an officer is never told more than is true.
func (w *world) checkShown(d *simDocking) {
	switch d.asked.action {
	case doNote, doReconcile, doAsk, doEnd:
		return // nobody is shown anything before these
	}
	shown, _ := d.state.judge(d.state.sum())
	if shown != dock.BayReady && shown != dock.BayStored && shown != dock.BaySecured {
		return
	}
	for id := range d.row.entries {
		r := w.journal.byID[id]
		switch {
		case !r.spooled:
			w.breaks("%s is shown as %s and %s is only on the camera", d.row.camera, shown, id)
		case shown == dock.BayReady && w.journal.open(r):
			w.breaks("%s is shown as ready and %s is still on it", d.row.camera, id)
		case shown == dock.BayStored && w.provenIn(r) < w.wanted(r):
			w.breaks("%s is shown as stored and %s is not in %d stores", d.row.camera, id, w.wanted(r))
		}
	}
}
