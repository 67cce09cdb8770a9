package station

import (
	"errors"
	"slices"
	"time"

	"berth/dock"
	"berth/dock/journal"
)

// watch is what the simulation remembers of a docking to judge its steps.
type watch struct {
	since    time.Duration // true time of the last step that took any
	steps    int           // since then
	over     map[dock.RecordingID]int
	vain     int           // stored copies were read back so often without an erasure
	vainFrom time.Duration // since this true time

	allowedAt time.Duration // true time at which the erase rule said yes last
	refusedAt time.Duration // true time at which it refused the whole camera last
	informed  time.Duration // true time at which the journal was asked last
}

// checkListed is I5, I6 and I11 for one listing: every entry is a recording of
// its own, nothing is two recordings, what looks otherwise is another one, and
// what left by itself is on record.
func (w *world) checkListed(d *simDocking, do effect, meaning journal.Reconciled) {
	seen := map[dock.RecordingID]bool{}
	odd := 0
	for _, e := range do.listing.Entries {
		odd += count(absurd(e))
	}
	if len(meaning.Items) != len(do.listing.Entries)-odd {
		w.breaks("I6: %d of %d entries became recordings, %d cannot be believed", len(meaning.Items), len(do.listing.Entries), odd)
	}
	if do.settled && !d.heard.agree {
		w.breaks("I6: the camera %s is called quiet and its last two listings differ", d.row.camera)
	}
	replaced := map[dock.RecordingID]bool{}
	for _, item := range meaning.Items {
		r := w.journal.byID[item.Recording]
		if seen[item.Recording] {
			w.breaks("I6: recording %s is two entries", item.Recording)
		}
		seen[item.Recording] = true
		if item.New {
			r.owner, r.looks = d.camera.simCamera, looksOf(item.Entry)
			w.checkReplaced(r, replaced)
		}
		if !slices.ContainsFunc(d.heard.earlier.Entries, func(e dock.Entry) bool { return e.Handle == item.Entry.Handle && e.Identity == item.Entry.Identity }) {
			w.breaks("I6: recording %s was not listed twice and equal", r.ID)
		}
		w.checkMatched(d, r, item)
		o := d.object(item.Entry)
		if o == nil {
			continue // gone meanwhile, or never there
		}
		if item.New && o.listed && !o.anew && !d.camera.twin && !d.camera.lister {
			w.breaks("the object %s of %s became a second recording, %s", o.Name, d.row.camera, r.ID)
		}
		if item.New && d.heard.objects[o.uid] && !o.anew && !d.camera.lister {
			w.breaks("the object %s of %s became a second recording of one docking, %s", o.Name, d.row.camera, r.ID)
		}
		o.listed = true
		d.heard.objects[o.uid] = d.heard.objects[o.uid] || r.first == d.row
		if r.latest = o.uid; item.New {
			r.uid = o.uid
		}
	}
	for id := range replaced {
		if seen[id] {
			w.breaks("I5: recording %s is called overwritten and is listed", id)
		}
	}
	if do.settled {
		w.checkSettled(d, seen)
	}
}

// checkSettled is I11 for the recordings that a settled listing has, or lacks.
func (w *world) checkSettled(d *simDocking, seen map[dock.RecordingID]bool) {
	for id := range seen {
		if r := w.journal.byID[id]; r.intent != "" && r.intent != d.row.id {
			w.breaks("recording %s is listed and nobody noted that erasing it failed", id)
		}
	}
	if d.camera.twin {
		return
	}
	for _, r := range w.journal.byCamera[d.row.camera] {
		if !seen[r.ID] && w.journal.open(r) && r.intent == "" && !untold(d.heard.known, r.looks.name) {
			w.breaks("I11: recording %s left %s by itself and nobody noted it", r.ID, d.row.camera)
		}
	}
}

// checkReplaced is I5 for a new recording that took another's name.
func (w *world) checkReplaced(r *simRecording, replaced map[dock.RecordingID]bool) {
	seen := r.Facts[0].Body.(dock.Seen)
	if seen.Replaces == "" {
		return
	}
	if replaced[seen.Replaces] {
		w.breaks("I5: recording %s is called overwritten twice", seen.Replaces)
	}
	replaced[seen.Replaces] = true
	if w.journal.byID[seen.Replaces].intent != "" {
		w.breaks("I11: recording %s is called overwritten and may have been erased by the station", seen.Replaces)
	}
}

// checkMatched is I5 for one entry that is taken for a known recording.
func (w *world) checkMatched(d *simDocking, r *simRecording, item dock.Planned) {
	if l := looksOf(item.Entry); l != r.looks {
		w.breaks("I5: recording %s of %s is matched with %v and was %v", r.ID, d.row.camera, l, r.looks)
	}
	if (d.row.conflict || r.first.conflict) && r.first != d.row {
		w.breaks("I5: recording %s is matched in docking %s though two cameras claim to be %s", r.ID, d.row.id, d.row.camera)
	}
}

