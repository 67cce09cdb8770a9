package station

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"berth/dock"
)

// mischief does something to the station every few seconds.
func (w *world) mischief() {
	if w.dockings >= w.limit {
		w.calm = true
		return
	}
	for range 3 {
		w.comeAndGo()
	}
	switch n := w.rng.IntN(100); {
	case n < 30:
		w.fieldwork(w.cameras[w.rng.IntN(len(w.cameras))])
	case n < 50:
		w.trouble(w.stores[w.rng.IntN(len(w.stores))])
	case n < 54:
		w.people()
	case n < 56:
		w.full = !w.full
	case n < 58:
		w.clock.wrong += w.between(-20*365*24*time.Hour, 20*365*24*time.Hour)
	case n == 58:
		w.clock.wrong = 0
		w.crash(false)
	case n == 59:
		w.crash(w.chance(0.5))
	case n == 60:
		w.now += w.between(time.Minute, 3*time.Hour) // the machine slept
	}
	w.after(w.between(time.Second, 15*time.Second), w.mischief)
}

// comeAndGo docks a camera, or takes one whose time has come.
func (w *world) comeAndGo() {
	b := w.bays[w.rng.IntN(len(w.bays))]
	if b.camera != nil {
		done := false
		if d := b.docking; d != nil {
			shown, _ := d.state.judge(d.state.sum())
			done = shown == dock.BayReady
		}
		if w.now > b.leaves || done && w.chance(0.5) {
			b.unplug()
		}
		return
	}
	c := w.cameras[w.rng.IntN(len(w.cameras))]
	if c.bay != nil {
		return
	}
	if w.chance(0.7) {
		c.record()
	}
	b.leaves = w.now + w.between(time.Second, 30*time.Second)
	if w.chance(0.75) {
		b.leaves += w.between(time.Minute, 10*time.Minute)
	}
	b.plug(c)
}

// fieldwork is what happens to a camera's files, docked or not.
func (w *world) fieldwork(c *simCamera) {
	w.tell("fieldwork", c.id)
	if len(c.objects) == 0 {
		c.record()
		return
	}
	o := c.objects[w.rng.IntN(len(c.objects))]
	if c.lister && w.chance(0.5) {
		c.pretend(o)
		return
	}
	switch w.rng.IntN(15) {
	case 0:
		c.lose(o.Name)
	case 1:
		c.replace(o, false)
	case 2:
		// What looks the same and is not is only found by reading it; nobody
		// can after it was read for the last time.
		c.replace(o, c.bay == nil)
	case 3:
		o.busy = w.now + w.between(time.Second, 5*time.Minute)
	case 4:
		o.bad = !o.bad
	case 5:
		for _, o := range c.objects {
			o.bad = true
		}
		c.record().bad = false
	case 6:
		kinds := oddities()
		c.odd = append(c.odd, kinds[w.rng.IntN(len(kinds))])
	case 7:
		c.dirty = !c.dirty
	case 8:
		slices.Reverse(c.objects) // listed in another order
	case 9, 10:
		c.touch(o)
	case 11:
		c.grow(o)
	case 12, 13:
		o.shut = !o.shut
	default:
		c.record()
	}
}

// oddities are what a camera may list that becomes no recording.
func oddities() []dock.Exception {
	return []dock.Exception{
		{Kind: dock.ExceptionUnreadable, Name: "broken"}, {Kind: dock.ExceptionForeign, Name: "mount"},
		{Kind: dock.ExceptionTooDeep, Name: "deep"}, {Kind: dock.ExceptionLink, Name: "link"},
		{Kind: dock.ExceptionAuxiliary, Name: "thumb"}, {Kind: dock.ExceptionDevice, Name: "device"},
		{Kind: dock.ExceptionUnfinished, Name: "begun"}, {Kind: dock.ExceptionVolume, Name: "volume"},
	}
}

// pretend lets a camera that lies list something else for a while than is there.
func (c *simCamera) pretend(o *simObject) {
	switch c.w.rng.IntN(6) {
	case 0:
		o.huge = !o.huge
	case 4, 5: // the same name twice, looking alike or not
		second := o.Entry
		second.Handle, second.Identity = "second", "second"
		second.SizeBytes += int64(c.w.rng.IntN(2))
		c.ghosts = []dock.Entry{second}
		if c.w.chance(0.5) {
			c.replace(o, false)
		}
	case 1:
		c.ghosts = []dock.Entry{{Handle: "ghost", Name: "ghost.mp4", SizeBytes: 7, Identity: "ghost"}}
	case 2:
		c.ghosts = nil
	default:
		o.hidden = c.w.now + c.w.between(time.Second, 10*time.Minute)
	}
}

// trouble is what stores do.
func (w *world) trouble(s *simStore) {
	w.tell("trouble", s.expected)
	switch w.rng.IntN(7) {
	case 0:
		s.away = !s.away
	case 1:
		s.lies = 0.3
	case 2, 3:
		s.lies, s.away, s.id = 0, false, s.expected
	case 4:
		if s.id = "another"; w.chance(0.5) {
			s.id = s.expected
		}
	default:
		s.loses()
	}
}

