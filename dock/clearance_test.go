package dock

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// reread lets a witness see content as that of e.
func reread(t *testing.T, w *Witness, e Entry, r io.Reader) {
	t.Helper()
	if _, err := io.Copy(io.Discard, w.Watch(e, io.NopCloser(r))); err != nil && !errors.Is(err, iotest.ErrTimeout) {
		t.Fatal(err)
	}
}

func goodClearance(t *testing.T) Clearance {
	t.Helper()
	c, err := Clear(validCase(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var attachment = Attachment{Bay: "A1", Generation: 3}

func TestWitnessPermitsExactlyWhatItSaw(t *testing.T) {
	w := NewWitness(attachment)
	reread(t, w, entryOf(), bytes.NewReader(content))
	if err := w.Permit(entryOf(), goodClearance(t)); err != nil {
		t.Fatal(err)
	}
}

func TestWitnessRefuses(t *testing.T) {
	good := goodClearance(t)
	for name, try := range map[string]struct {
		at      Attachment
		content []byte
		entry   func(*Entry)
		c       func(*Clearance)
	}{
		"the zero clearance":         {c: func(c *Clearance) { *c = Clearance{} }},
		"one of no recording":        {c: func(c *Clearance) { c.recording = "" }},
		"one without a digest":       {c: func(c *Clearance) { c.digest = [32]byte{} }},
		"one for another bay":        {c: func(c *Clearance) { c.bay = "A2" }},
		"one for another attachment": {c: func(c *Clearance) { c.attachment++ }},
		"one for no attachment":      {at: Attachment{Bay: "A1"}, c: func(c *Clearance) { c.attachment = 0 }},
		"one for another handle":     {c: func(c *Clearance) { c.handle = "handle-2" }},
		"one for another object":     {c: func(c *Clearance) { c.object = "object-2" }},
		"another handle":             {entry: func(e *Entry) { e.Handle = "handle-2" }},
		"another object":             {entry: func(e *Entry) { e.Identity = "object-2" }},
		"an object changed since":    {entry: func(e *Entry) { e.Identity = "object-2" }, c: func(c *Clearance) { c.object = "object-2" }},
		"other content":              {content: []byte("what nobody ever sealed!")},
		"content never read":         {content: []byte{}},
		"content cut short":          {content: content[:10]},
		"content that goes on":       {content: append(bytes.Clone(content), 'x')},
	} {
		t.Run(name, func(t *testing.T) {
			at, read, e, c := attachment, content, entryOf(), good
			if try.at != (Attachment{}) {
				at = try.at
			}
			if try.content != nil {
				read = try.content
			}
			w := NewWitness(at)
			reread(t, w, entryOf(), bytes.NewReader(read))
			if try.entry != nil {
				try.entry(&e)
			}
			if try.c != nil {
				try.c(&c)
			}
			if err := w.Permit(e, c); !errors.Is(err, ErrNoClear) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestWitnessForgetsNothingButKeepsTheLatestRead(t *testing.T) {
	w := NewWitness(attachment)
	reread(t, w, entryOf(), bytes.NewReader(content))
	reread(t, w, entryOf(), bytes.NewReader([]byte("what nobody ever sealed!")))
	if err := w.Permit(entryOf(), goodClearance(t)); !errors.Is(err, ErrNoClear) {
		t.Fatalf("an earlier read counted: %v", err)
	}
}

func TestWitnessDoesNotCountAReadThatFailed(t *testing.T) {
	w := NewWitness(attachment)
	// All bytes came, but what came in the place of the end is an error.
	reread(t, w, entryOf(), io.MultiReader(bytes.NewReader(content), iotest.ErrReader(iotest.ErrTimeout)))
	if err := w.Permit(entryOf(), goodClearance(t)); !errors.Is(err, ErrNoClear) {
		t.Fatalf("got %v", err)
	}
}

func TestWitnessDoesNotCountAReadOfAnotherSize(t *testing.T) {
	w, e := NewWitness(attachment), entryOf()
	e.SizeBytes++ // the camera listed one byte more than it gave
	reread(t, w, e, bytes.NewReader(content))
	if err := w.Permit(e, goodClearance(t)); !errors.Is(err, ErrNoClear) {
		t.Fatalf("got %v", err)
	}
}
