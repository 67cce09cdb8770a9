package station

import (
	"errors"
	"fmt"
	"slices"

	"berth/dock"
	"berth/hashing"
)

// asked is one question to the erase rule.
type asked struct {
	d *simDocking
	r *simRecording
	e dock.Entry
}

// meets counts a situation in which a promise could be broken.
func (w *world) meets(situation string) { w.met[situation]++ }

// judge holds the rule's answer against the truth, and counts the situations in
// which one clause alone stood between a camera and an erasure that would have
// broken a promise.
func (w *world) judge(q asked, err error) {
	if err == nil {
		w.allowed(q.d, q.r, w.objections(q.d, q.r, q.e))
		return
	}
	var refusal *dock.Refusal
	if errors.As(err, &refusal) && len(refusal.Reasons) == 1 {
		if len(w.objections(q.d, q.r, q.e)) > 0 {
			w.meets("only " + refusal.Reasons[0].Code)
		}
	}
}

// impatience asks the erase rule out of turn: about anything, at any moment,
// as a station would whose other decisions are all wrong. What it allows is
// held against the truth and not acted upon.
func (w *world) impatience(d *simDocking) {
	if !d.heard.quiet && len(d.heard.gave) > 0 {
		w.ask(d)
	}
	w.ask(d)
}

func (w *world) ask(d *simDocking) {
	q, ok := w.question(d)
	if !ok {
		return
	}
	w.asks++
	right := w.journal.caseOf(q)
	clearance, err := dock.Clear(right)
	w.judge(q, err)
	if err == nil {
		w.lieAbout(q, right, clearance)
		w.permits = append(w.permits, permit{q, w.journal.run, string(q.r.content), clearance})
		if forged, err := dock.Clear(otherContent(w.journal.caseOf(q))); err == nil {
			w.permits = append(w.permits, permit{q, w.journal.run, "other", forged})
		}
		w.permits = w.permits[max(0, len(w.permits)-64):]
	}
	w.presumption(d, q)
}

// otherContent is the question of a caller that is wrong about what was sealed.
func otherContent(c dock.Case) dock.Case {
	c.Recording.Facts = slices.Clone(c.Recording.Facts)
	contentOf(&c, hashing.Sum([]byte("other")))
	return c
}

// question picks something that a docking may ask about: an object as it is
// listed, or as it was, or one for another's recording; or a docking that ended.
func (w *world) question(d *simDocking) (asked, bool) {
	if len(w.past) > 0 && w.chance(0.1) {
		return w.past[w.rng.IntN(len(w.past))], true
	}
	items := d.state.items
	if len(items) == 0 {
		return asked{}, false
	}
	it := items[w.rng.IntN(len(items))]
	for _, other := range items {
		if gave, read := d.heard.gave[other.Recording]; read && gave.object != other.Entry.Identity {
			it = other // it is not what it was
		}
	}
	q := asked{d, w.journal.byID[it.Recording], it.Entry}
	w.past = append(w.past[max(0, len(w.past)-64):], q)
	switch w.rng.IntN(12) {
	case 0:
		q.r = w.journal.byID[items[w.rng.IntN(len(items))].Recording]
	case 1:
		q.r = w.journal.recordings[w.rng.IntN(len(w.journal.recordings))]
	case 2, 3, 4, 5:
		if gave, read := d.heard.gave[q.r.ID]; read {
			q.e = gave.as // what it was when it was read a second time
		}
	}
	return q, true
}

// permit is a clearance that was once given, and for what.
type permit struct {
	asked
	run       int // of the process
	content   string
	clearance dock.Clearance
}

// presumption presents a clearance to a driver for which it may not be meant.
func (w *world) presumption(d *simDocking, q asked) {
	if len(w.permits) == 0 || w.rng.IntN(2) == 0 {
		return
	}
	p, e := w.presented(d, q)
	if p.d != nil && p.run != w.journal.run {
		return // no clearance outlives its process
	}
	permitted := d.camera.witness.Permit(e, p.clearance) == nil
	gave, read := d.camera.gave[e.Handle]
	why := ""
	switch {
	case p.d == nil:
		why = "nothing"
	case p.d.bay != d.bay || p.d.row.at.Generation != d.row.at.Generation:
		why = "another attachment"
	case p.e.Handle != e.Handle || p.e.Identity != e.Identity:
		why = "another object"
	case w.overlook["content"]:
	case !read || gave.object != e.Identity || string(gave.content) != p.content:
		why = "other content than was read"
	}
	if why != "" && permitted {
		w.breaks("I2: a driver takes a clearance that is for %s", why)
	}
	if why != "" {
		w.meets("a clearance for " + why)
	}
}

// presented picks a clearance and the object that it is presented for.
func (w *world) presented(d *simDocking, q asked) (permit, dock.Entry) {
	p := w.permits[w.rng.IntN(len(w.permits))]
	if last := w.permits[len(w.permits)-1]; last.d == d {
		p = last
	}
	if w.chance(0.05) {
		p = permit{} // the zero value
	}
	e := p.e
	if w.chance(0.3) {
		e = q.e
	}
	switch w.rng.IntN(10) {
	case 0:
		e.Identity = q.e.Identity
	case 1:
		e.Handle = q.e.Handle
	}
	w.presents++
	switch w.presents % 4 {
	case 0: // one of an earlier stay of the same camera
		p = w.permitOf(p, func(p permit) bool { return p.d != d && p.d.camera.simCamera == d.camera.simCamera })
		e = p.e
	case 1: // one for what was read anew since
		p = w.permitOf(p, func(p permit) bool { return p.d == d && d.camera.gave[p.e.Handle].object != p.e.Identity })
		e = p.e
	}
	return p, e
}

// permitOf returns the latest clearance that is like that, or else p.
func (w *world) permitOf(p permit, like func(permit) bool) permit {
	for _, other := range slices.Backward(w.permits) {
		if like(other) {
			return other
		}
	}
	return p
}

// situations are those that every longer simulation must have met.
func situations() []string {
	all := []string{
		"a clearance for another attachment", "a clearance for another object", "a clearance for other content than was read",
		"a clearance for nothing", "one store takes long to answer", "an object is touched after it was read a second time",
	}
	for _, code := range []string{
		"clock", "disk", "identity", "listing", "unclean", "camera-copies", "exceptions", "copies", "rehashed",
		"grace", "held", "gone", "second-read", "changed", "unlisted", "object",
	} {
		all = append(all, "only "+code)
	}
	for _, l := range lies() {
		if !l.nowhere {
			all = append(all, "a caller is wrong about "+l.what)
		}
	}
	for _, a := range ambushes() {
		all = append(all, fmt.Sprint("between the stores' answer and the erase rule: ", a.what))
	}
	return all
}