// loses forgets something that it had proven to hold. The station cannot help
// what it gave up its own copy of, so that only the rest counts for it.
func (s *simStore) loses() {
	for range 3 {
		if all := s.w.journal.recordings; len(all) > 0 {
			r := all[len(all)-1-s.w.rng.IntN(min(len(all), 30))]
			kept, there := s.objects[r.key]
			if there && s.w.chance(0.3) {
				kept = bytes.Clone(kept)
				kept[0] ^= 1
				s.objects[r.key] = kept
				continue
			}
			delete(s.objects, r.key)
		}
	}
}

// people hold and release recordings, and accept what cannot be read.
func (w *world) people() {
	for _, r := range w.journal.recordings {
		switch held := r.Held(); {
		case held != nil && held.Code == dock.HoldPerson && w.chance(0.5):
			w.journal.add(r, "", dock.Release{})
		case held != nil && held.Code != dock.HoldPerson && w.journal.open(r) && w.chance(0.1):
			w.readAnew(r)
		case w.journal.open(r) && w.chance(0.02), held != nil && held.Code != dock.HoldPerson && w.chance(0.1):
			w.journal.add(r, "", dock.Hold{Code: dock.HoldPerson}) // also on top of another hold
		}
	}
	if w.chance(0.5) {
		w.accept()
	}
	w.stir()
}

// accept is a person's word on everything that the dockings could not read.
func (w *world) accept() {
	for _, b := range w.bays {
		if b.docking == nil {
			continue
		}
		row := b.docking.row
		for _, x := range row.odd {
			row.accepted[x.Name] = true
			if !row.conflict {
				w.journal.released[fmt.Sprint(row.camera, x.Name)] = true
			}
		}
	}
}

// reconfigure is what IT may change while the station is down.
func (w *world) reconfigure() {
	w.erasing.Copies = w.rng.IntN(3) // none asked for still means one
	if w.erasing.After = dock.EraseAfterCopies; w.chance(0.2) {
		w.erasing.After = dock.EraseAfterNever
	}
	if w.erasing.Grace = 0; w.chance(0.3) {
		w.erasing.Grace = w.between(time.Second, 20*time.Minute)
	}
	for _, s := range w.stores {
		s.configured = w.chance(0.9)
	}
}

// patrol looks, when all is calm, whether everybody is done.
func (w *world) patrol() {
	w.atRest = true
	for _, b := range w.bays {
		w.atRest = w.atRest && b.docking != nil && (b.docking.finished() || w.excused(b.docking))
	}
	if !w.atRest {
		w.after(5*time.Minute, w.patrol)
	}
}

// finished: the camera is as its officer wants it.
func (d *simDocking) finished() bool {
	shown, _ := d.state.judge(d.state.sum())
	return shown == dock.BayReady || shown == dock.BayStored && d.bay.w.erasing.After == dock.EraseAfterNever
}

// settleDown is the end of all trouble: stores answer and are honest, people
// did what they were asked to, and every camera is in a bay and stays there.
func (w *world) settleDown() {
	w.full, w.clock.wrong, w.erasing = false, 0, w.agreed
	for _, s := range w.stores {
		s.away, s.lies, s.id, s.configured = false, 0, s.expected, true
	}
	for _, r := range w.journal.recordings {
		if intent, spooled := r.Spooled(); spooled {
			for _, s := range w.stores { // a person removed what was found to be wrong
				if kept, there := s.objects[intent.Key]; there && string(kept) != string(r.sealed) {
					delete(s.objects, intent.Key)
				}
			}
		}
		if held := r.Held(); held != nil && held.Code == dock.HoldPerson {
			w.journal.add(r, "", dock.Release{})
		}
	}
	w.crash(false) // the clock is right again
	for _, c := range w.cameras {
		c.dirty, c.odd, c.ghosts = false, nil, nil
		for _, o := range c.objects {
			o.bad, o.huge, o.shut, o.busy, o.hidden = false, false, false, 0, 0
		}
		if c.bay != nil {
			c.bay.unplug()
		}
	}
	for i, b := range w.bays {
		b.plug(w.cameras[i])
	}
	w.after(5*time.Minute, w.patrol)
}

// checkEnd is the promise that all ends well: a camera that stays, with stores
// that answer, is empty, and nothing that was on it is missing.
func (w *world) checkEnd() {
	for _, b := range w.bays {
		if b.docking == nil {
			w.stalls("the camera %s is not served", b.camera.id)
			continue
		}
		if !b.docking.finished() && !w.excused(b.docking) {
			shown, why := b.docking.state.judge(b.docking.state.sum())
			w.stalls("livelock: %s ends as %s (%s), refused: %s", b.camera.id, shown, why, b.docking.state.refused)
		}
		for _, o := range b.camera.objects {
			if !o.listed {
				w.breaks("I6: %s of %s was never listed", o.Name, b.camera.id)
			}
		}
	}
}

// excused: something needs a person who knows more than the station. Other
// bytes under an old name and its looks are held; what stores lost after they
// had proven it twice is not on the spool any more; and a camera that is empty
// though nobody emptied it is to be looked at.
func (w *world) excused(d *simDocking) bool {
	if d.state.emptied || d.camera.blank {
		return true
	}
	for id := range d.row.entries {
		r := w.journal.byID[id]
		if held := r.Held(); held != nil && held.Code == dock.HoldReappeared {
			return true
		}
		if !r.OnSpool() && !r.Stored(w.erasing.Copies) {
			return true
		}
	}
	return false
}
