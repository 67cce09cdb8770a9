package station

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"berth/dock"
	"berth/hashing"
)

// simBay is a slot with or without a camera.
type simBay struct {
	w          *world
	name       dock.BayName
	camera     *simCamera
	generation dock.Generation
	docking    *simDocking // nil while none is served
	leaves     time.Duration
}

// simDocking performs the effects of a state in the simulated world, as
// perform.go does in the real one.
type simDocking struct {
	bay      *simBay
	camera   docked
	row      *simRow
	state    state
	conflict atomic.Bool
	armed    bool // the journal was asked; news will be noticed
	stirred  bool
	resting  *simRest // set while it waits
	asked    effect
	watch    watch
	heard    hearing

	refusedBy []error // stores, so far
	twinned   bool    // another camera of this identity was docked at the same time
}

// simRest is one pause, which news may end.
type simRest struct{ over bool }

// plug docks a camera.
func (b *simBay) plug(c *simCamera) {
	b.w.dockings++
	b.w.plugged++
	b.camera, c.bay, b.generation = c, b, b.w.plugged
	b.w.tell("plug", b.name, c.id, len(c.objects))
	b.open()
}

// unplug takes it out, whatever goes on. Sometimes the driver notices first.
func (b *simBay) unplug() {
	b.w.tell("unplug", b.name, b.camera.id)
	if d := b.docking; d != nil && b.w.chance(0.5) && onCamera(d.asked.action) {
		d.advance(event{err: fmt.Errorf("read: %w", dock.ErrGone)})
		if b.docking != nil {
			b.w.breaks("I7: the docking goes on with a camera that is gone: %v", d.state.latest.action)
		}
	}
	b.drop()
	b.camera.bay, b.camera = nil, nil
}

func onCamera(a action) bool { return a == doList || a == doPull || a == doReread || a == doRemove }

// drop forgets the docking; if the station still runs, the journal learns it.
func (b *simBay) drop() {
	if d := b.docking; d != nil {
		b.docking = nil
		d.row.ended = true
		b.w.dockers.leave(d.row.camera, d.row.id)
	}
}

// open begins a docking of whatever is plugged in.
func (b *simBay) open() {
	w := b.w
	at := dock.Attachment{Bay: b.name, Generation: b.generation}
	row := &simRow{
		id: dock.DockingID(fmt.Sprintf("d%06d", len(w.journal.dockings)+1)), at: at, camera: b.camera.id,
		entries: map[dock.RecordingID]dock.Entry{}, accepted: map[dock.RawName]bool{},
	}
	d := &simDocking{
		bay: b, row: row, camera: docked{b.camera, dock.NewWitness(at), map[dock.Handle]testimony{}},
		state: newState(b.camera.id, 2*time.Second, 3*time.Minute), heard: newHearing(),
	}
	for _, other := range w.bays {
		if o := other.docking; o != nil && o.camera.id == d.camera.id {
			o.twinned, d.twinned = true, true
		}
	}
	w.journal.dockings[row.id] = row
	others := w.dockers.arrive(row.camera, row.id, &d.conflict)
	row.conflict = len(others) > 0
	for _, other := range others {
		w.journal.dockings[other].conflict = true
	}
	b.docking = d
	d.advance(event{})
}

// shared: another docking of this camera is open.
func (d *simDocking) shared() bool {
	for _, b := range d.bay.w.bays {
		if b.docking != nil && b.docking != d && b.docking.row.camera == d.row.camera {
			return true
		}
	}
	return false
}

// advance is one step of the real decisions, and all that follows from it.
func (d *simDocking) advance(e event) {
	w := d.bay.w
	w.steps++
	m := moment{
		now: w.clock.Now().SinceBoot, conflict: d.conflict.Load(), stirred: d.stirred,
		erases: w.erasing.After == dock.EraseAfterCopies && len(w.locks().Locks) == 0,
	}
	d.stirred = false
	before := d.asked
	d.asked = d.state.step(m, e)
	w.tell("step", d.row.id, d.row.camera, stepNames()[d.asked.action], d.asked.index, d.asked.until-m.now, e.err)
	w.checkStep(d, before, e)
	if d.asked.action == doEnd {
		d.bay.drop()
		d.bay.reopen()
		return
	}
	if w.chance(0.03) || len(d.heard.gave) > 0 && (before.action == doReconcile || before.action == doNote) {
		w.impatience(d)
	}
	d.perform()
}