// checkDeparture is I11 for one recording that a listing says is gone, or whose
// erasure it says something about.
func (w *world) checkDeparture(d *simDocking, r *simRecording, body dock.FactBody) {
	switch body := body.(type) {
	case dock.Vanished:
		if d.camera.lister || r.owner.twin && !d.row.conflict && !r.first.conflict {
			return // this cannot be known
		}
		if r.owner.has(r.uid) && r.owner.listedLast(r.uid) {
			w.breaks("I11: recording %s is called vanished and is there", r.ID)
		}
		if r.intent != "" {
			w.breaks("I11: recording %s is called vanished and may have been erased by the station", r.ID)
		}
	case dock.EraseResult:
		if body.Outcome == dock.EraseConfirmed || r.intent == "" || body.Outcome == dock.EraseUnconfirmed && r.unsure {
			w.breaks("recording %s is called %q and that is not known anew", r.ID, body.Outcome)
		}
		if r.intent == d.row.id && !r.unsure {
			w.breaks("the erasure of %s is judged before it is over", r.ID)
		}
	}
}

// listedLast: the object is no younger than what the camera told last.
func (c *simCamera) listedLast(uid int) bool {
	for _, o := range c.objects {
		if o.uid == uid {
			return o.listed
		}
	}
	return false
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
	if result.Outcome == dock.EraseConfirmed && d.camera.has(r.uid) && !d.camera.lister {
		w.breaks("recording %s is called erased and is still on %s", r.ID, d.row.camera)
	}
}

// checkStep judges one decision: in order, without spinning, fair to all.
func (w *world) checkStep(d *simDocking, before effect, e event) {
	do, s, v := d.asked, &d.state, &d.watch
	if v.over == nil {
		v.vainFrom = w.now
		v.over = map[dock.RecordingID]int{}
	}
	if w.now > v.since {
		v.since, v.steps = w.now, 0
	}
	if v.steps++; v.steps > 50 {
		w.stalls("livelock: %d steps and no time passes; now %v", v.steps, do.action)
	}
	var refusal *dock.Refusal
	if before.action == doClear && errors.As(e.err, &refusal) && !refusal.Has("held") {
		v.refusedAt = w.now
	}
	switch do.action {
	case doPull:
		w.checkFair(d, func(it *item) bool { return !it.spooled })
	case doReread:
		w.checkFair(d, func(it *item) bool { return it.spooled && !it.reread && !it.held && !it.pending })
		for i := range s.items {
			if it := &s.items[i]; !it.erased && !it.spooled && it.notNow <= s.now {
				w.stalls("officers wait: %s is read twice before all are secured", d.row.camera)
			}
		}
	case doWait:
		if d.heard.heard > 1 && !d.heard.agree {
			w.stalls("%s still changes and is left alone", d.row.camera)
		}
	case doErase:
		w.checkBegin(d, before)
	case doReconfirm:
		w.checkAsked(d)
		if v.vain++; v.vain > len(s.items)*(20+int((w.now-v.vainFrom)/(30*time.Second))) {
			w.stalls("stores are read for nothing: %d times for %s", v.vain, d.row.camera)
		}
	case doClear:
		if before.action != doReconfirm || before.index != do.index || e.err != nil {
			w.breaks("the erase rule is asked about stores that nobody reconfirmed")
		}
	case doRemove:
		v.vain, v.vainFrom = 0, w.now
		if d.heard.told[s.items[do.index].Entry.Handle] {
			w.breaks("I2: %s is told twice to let an object go, and nobody looked", d.row.camera)
		}
		if before.action != doClear || before.index != do.index || e.err != nil {
			w.breaks("I2: an object is erased without having been cleared just now")
		}
	}
	w.checkWilling(d)
	w.checkShown(d)
}

// checkBegin: a camera is emptied only when all that is on it was stored.
func (w *world) checkBegin(d *simDocking, before effect) {
	if before.action == doErase {
		w.stalls("emptying %s is begun again for nothing", d.row.camera)
	}
	for id := range d.heard.entries {
		if r := w.journal.byID[id]; !r.left && w.everIn(r) < max(1, r.asked) {
			w.stalls("emptying %s is begun and %s was never in %d stores", d.row.camera, id, max(1, r.asked))
		}
	}
}

// checkAsked: every stored copy is read for this question, so that it is not
// asked where the answer cannot lead to anything.
func (w *world) checkAsked(d *simDocking) {
	r := d.recording(d.asked)
	switch {
	case d.watch.refusedAt > 0 && w.now-d.watch.refusedAt < askAgain:
		w.stalls("the stores are asked for %s %v after the rule refused the camera", d.row.camera, w.now-d.watch.refusedAt)
	case d.heard.gave[r.ID].as == dock.Entry{}:
		w.stalls("the stores are asked for %s, which was not read a second time", r.ID)
	case r.kept && !r.left && r.keptSince < d.watch.informed: // what is read anew is asked about until the next listing
		w.stalls("the stores are asked for %s, which is held", r.ID)
	}
}

// checkWilling: whatever the station would ask the stores about when its turn
// comes was read a second time, as what it is listed as now.
func (w *world) checkWilling(d *simDocking) {
	for i := range d.state.items {
		it := &d.state.items[i]
		if gave, read := d.heard.gave[it.Recording]; erasable(it) && !it.erased && (!read || gave.object != it.Entry.Identity) {
			w.stalls("the stores would be asked for %s, which was not read a second time as what it is", it.Recording)
		}
	}
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
				w.stalls("unfair: recording %s of %s was passed over %d times", it.Recording, d.row.camera, over[it.Recording])
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
		case shown == dock.BayStored && w.everIn(r) < max(1, r.asked):
			w.breaks("%s is shown as stored and %s is not in %d stores", d.row.camera, id, w.wanted(r))
		}
	}
}
