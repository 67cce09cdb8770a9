package station

import (
	"maps"
	"slices"
	"time"

	"berth/dock"
)

// ambush is something bad that happens in the moment between the stores' answer
// and the erase rule; do says whether it could.
type ambush struct {
	what string
	do   func(w *world, d *simDocking, r *simRecording) bool
}

const twinDocks = "a camera of the same identity docks"

func ambushes() []ambush {
	return []ambush{
		{"a person holds the recording", (*world).ambushHold},
		{"a person has it read anew", (*world).ambushAnew},
		{"its copies are found to be lost", (*world).ambushLoss},
		{"another recording's copies are found to be lost", (*world).ambushOtherLoss},
		{"other stores are found in the stores' places", (*world).ambushSwap},
		{"the clock jumps", (*world).ambushClock},
		{"the disk fills", (*world).ambushDisk},
		{"the machine sleeps", (*world).ambushSleep},
		{twinDocks, (*world).ambushTwin},
		{"the camera leaves", (*world).ambushUndock},
		{"the camera leaves and another one docks", (*world).ambushChange},
		{"the object is overwritten", (*world).ambushOverwrite},
		{"the object is touched", (*world).ambushTouch},
	}
}

// ambush lets one of them happen, if any can.
func (w *world) ambush(d *simDocking, r *simRecording) {
	if w.calm || !w.chance(0.25) {
		return
	}
	all := ambushes()
	order := w.rng.Perm(len(all))
	if d.camera.twin && w.chance(0.5) {
		order[0] = slices.IndexFunc(all, func(a ambush) bool { return a.what == twinDocks }) // seldom possible
	}
	for _, i := range order {
		if all[i].do(w, d, r) {
			w.tell("ambush", all[i].what, d.row.camera, r.ID)
			w.meets("between the stores' answer and the erase rule: " + all[i].what)
			return
		}
	}
}

func (w *world) ambushHold(_ *simDocking, r *simRecording) bool {
	w.journal.add(r, "", dock.Hold{Code: dock.HoldPerson})
	return true
}

func (w *world) ambushAnew(_ *simDocking, r *simRecording) bool {
	if !w.journal.open(r) {
		return false
	}
	w.journal.add(r, "", dock.Hold{Code: dock.HoldSpoolDiffers})
	w.readAnew(r)
	return true
}

// readAnew is what a person's release of other bytes leads to.
func (w *world) readAnew(r *simRecording) {
	w.journal.add(r, "", dock.Release{})
	w.journal.add(r, "", dock.Vanished{Reason: dock.VanishReadAnew})
	for _, c := range w.cameras {
		for _, o := range c.objects {
			o.anew = o.anew || o.uid == r.uid || o.uid == r.latest
		}
	}
}

func (w *world) ambushLoss(_ *simDocking, r *simRecording) bool {
	return r.OnSpool() && w.loseCopies(r)
}

func (w *world) ambushOtherLoss(d *simDocking, r *simRecording) bool {
	for _, id := range slices.Sorted(maps.Keys(d.heard.entries)) {
		other := w.journal.byID[id]
		if other != r && w.journal.open(other) && other.OnSpool() && w.loseCopies(other) {
			return true
		}
	}
	return false
}

// loseCopies lets stores lose what they hold until it is too little, and
// somebody look.
func (w *world) loseCopies(r *simRecording) bool {
	for _, s := range w.stores {
		if w.provenIn(r) >= w.wanted(r) && s.serves() && s.proven[r.key] != (simProof{}) {
			delete(s.objects, r.key)
			s.revoke(r, s.lookAgain(r))
		}
	}
	return w.provenIn(r) < w.wanted(r)
}

func (w *world) ambushSwap(_ *simDocking, r *simRecording) bool {
	for _, s := range w.stores {
		if w.provenIn(r) >= w.wanted(r) && s.serves() {
			s.id, s.away = "another", false
			s.glance()
		}
	}
	return true
}

func (w *world) ambushClock(*simDocking, *simRecording) bool {
	step := w.between(2*time.Minute, 20*365*24*time.Hour)
	w.clock.wrong += step
	now := w.clock.wrong
	w.after(w.between(time.Second, time.Minute), func() {
		if w.clock.wrong == now { // nobody set it since
			w.clock.wrong -= step
		}
	})
	return true
}

func (w *world) ambushDisk(*simDocking, *simRecording) bool {
	w.full = true
	w.after(w.between(time.Second, time.Minute), func() { w.full = false })
	return true
}

func (w *world) ambushSleep(*simDocking, *simRecording) bool {
	if !w.chance(0.5) {
		return false
	}
	w.now += w.between(5*time.Minute, time.Hour)
	return true
}

func (w *world) ambushTwin(d *simDocking, _ *simRecording) bool {
	for _, c := range w.cameras {
		if c.id == d.camera.id && c.bay == nil {
			return w.plugSomewhere(d, c)
		}
	}
	return false
}

// plugSomewhere docks a camera beside a docking, and takes another out for it.
func (w *world) plugSomewhere(beside *simDocking, c *simCamera) bool {
	b := w.bays[w.rng.IntN(len(w.bays))]
	if b == beside.bay {
		return false
	}
	if b.camera != nil {
		b.unplug()
	}
	b.leaves = w.now + w.between(time.Second, 5*time.Minute)
	b.plug(c)
	return true
}

// What still goes on for a camera that left asks all the same.
func (w *world) ambushUndock(d *simDocking, r *simRecording) bool {
	e := d.heard.entries[r.ID]
	d.bay.unplug()
	w.after(w.between(time.Millisecond, 50*time.Millisecond), func() { w.late(asked{d, r, e}) })
	return true
}

func (w *world) ambushChange(d *simDocking, r *simRecording) bool {
	bay := d.bay
	w.ambushUndock(d, r)
	for _, c := range w.cameras {
		if c.bay == nil && bay.camera == nil {
			bay.leaves = w.now + w.between(time.Second, 5*time.Minute)
			bay.plug(c)
		}
	}
	return true
}

// late is a question of a docking that has ended.
func (w *world) late(q asked) {
	_, err := dock.Clear(w.journal.caseOf(q))
	w.judge(q, err)
}

func (w *world) ambushOverwrite(d *simDocking, r *simRecording) bool {
	if o := d.object(d.heard.entries[r.ID]); o != nil {
		d.camera.replace(o, false)
		return true
	}
	return false
}

func (w *world) ambushTouch(d *simDocking, r *simRecording) bool {
	if o := d.object(d.heard.entries[r.ID]); o != nil {
		d.camera.touch(o)
		return true
	}
	return false
}