func stepNames() []string {
	return []string{"wait", "list", "pull", "state", "reread", "begin to empty", "reconcile", "ask", "reconfirm", "clear", "remove", "note", "end"}
}

// reopen tries a camera again that could not be served.
func (b *simBay) reopen() {
	generation, run := b.generation, b.w.journal.run
	b.w.after(reopenAfter, func() {
		if b.generation == generation && b.w.journal.run == run && b.camera != nil && b.docking == nil {
			b.open()
		}
	})
}

// stir ends a pause, or is noticed at the next step.
func (d *simDocking) stir() {
	if !d.armed {
		return
	}
	d.armed, d.stirred = false, true
	if rest := d.resting; rest != nil {
		d.bay.w.after(0, func() { d.rested(rest) })
	}
}

func (d *simDocking) rested(rest *simRest) {
	if !rest.over && d.bay.docking == d {
		rest.over, d.resting = true, nil
		d.advance(event{})
	}
}

// perform begins what was decided and answers when it is done, unless the
// camera or the station is gone by then.
func (d *simDocking) perform() {
	w, do := d.bay.w, d.asked
	if do.action == doWait {
		rest := &simRest{}
		d.resting = rest
		w.after(do.until-w.clock.Now().SinceBoot, func() { d.rested(rest) })
		return
	}
	took := w.between(time.Millisecond, 50*time.Millisecond)
	switch do.action {
	case doList:
		took = max(0, do.until-w.clock.Now().SinceBoot) + w.between(10*time.Millisecond, time.Second)
	case doPull, doReread:
		took = w.between(time.Second, 10*time.Second)
		if d.camera.slow && d.bad(do) {
			took = 30 * time.Second
		}
	case doAsk:
		d.armed = true
	case doReconfirm:
		d.reconfirm(do, took)
		return
	case doRemove:
		d.watch.allowedAt = w.now // the rule's yes is this moment's
		// What the camera does comes some time before its answer.
		var err error
		w.after(took/2, func() {
			if d.bay.docking == d {
				err = d.camera.erase(d, d.item(do).Entry, do.clearance)
			}
		})
		w.after(took, func() { d.answer(func() event { return event{err: err} }) })
		return
	}
	w.after(took, func() { d.answer(func() event { return d.done(do) }) })
}

// reconfirm asks the stores all at the same time; sometimes one takes long to
// answer, and what the others said is old by then.
func (d *simDocking) reconfirm(do effect, took time.Duration) {
	w, r := d.bay.w, d.recording(do)
	quick := w.stores
	if w.chance(0.04) {
		slow := w.rng.IntN(len(w.stores))
		quick = slices.Concat(w.stores[:slow], w.stores[slow+1:])
		late := w.stores[slow]
		w.meets("one store takes long to answer")
		w.after(took, func() { d.answered(do, r, quick, false) })
		w.after(took+w.between(5*time.Minute, 30*time.Minute), func() { d.answered(do, r, []*simStore{late}, true) })
		return
	}
	w.after(took, func() { d.answered(do, r, quick, true) })
}

// answered: these stores gave their answer; with the last one the docking goes on.
func (d *simDocking) answered(do effect, r *simRecording, stores []*simStore, last bool) {
	w := d.bay.w
	if d.bay.docking != d {
		return
	}
	err := w.reconfirm(r, stores)
	if err != nil {
		d.refusedBy = append(d.refusedBy, err)
	}
	if !last {
		return
	}
	err = errors.Join(d.refusedBy...)
	d.refusedBy = nil
	if err == nil {
		w.release(r)
		w.ambush(d, r)
	}
	d.answer(func() event { return event{err: err} })
}

