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
	evil    bool          // took another's place and looks
	listed  bool          // in some listing that was journalled
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
}

var errMedium = errors.New("medium error")

// newSimCamera makes a camera with some recordings; the last ones are twins of
// the first ones, with names, sizes and times alike.
func newSimCamera(w *world, i int) *simCamera {
	c := &simCamera{w: w, id: dock.CameraID(fmt.Sprint("cam-", i)), slow: w.chance(0.3), liar: w.chance(0.3)}
	if i >= 28 {
		c.id, c.twin, w.cameras[i-28].twin = w.cameras[i-28].id, true, true
	}
	for range w.rng.IntN(4) {
		c.record()
	}
	return c
}

// record is what a camera does in the field, or in a bay.
func (c *simCamera) record() *simObject {
	c.number++
	if c.w.chance(0.1) && len(c.objects) == 0 {
		c.number = 1 // numbers from one again
	}
	name := dock.RawName(fmt.Sprintf("%04d.mp4", c.number))
	c.lose(name)
	return c.put(name, 8+c.w.rng.IntN(3), time.Date(2026, 2, 1, 0, c.number, 0, 0, time.UTC))
}

func (c *simCamera) put(name dock.RawName, size int, modified time.Time) *simObject {
	c.w.uids++
	content := []byte(fmt.Sprintf("%08x..........", c.w.uids))[:size]
	o := &simObject{uid: c.w.uids, content: content, Entry: dock.Entry{
		Handle: dock.Handle(name), Name: name, SizeBytes: int64(size), Modified: modified,
		Identity: dock.ObjectIdentity(fmt.Sprint("o", c.w.uids)),
	}}
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
	fresh.evil = evil
	if evil {
		fresh.Identity = o.Identity
	} else {
		fresh.Modified = o.Modified.Add(time.Hour)
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
		l.Entries = append(l.Entries, o.Entry)
	}
	return l
}

// docked is a camera as one attachment has it open.
type docked struct {
	*simCamera
	witness *dock.Witness
}

// reread remembers, as a driver does, what the medium gave.
func (c docked) reread(e dock.Entry) ([]byte, error) {
	o, err := c.find(e)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(c.witness.Watch(e, io.NopCloser(bytes.NewReader(o.content))))
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
	if c.liar && !c.w.calm && c.w.chance(0.2) {
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
