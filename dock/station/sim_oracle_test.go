package station

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"berth/dock"
)

// The oracle judges erasing from the simulation's own knowledge of what is true
// and from the promises of DESIGN.md ("cleared", I1, I2, I5 to I7, I9). It asks
// nothing that the station computes.

// objection is one promise that would be broken if an object went now.
type objection struct{ code, promise string }

type objector func(code, format string, args ...any)

// objections says why e must not be erased as r in this docking now; none if it may.
func (w *world) objections(d *simDocking, r *simRecording, e dock.Entry) []objection {
	var all []objection
	object := func(code, format string, args ...any) {
		if !w.overlook[code] {
			all = append(all, objection{code, fmt.Sprintf(format, args...)})
		}
	}
	w.objectForStation(object)
	w.objectForCamera(d, r, object)
	w.objectForCopies(d, r, object)
	w.objectForObject(d, r, e, object)
	return all
}

func (w *world) objectForStation(object objector) {
	if w.erasing.After != dock.EraseAfterCopies {
		object("policy", "the agency wants nothing erased")
	}
	if w.clock.moved() {
		object("clock", "I9: the station's clock jumped")
	}
	if w.full {
		object("disk", "I9: the station's disk is full")
	}
}

// mayHide: evidence could hide behind what a camera lists like this.
func mayHide(kind dock.ExceptionKind) bool {
	switch kind {
	case dock.ExceptionUnreadable, dock.ExceptionForeign, dock.ExceptionTooDeep, dock.ExceptionUnfinished, dock.ExceptionVolume:
		return true
	}
	return false
}

func (w *world) objectForCamera(d *simDocking, r *simRecording, object objector) {
	if d.bay.camera != d.camera.simCamera || d.bay.generation != d.row.at.Generation || d.bay.docking != d {
		object("docking", "I7: the camera %s is gone", d.row.camera)
	}
	if d.twinned {
		object("identity", "I5: two docked cameras claim to be %s", d.row.camera)
	}
	if r.owner.id != d.camera.id {
		object("camera", "I5: recording %s is of another camera than %s", r.ID, d.row.camera)
	}
	if !d.heard.quiet {
		object("listing", "I6: the camera %s still changes, or was never listed twice", d.row.camera)
	}
	if !d.heard.known.Clean {
		object("unclean", "the filesystem of %s is not clean", d.row.camera)
	}
	for _, x := range d.heard.known.Exceptions {
		if mayHide(x.Kind) && !w.journal.accepted(d.row, x.Name) {
			object("exceptions", "I6: %s on %s may hide evidence and nobody accepted that", x.Kind, d.row.camera)
			break
		}
	}
	for _, x := range d.heard.known.Entries {
		if absurd(x) && !w.journal.accepted(d.row, x.Name) {
			object("exceptions", "I6: %s claims a size that cannot be and nobody accepted that", d.row.camera)
			break
		}
	}
}

func (w *world) objectForCopies(d *simDocking, r *simRecording, object objector) {
	for _, id := range slices.Sorted(maps.Keys(d.heard.listed)) {
		other := w.journal.byID[id]
		if d.camera.has(other.latest) && !other.left && w.provenIn(other) < w.wanted(other) {
			object("camera-copies", "I1: %s may be emptied and %s is in %d of %d stores", d.row.camera, id, w.provenIn(other), w.wanted(other))
			break
		}
	}
	copies, whole := w.lately(r)
	if copies < w.wanted(r) {
		object("copies", "I1: %s was found in %d of %d stores within %v", r.ID, copies, w.wanted(r), confirmedWithin)
	}
	if !whole {
		object("rehashed", "I1: no store's copy of %s was read whole within %v", r.ID, confirmedWithin)
	}
	if w.safeFor(r) < w.erasing.Grace {
		object("grace", "the grace period of %v is not over for %s", w.erasing.Grace, r.ID)
	}
}

func (w *world) objectForObject(d *simDocking, r *simRecording, e dock.Entry, object objector) {
	if r.kept {
		object("held", "recording %s is held", r.ID)
	}
	if r.left {
		object("gone", "recording %s is on record as having left its camera", r.ID)
	}
	gave, read := d.heard.gave[r.ID]
	switch {
	case !read:
		object("second-read", "I5: %s was not read a second time in this docking", r.ID)
	case !bytes.Equal(gave.content, r.content):
		object("second-read", "I5: %s gave other bytes when it was read a second time", r.ID)
	case gave.object != e.Identity:
		object("changed", "I5: %s is another object than the one that was read a second time", r.ID)
	}
	if listed, there := d.heard.entries[r.ID]; !there || listed.Handle != e.Handle || listed.Identity != e.Identity || listed.SizeBytes != e.SizeBytes {
		object("unlisted", "I5: the latest listing has no such object as %s", r.ID)
	}
	if e.Handle == "" || e.Identity == "" || int(e.SizeBytes) != len(r.content) {
		object("object", "I2: what is to go for %s cannot be told from another object", r.ID)
	}
}

// allowed holds a yes of the erase rule against the truth.
func (w *world) allowed(d *simDocking, r *simRecording, objections []objection) {
	if len(objections) == 0 {
		return
	}
	texts := make([]string, len(objections))
	for i, o := range objections {
		texts[i] = o.promise
	}
	w.breaks("erasing %s is allowed: %s", r.ID, strings.Join(texts, "; "))
}

// checkErase is I1, at the moment at which a camera loses an object by our
// hand: exactly its bytes are in as many stores as were asked for. A store
// counts that truly holds them, or was lately found to hold them when erasing
// was allowed and lost them since: no reading could have told.
func (w *world) checkErase(d *simDocking, o *simObject, id dock.RecordingID) {
	r := w.journal.byID[id]
	if !bytes.Equal(r.content, o.content) || !bytes.HasSuffix(r.sealed, o.content) {
		w.breaks("I5: %s is erased from %s as recording %s, which has other bytes", o.Name, d.row.camera, id)
	}
	copies := w.copies(func(s *simStore) bool {
		p := s.proven[r.key]
		lately := p != simProof{} && d.watch.allowedAt-p.at <= confirmedWithin
		return lately || bytes.Equal(s.objects[r.key], r.sealed) && s.ever[r.key]
	})
	if copies < w.wanted(r) {
		w.breaks("I1: %s leaves %s with %d of %d copies", o.Name, d.row.camera, copies, w.wanted(r))
	}
	if r.told != 0 && r.told != o.uid && d.camera.has(r.told) {
		w.breaks("I2: %s is erased although recording %s told another object to go", o.Name, id)
	}
	r.told = o.uid
	if r.intent != d.row.id || r.unsure {
		w.breaks("I2: %s is erased without an intent of this docking on record", o.Name)
	}
}

// moved: the wall clock ran otherwise than time since the process began, or
// says what cannot be.
func (c *simClock) moved() bool {
	wall := c.Now().Wall
	if wall.Year() < firstSensibleYear {
		return true
	}
	drift := c.wrong - c.wrongAtStart
	return c.sensibleAtStart && drift.Abs() > time.Minute
}

// firstSensibleYear is before every station.
const firstSensibleYear = 2024