func (d *simDocking) answer(done func() event) {
	if d.bay.docking != d {
		return
	}
	if e := done(); d.bay.docking == d {
		d.advance(e)
	}
}

func (d *simDocking) item(do effect) *item { return &d.state.items[do.index] }

func (d *simDocking) recording(do effect) *simRecording {
	return d.bay.w.journal.byID[d.item(do).Recording]
}

// bad: the medium takes long to say no.
func (d *simDocking) bad(do effect) bool {
	_, err := d.camera.find(d.item(do).Entry)
	return errors.Is(err, errMedium)
}

// done does what was decided, all at once, and says what came of it.
func (d *simDocking) done(do effect) event {
	w := d.bay.w
	j := w.journal
	switch do.action {
	case doList:
		if !w.calm && w.chance(0.01) {
			return event{err: errMedium}
		}
		listing := d.camera.list()
		d.heard.hear(listing)
		return event{listing: listing, took: time.Second}
	case doReconcile:
		e := event{meaning: j.reconcile(d, do.listing, do.settled)}
		d.heard.journalled(e.meaning.Items)
		w.checkListed(d, do, e.meaning)
		if j.blocking(d.row) > 0 {
			e.exception = "unreadable"
		}
		return e
	case doAsk:
		d.watch.informed = w.now
		return event{progress: j.progress(d.row), took: 50 * time.Millisecond}
	case doPull:
		return event{err: d.pull(do)}
	case doReread:
		err := d.reread(do)
		if o := d.object(d.item(do).Entry); o != nil && err == nil && !w.calm && w.chance(0.1) {
			d.camera.touch(o)
			w.meets("an object is touched after it was read a second time")
		}
		return event{err: err}
	case doClear:
		clearance, err := j.clear(d, d.recording(do), d.item(do).Entry)
		return event{clearance: clearance, err: err}
	case doNote:
		w.checkOutcome(d, j.byID[do.recording], do.outcome)
		j.add(j.byID[do.recording], d.row.id, do.outcome)
	}
	return event{}
}

func (d *simDocking) pull(do effect) error {
	w, it := d.bay.w, d.item(do)
	if w.full {
		return errors.New("no room on the spool")
	}
	o, err := d.camera.find(it.Entry)
	if err != nil {
		return err
	}
	if int64(len(o.content)) != it.Entry.SizeBytes {
		return dock.ErrChanged
	}
	r := d.recording(do)
	w.journal.intend(r, d.row.id, it.Entry, o.content, true)
	w.forward(r)
	return nil
}

// halfPull is a pull whose file is whole and noted, but has no final name yet
// when the process ends.
func (d *simDocking) halfPull() {
	if o, err := d.camera.find(d.item(d.asked).Entry); err == nil {
		d.bay.w.journal.intend(d.recording(d.asked), d.row.id, o.Entry, o.content, false)
	}
}

// reread journals what the medium gave, and a hold if it is not what was spooled.
func (d *simDocking) reread(do effect) error {
	w, it, r := d.bay.w, d.item(do), d.recording(do)
	content, err := d.camera.reread(it.Entry)
	if err != nil {
		return err
	}
	d.heard.gave[r.ID] = testimony{it.Entry.Identity, content, it.Entry}
	spooled, _ := r.Spooled()
	digest := hashing.Sum(content)
	w.journal.add(r, d.row.id, dock.SecondRead{SHA256: digest, SizeBytes: int64(len(content)), Object: it.Entry.Identity})
	if digest != spooled.SHA256 {
		w.journal.add(r, d.row.id, dock.Hold{Code: dock.HoldReappeared})
		if !w.calm && w.chance(0.3) { // a person holds it too, and takes that back
			w.journal.add(r, "", dock.Hold{Code: dock.HoldPerson})
			w.journal.add(r, "", dock.Release{})
		}
	}
	return nil
}
