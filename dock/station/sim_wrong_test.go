package station

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/dock"
)

// ripe is a world in which a camera has just been allowed to lose an object,
// rightly: the first one with two recordings on the camera, two copies asked
// for and a grace period.
func ripe(t *testing.T) (*world, *simDocking, *simRecording, dock.Entry) {
	t.Helper()
	for seed := range uint64(20) {
		w := newWorld(seed, dockingsPerWorld)
		w.erasing = Erasing{Copies: 2, After: dock.EraseAfterCopies, Grace: time.Minute}
		for w.goesOn() && !w.calm {
			w.next()
			for _, b := range w.bays {
				if d := b.docking; d != nil && w.erasing.Copies == 2 && w.erasing.Grace > 0 && d.allRight() {
					return w, d, d.recording(d.asked), d.item(d.asked).Entry
				}
			}
		}
	}
	t.Fatal("no camera was ever emptied: these seeds show nothing")
	return nil, nil, nil, dock.Entry{}
}

// allRight: the camera is about to lose an object that it truly has, one of two.
func (d *simDocking) allRight() bool {
	return d.asked.action == doRemove && len(d.heard.entries) > 1 && !d.camera.blank && d.object(d.item(d.asked).Entry) != nil
}

// neighbour is another recording on the same camera.
func neighbour(d *simDocking, r *simRecording) *simRecording {
	for id := range d.heard.entries {
		if id != r.ID {
			return d.bay.w.journal.byID[id]
		}
	}
	return nil
}

func (w *world) forgetProofs(r *simRecording, all bool) {
	for _, s := range slices.Backward(w.stores) { // the last one is the one that only gives its word
		if all || w.provenIn(r) >= w.wanted(r) {
			delete(s.proven, r.key)
		}
	}
}

// wrongErasure is a way in which erasing would be wrong, by itself, and what the
// oracle must say then.
type wrongErasure struct {
	spoil func(w *world, d *simDocking, r *simRecording, e *dock.Entry)
	codes string
}

func wrongErasures() map[string]wrongErasure {
	all := wrongForCamera()
	maps.Copy(all, wrongForCopies())
	maps.Copy(all, wrongForObject())
	return all
}

func wrongForCamera() map[string]wrongErasure {
	return map[string]wrongErasure{
		"the agency wants nothing erased": {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) {
			w.erasing.After = dock.EraseAfterNever
		}, "policy"},
		"the clock jumped": {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) { w.clock.wrong += time.Hour }, "clock"},
		"the clock cannot be": {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) {
			w.clock.wrong = -5 * 365 * 24 * time.Hour
		}, "clock"},
		"the disk is full":        {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) { w.full = true }, "disk"},
		"the camera left":         {func(_ *world, d *simDocking, _ *simRecording, _ *dock.Entry) { d.bay.camera = nil }, "docking"},
		"the camera came back":    {func(_ *world, d *simDocking, _ *simRecording, _ *dock.Entry) { d.bay.generation++ }, "docking"},
		"the docking ended":       {func(_ *world, d *simDocking, _ *simRecording, _ *dock.Entry) { d.bay.docking = nil }, "docking"},
		"there is a twin":         {func(_ *world, d *simDocking, _ *simRecording, _ *dock.Entry) { d.twinned = true }, "identity"},
		"it is another camera's":  {func(_ *world, _ *simDocking, r *simRecording, _ *dock.Entry) { r.owner = &simCamera{id: "another"} }, "camera"},
		"the camera changes":      {func(_ *world, d *simDocking, _ *simRecording, _ *dock.Entry) { d.heard.quiet = false }, "listing"},
		"the camera is not clean": {func(_ *world, d *simDocking, _ *simRecording, _ *dock.Entry) { d.heard.known.Clean = false }, "unclean"},
		"something may hide": {func(_ *world, d *simDocking, _ *simRecording, _ *dock.Entry) {
			d.heard.known.Exceptions = []dock.Exception{{Kind: dock.ExceptionForeign, Name: "never accepted"}}
		}, "exceptions"},
		"a size cannot be": {func(_ *world, d *simDocking, _ *simRecording, _ *dock.Entry) {
			d.heard.known.Entries = append(slices.Clone(d.heard.known.Entries), dock.Entry{Name: "never accepted", SizeBytes: 1 << 60})
		}, "exceptions"},
	}
}

func wrongForCopies() map[string]wrongErasure {
	return map[string]wrongErasure{
		"a neighbour is not safe":     {func(w *world, d *simDocking, r *simRecording, _ *dock.Entry) { w.forgetProofs(neighbour(d, r), false) }, "camera-copies"},
		"too few copies":              {func(w *world, _ *simDocking, r *simRecording, _ *dock.Entry) { w.forgetProofs(r, false) }, "camera-copies copies grace"},
		"no copies":                   {func(w *world, _ *simDocking, r *simRecording, _ *dock.Entry) { w.forgetProofs(r, true) }, "camera-copies copies rehashed grace"},
		"more copies asked for then":  {func(_ *world, _ *simDocking, r *simRecording, _ *dock.Entry) { r.asked = 9 }, "camera-copies copies grace"},
		"more copies asked for today": {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) { w.erasing.Copies = 9 }, "camera-copies copies grace"},
		"stores of no config": {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) {
			for _, s := range w.stores {
				s.configured = false
			}
		}, "camera-copies copies rehashed grace"},
		"copies of yesterday": {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) { w.now += 16 * time.Minute }, "copies rehashed"},
		"copies on one disk": {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) {
			for _, s := range w.stores {
				s.place = dock.Place{Device: "one"}
			}
		}, "camera-copies copies grace"},
		"only words of servers": {func(w *world, _ *simDocking, r *simRecording, _ *dock.Entry) {
			for _, s := range w.stores {
				if p, ok := s.proven[r.key]; ok {
					p.whole = false
					s.proven[r.key] = p
				}
			}
		}, "rehashed"},
		"the grace period is not over": {func(w *world, _ *simDocking, _ *simRecording, _ *dock.Entry) { w.erasing.Grace = 24 * time.Hour }, "grace"},
	}
}

