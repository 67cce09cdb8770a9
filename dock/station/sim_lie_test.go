package station

import (
	"bytes"
	"io"
	"slices"

	"berth/dock"
	"berth/hashing"
)

// lie is one thing of which a caller of the erase rule is wrong while all else
// that it says is true. Either the rule must not be taken in, or the driver,
// which is shown the clearance that came of it.
type lie struct {
	what, promise string
	tell          func(c *dock.Case)
	driver        bool              // the rule cannot know, and the driver must refuse
	show          func(*dock.Entry) // what the driver is asked to erase; nil for what is truly there
	nowhere       bool              // the driver, too, believes in no attachment
	word          string            // by which this objection is overlooked
}

func lies() []lie { return append(liesToTheRule(), liesToTheDriver()...) }

func liesToTheRule() []lie {
	return []lie{
		{what: "a docking without a name", promise: "I7", tell: func(c *dock.Case) {
			for i := range c.Recording.Facts {
				c.Recording.Facts[i].Docking = ""
			}
			c.Docking.ID = ""
		}},
		{what: "a docking without an attachment", promise: "I7", word: "attachment", tell: func(c *dock.Case) { c.Docking.Attachment.Generation = 0 }},
		{what: "a camera without a name", promise: "I5", tell: func(c *dock.Case) { c.Docking.Camera, c.Recording.Camera = "", "" }},
		{what: "another camera's recording", promise: "I5", tell: func(c *dock.Case) { c.Recording.Camera = "another" }},
		{what: "a file that is not sealed", promise: "I1", tell: func(c *dock.Case) {
			c.Recording.Facts = slices.DeleteFunc(c.Recording.Facts, func(f dock.Fact) bool { return f.Body.Kind() == dock.KindSpooled })
		}},
		{what: "a second read of more bytes", promise: "I5", tell: func(c *dock.Case) { secondReads(c, func(s *dock.SecondRead) { s.SizeBytes++ }) }},
		{what: "a recording without a digest", promise: "I5", tell: func(c *dock.Case) { contentOf(c, hashing.Digest{}) }},
		{what: "an object without a handle", promise: "I2", tell: func(c *dock.Case) { c.Entry.Handle = "" }},
		{what: "an object of another name", promise: "I2", tell: func(c *dock.Case) { c.Entry.Name = "another" }},
		{what: "an object of another size", promise: "I2", tell: func(c *dock.Case) { c.Entry.SizeBytes++ }},
	}
}

func liesToTheDriver() []lie {
	identity := func(c *dock.Case) {
		c.Entry.Identity = "another"
		secondReads(c, func(s *dock.SecondRead) { s.Object = "another" })
	}
	return []lie{
		{what: "another stay in the same bay", promise: "I2", driver: true, tell: func(c *dock.Case) { c.Docking.Attachment.Generation++ }},
		{what: "another bay", promise: "I2", driver: true, tell: func(c *dock.Case) { c.Docking.Attachment.Bay = "another" }},
		{what: "no attachment at all", promise: "I2", driver: true, nowhere: true, word: "attachment", tell: func(c *dock.Case) { c.Docking.Attachment.Generation = 0 }},
		{what: "the handle", promise: "I2", driver: true, tell: func(c *dock.Case) { c.Entry.Handle = "another" }},
		{what: "the object of a handle", promise: "I2", driver: true, tell: identity},
		{what: "the object that gave these bytes", promise: "I2", driver: true, tell: identity, show: func(e *dock.Entry) { e.Identity = "another" }},
		{what: "what was read", promise: "I2", driver: true, tell: func(c *dock.Case) { contentOf(c, hashing.Sum([]byte("other"))) }},
		{what: "the recording", promise: "I2", driver: true, tell: func(c *dock.Case) { c.Recording.ID = "" }},
	}
}

func secondReads(c *dock.Case, change func(*dock.SecondRead)) {
	for i, fact := range c.Recording.Facts {
		if body, ok := fact.Body.(dock.SecondRead); ok {
			change(&body)
			c.Recording.Facts[i].Body = body
		}
	}
}

// contentOf says that this was sealed and read a second time.
func contentOf(c *dock.Case, digest hashing.Digest) {
	secondReads(c, func(s *dock.SecondRead) { s.SHA256 = digest })
	for i, fact := range c.Recording.Facts {
		if body, ok := fact.Body.(dock.SpoolIntent); ok {
			body.SHA256 = digest
			c.Recording.Facts[i].Body = body
		}
	}
}

// lieAbout repeats a question that was rightly answered with a clearance, each
// time with one lie in it.
func (w *world) lieAbout(q asked, right dock.Case, clearance dock.Clearance) {
	if q.d.camera.witness.Permit(q.e, clearance) != nil {
		return // of that nothing alone would stop the driver
	}
	for _, l := range lies() {
		c := right
		c.Recording.Facts = slices.Clone(right.Recording.Facts)
		l.tell(&c)
		wrong, err := dock.Clear(c)
		switch {
		case err == nil && !l.driver && !w.overlook[l.word]:
			w.breaks("%s: erasing %s is allowed to a caller that is wrong about %s", l.promise, q.r.ID, l.what)
		case err == nil && l.driver && w.permitsTo(q, l, wrong):
			w.breaks("%s: a driver lets %s go for a caller that is wrong about %s", l.promise, q.r.ID, l.what)
		}
		if !l.driver || err == nil { // else the driver was not tried
			w.meets("a caller is wrong about " + l.what)
		}
	}
}

// permitsTo: the driver would erase, with that clearance.
func (w *world) permitsTo(q asked, l lie, clearance dock.Clearance) bool {
	e, witness := q.e, q.d.camera.witness
	if l.nowhere {
		witness = dock.NewWitness(dock.Attachment{Bay: q.d.row.at.Bay})
		content := witness.Watch(e, io.NopCloser(bytes.NewReader(q.r.content)))
		if _, err := io.ReadAll(content); err != nil {
			w.breaks("memory cannot be read: %v", err)
		}
	}
	if l.show != nil {
		l.show(&e)
	}
	return witness.Permit(e, clearance) == nil
}
