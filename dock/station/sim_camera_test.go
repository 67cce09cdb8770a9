package station

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"berth/dock"
)

// simObject is one file as it is on a camera; another content is another object.
type simObject struct {
	dock.Entry
	uid     int
	content []byte
	busy    time.Duration // somebody writes to it until then
	bad     bool          // it cannot be read
	listed  bool          // in some listing that was journalled
	anew    bool          // a person wants it taken as another recording
	hidden  time.Duration // listings leave it out until then, though it is there
	huge    bool          // listed with a size that cannot be
	shut    bool          // what it is in cannot be looked into
}

// simCamera is a camera wherever it is.
type simCamera struct {
	w       *world
	id      dock.CameraID
	twin    bool // another camera claims the same identity
	objects []*simObject
	odd     []dock.Exception // what cannot be read
	dirty   bool             // not unmounted cleanly
	number  int
	bay     *simBay
	slow    bool // takes long to fail
	liar    bool // does not always do what it says when it erases
	lister  bool // lists what is not there, and leaves out what is
	blank   bool // its driver cannot tell one object from another
	ghosts  []dock.Entry
}

var errMedium = errors.New("medium error")

// newSimCamera makes a camera with some recordings; the last ones are twins of
// the first ones, with names, sizes and times alike.
func newSimCamera(w *world, i int) *simCamera {
	c := &simCamera{w: w, id: dock.CameraID(fmt.Sprint("cam-", i)), slow: w.chance(0.3), liar: w.chance(0.3)}
	if i >= 24 {
		c.id, c.twin, w.cameras[i-24].twin = w.cameras[i-24].id, true, true
	}
	c.lister, c.blank = w.chance(0.1), w.chance(0.03)
	for range w.rng.IntN(4) {
		c.record()
	}
	return c
}

// record is what a camera does in the field, or in a bay.
func (c *simCamera) record() *simObject {
	c.number++
	if c.w.chance(0.3) && len(c.objects) == 0 {
		c.number = 1 // numbers from one again
	}
	name := dock.RawName(fmt.Sprintf("%04d.mp4", c.number))
	c.lose(name)
	modified := time.Date(2026, 2, 1, 0, c.number, 0, 0, time.UTC)
	switch c.w.rng.IntN(40) {
	case 0:
		modified = time.Time{}
	case 1:
		modified = modified.AddDate(9000, 0, 0) // no calendar has it
	}
	return c.put(name, 8+c.w.rng.IntN(3), modified)
}

func (c *simCamera) put(name dock.RawName, size int, modified time.Time) *simObject {
	c.w.uids++
	content := []byte(fmt.Sprintf("%08x..........", c.w.uids))[:size]
	o := &simObject{uid: c.w.uids, content: content, Entry: dock.Entry{
		Handle: dock.Handle(name), Name: name, SizeBytes: int64(size), Modified: modified,
		Identity: dock.ObjectIdentity(fmt.Sprint("o", c.w.uids)),
	}}
	if c.blank {
		o.Identity = ""
	}
	c.objects = append(c.objects, o)
	return o
}

// lose removes the object with this name without asking anybody.
func (c *simCamera) lose(name dock.RawName) {
	c.objects = slices.DeleteFunc(c.objects, func(o *simObject) bool { return o.Name == name })
}

// replace puts other content in an object's place: with its name only, or so
// that it looks the same in everything but its content.
func (c *simCamera) replace(o *simObject, evil bool) {
	c.lose(o.Name)
	fresh := c.put(o.Name, len(o.content), o.Modified)
	if evil {
		fresh.Identity = o.Identity
	} else {
		fresh.Modified = o.Modified.Add(time.Hour)
	}
}

// grow lets somebody go on writing to an object.
func (c *simCamera) grow(o *simObject) {
	if len(o.content) < 18 {
		c.lose(o.Name)
		c.put(o.Name, len(o.content)+1, o.Modified.Add(time.Minute))
	}
}

// touch changes what the driver knows an object by, and nothing else.
func (c *simCamera) touch(o *simObject) {
	if !c.blank {
		c.w.uids++
		o.Identity = dock.ObjectIdentity(fmt.Sprint("o", c.w.uids))
	}
}

func (c *simCamera) has(uid int) bool {
	return slices.ContainsFunc(c.objects, func(o *simObject) bool { return o.uid == uid })
}

// find opens an object as a driver does, identity first.
func (c *simCamera) find(e dock.Entry) (*simObject, error) {
	for _, o := range c.objects {
		if o.Handle != e.Handle {
			continue
		}
		switch {
		case o.Identity != e.Identity:
			return nil, dock.ErrChanged
		case o.busy > c.w.now:
			return nil, dock.ErrBusy
		case o.bad:
			return nil, errMedium
		}
		return o, nil
	}
	return nil, dock.ErrChanged
}

func (c *simCamera) list() dock.Listing {
	l := dock.Listing{Clean: !c.dirty, UsedBytes: -1, Exceptions: slices.Clone(c.odd)}
	for _, o := range c.objects {
		e := o.Entry
		if o.huge {
			e.SizeBytes = 1 << 60
			if o.uid%2 == 0 {
				e.SizeBytes = -1
			}
		}
		switch {
		case o.shut:
			l.Exceptions = append(l.Exceptions, closed(o))
		case o.hidden <= c.w.now:
			l.Entries = append(l.Entries, e)
		}
	}
	l.Entries = append(l.Entries, c.ghosts...)
	return l
}

// closed is what a listing says of what it could not look into: by its name, or
// that it is somewhere on the camera.
func closed(o *simObject) dock.Exception {
	x := dock.Exception{Kind: dock.ExceptionUnreadable, Name: o.Name}
	if o.uid%3 == 0 {
		x.Kind, x.Name = dock.ExceptionVolume, "."
	}
	return x
}

// docked is a camera as one attachment has it open.
type docked struct {
	*simCamera
	witness *dock.Witness
	gave    map[dock.Handle]testimony // what the witness could truly have seen
}

// reread remembers, as a driver does, what the medium gave.
func (c docked) reread(e dock.Entry) ([]byte, error) {
	o, err := c.find(e)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(c.witness.Watch(e, io.NopCloser(bytes.NewReader(o.content))))
	if err == nil && int64(len(content)) != e.SizeBytes {
		return nil, dock.ErrChanged
	}
	c.gave[e.Handle] = testimony{e.Identity, content, e}
	return content, err
}

// erase removes the object if the clearance permits it. A liar may do nothing
// and say yes, or do it and say no.
func (c docked) erase(d *simDocking, e dock.Entry, clearance dock.Clearance) error {
	if err := c.witness.Permit(e, clearance); err != nil {
		c.w.breaks("I2: the camera was asked to erase %q without its clearance: %v", e.Name, err)
		return err
	}
	o, err := c.find(e)
	if err != nil {
		return err
	}
	d.heard.told[e.Handle] = true
	if c.liar && !c.w.calm && c.w.chance(0.2) {
		o.shut = o.shut || c.w.chance(0.2) // the medium fails
		return nil
	}
	if c.liar && !c.w.calm && c.w.chance(0.2) {
		return errMedium
	}
	c.w.checkErase(d, o, clearance.Recording())
	c.lose(o.Name)
	c.w.erasures++
	c.w.tell("erased", c.id, o.Name, o.uid)
	if c.liar && !c.w.calm && c.w.chance(0.2) {
		return errMedium
	}
	return nil
}