func wrongForObject() map[string]wrongErasure {
	return map[string]wrongErasure{
		"it is held":            {func(_ *world, _ *simDocking, r *simRecording, _ *dock.Entry) { r.kept = true }, "held"},
		"it left":               {func(_ *world, _ *simDocking, r *simRecording, _ *dock.Entry) { r.left = true }, "gone"},
		"it was not read again": {func(_ *world, d *simDocking, r *simRecording, _ *dock.Entry) { delete(d.heard.gave, r.ID) }, "second-read"},
		"it gave other bytes": {func(_ *world, d *simDocking, r *simRecording, _ *dock.Entry) {
			r.content = append([]byte("x"), r.content[1:]...)
		}, "second-read"},
		"it changed since it was read": {func(_ *world, d *simDocking, r *simRecording, _ *dock.Entry) {
			gave := d.heard.gave[r.ID]
			gave.object = "another"
			d.heard.gave[r.ID] = gave
		}, "changed"},
		"it is not listed":           {func(_ *world, d *simDocking, r *simRecording, _ *dock.Entry) { delete(d.heard.entries, r.ID) }, "unlisted"},
		"it is listed under another": {func(_ *world, _ *simDocking, _ *simRecording, e *dock.Entry) { e.Handle = "another" }, "unlisted"},
		"it cannot be told apart": {func(_ *world, d *simDocking, r *simRecording, e *dock.Entry) {
			e.Identity = ""
			d.heard.entries[r.ID], d.heard.gave[r.ID] = *e, testimony{"", r.content, *e}
		}, "object"},
	}
}

// An oracle that never objects shows nothing: here it is asked about erasures
// that are wrong, and about the one that is right.
func TestTheOracleObjectsToEveryWrongErasureAndToNoRightOne(t *testing.T) {
	if w, d, r, e := ripe(t); len(w.objections(d, r, e)) > 0 {
		t.Fatalf("to a right one: %v", w.objections(d, r, e))
	}
	for name, wrong := range wrongErasures() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, d, r, e := ripe(t)
			wrong.spoil(w, d, r, &e)
			var codes []string
			for _, o := range w.objections(d, r, e) {
				codes = append(codes, o.code)
			}
			if got := strings.Join(codes, " "); got != wrong.codes {
				t.Errorf("objects with %q, want %q", got, wrong.codes)
			}
			if w.judge(asked{d, r, e}, nil); w.broken == "" {
				t.Error("a yes to this breaks no promise")
			}
		})
	}
}

func TestEverySituationOfTheOracleIsFedToItWrongly(t *testing.T) {
	for _, situation := range situations() {
		code, only := strings.CutPrefix(situation, "only ")
		fed := !only
		for _, wrong := range wrongErasures() {
			fed = fed || slices.Contains(strings.Fields(wrong.codes), code)
		}
		if !fed {
			t.Errorf("the oracle's %q is shown by no wrong erasure", code)
		}
	}
}

// The same at the moment at which an object leaves its camera.
func TestTheOracleNoticesAWrongObjectLeavingItsCamera(t *testing.T) {
	for name, wrong := range map[string]struct {
		spoil  func(w *world, d *simDocking, r *simRecording, o *simObject)
		breaks string
	}{
		"a right one": {func(*world, *simDocking, *simRecording, *simObject) {}, ""},
		"other bytes": {func(_ *world, _ *simDocking, _ *simRecording, o *simObject) {
			o.content = bytes.ToUpper(append([]byte("x"), o.content...))
		}, "I5"},
		"other sealed": {func(_ *world, _ *simDocking, r *simRecording, _ *simObject) { r.sealed = r.sealed[:len(r.sealed)-1] }, "I5"},
		"copies that are gone": {func(w *world, _ *simDocking, r *simRecording, _ *simObject) {
			for _, s := range w.stores {
				delete(s.objects, r.key)
				delete(s.proven, r.key)
			}
		}, "I1"},
		"one copy of two": {func(w *world, _ *simDocking, r *simRecording, _ *simObject) {
			for _, s := range w.stores[1:] {
				delete(s.objects, r.key)
				delete(s.proven, r.key)
			}
		}, "I1"},
		"copies that rotted": {func(w *world, _ *simDocking, r *simRecording, _ *simObject) {
			for _, s := range w.stores {
				s.objects[r.key] = []byte("rot")
				delete(s.proven, r.key)
			}
		}, "I1"},
		"two for one": {func(_ *world, d *simDocking, r *simRecording, _ *simObject) {
			r.told = d.camera.record().uid
		}, "I2"},
		"no intent":        {func(_ *world, _ *simDocking, r *simRecording, _ *simObject) { r.intent = "" }, "I2"},
		"an older intent":  {func(_ *world, _ *simDocking, r *simRecording, _ *simObject) { r.intent = "older" }, "I2"},
		"an intent undone": {func(_ *world, _ *simDocking, r *simRecording, _ *simObject) { r.unsure = true }, "I2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, d, r, e := ripe(t)
			o := d.object(e)
			wrong.spoil(w, d, r, o)
			w.checkErase(d, o, r.ID)
			if !strings.HasPrefix(w.broken, wrong.breaks) || (wrong.breaks == "") != (w.broken == "") {
				t.Errorf("breaks %q, want %q", w.broken, wrong.breaks)
			}
		})
	}
}
