package usb

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"berth/dock"
)

// listed is a bus that says what a test tells it.
type listed struct {
	attached []dock.Attachment
	problems []Problem
	err      error
	changed  chan struct{}
}

func (l *listed) Attached(context.Context) ([]dock.Attachment, []Problem, error) {
	return l.attached, l.problems, l.err
}
func (l *listed) Changed() <-chan struct{} { return l.changed }

func TestBusesAreJoined(t *testing.T) {
	before := goleak.IgnoreCurrent()
	a := &listed{changed: make(chan struct{}), attached: []dock.Attachment{{Bay: "A", Generation: 1}}, problems: []Problem{{Bay: "C"}}}
	b := &listed{changed: make(chan struct{}), attached: []dock.Attachment{{Bay: "B", Generation: 1}}}
	j := Join(a, b)
	first, problems, err := j.Attached(t.Context())
	if err != nil || len(first) != 2 || len(problems) != 1 || first[0].Generation == first[1].Generation {
		t.Fatalf("%v %v %v", first, problems, err)
	}
	b.attached = []dock.Attachment{{Bay: "B", Generation: 2}}
	b.err = errors.New("unreadable")
	if none, _, err := j.Attached(t.Context()); !errors.Is(err, b.err) || none != nil {
		t.Fatalf("%v %v", none, err)
	}
	b.err = nil
	second, _, err := j.Attached(t.Context())
	if err != nil || second[0] != first[0] || second[1].Generation == first[1].Generation || second[1].Generation == first[0].Generation {
		t.Fatalf("%v, then %v, %v", first, second, err)
	}
	for _, bus := range []*listed{a, b} {
		bus.changed <- struct{}{}
		<-j.Changed()
	}
	close(a.changed)
	b.changed <- struct{}{}
	<-j.Changed()
	j.Close()
	goleak.VerifyNone(t, before)
}
