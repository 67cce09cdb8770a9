package usb

import (
	"context"
	"testing"
	"time"

	"github.com/jochenvg/go-udev"
	"go.uber.org/goleak"

	"berth/dock"
)

// rig is a kernel with one controller (buses 1 and 2, eight sockets) and the
// bus of the bays over it. There are no events: tests look themselves.
type rig struct {
	*kernel
	ports *Ports
}

// deaf is for tests that need no events.
func deaf() listener {
	return listener{again: time.Hour, listen: func(ctx context.Context) (<-chan *udev.Device, error) {
		events := make(chan *udev.Device)
		context.AfterFunc(ctx, func() { close(events) })
		return events, nil
	}}
}

func bays() []Slot {
	return []Slot{{Bay: "A1", Port: "1-1"}, {Bay: "A2", Port: "1-2"}, {Bay: "B1", Port: "1-3.1"}, {Bay: "B2", Port: "1-3.2"}}
}

func newRig(t *testing.T, change ...func(*PortsOptions)) *rig {
	t.Helper()
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 8)
	return &rig{kernel: k, ports: start(t, k, change...)}
}

func start(t *testing.T, k *kernel, change ...func(*PortsOptions)) *Ports {
	t.Helper()
	o := PortsOptions{Slots: bays(), Signatures: BuiltIn(), Admission: k, Sys: k.sys, Poll: time.Hour}
	for _, c := range change {
		c(&o)
	}
	before := goleak.IgnoreCurrent()
	p, err := newPorts(t.Context(), o, deaf())
	if err != nil {
		t.Fatal(err)
	}
	p.quiet = 0
	t.Cleanup(func() {
		p.Close()
		goleak.VerifyNone(t, before)
	})
	return p
}

// look is Attached, asked until every guest that can be judged is judged.
func look(fatal func(...any), p *Ports) ([]dock.Attachment, []Problem) {
	for {
		p.mu.Lock()
		now := time.Now()
		err := p.look(now)
		busy := len(p.judging) > 0
		attached, problems := p.report(now)
		p.mu.Unlock()
		if err != nil {
			fatal(err)
		}
		if !busy {
			return attached, problems
		}
		<-p.Changed()
	}
}

func (r *rig) look(t *testing.T) ([]dock.Attachment, []Problem) {
	t.Helper()
	attached, problems := look(t.Fatal, r.ports)
	return attached, problems
}

// one wants exactly one attachment and no problem with its bay.
func (r *rig) one(t *testing.T) dock.Attachment {
	t.Helper()
	attached, problems := r.look(t)
	if len(attached) != 1 {
		t.Fatalf("attached %v, problems %v", attached, problems)
	}
	if told := about(problems, attached[0].Bay); len(told) > 0 {
		t.Fatalf("problems %v", told)
	}
	return attached[0]
}

// refused wants nothing attached, a bay told that it holds no camera, and
// nothing let in at the port.
func (r *rig) refused(t *testing.T, bay dock.BayName, port dock.Port) string {
	t.Helper()
	attached, problems := r.look(t)
	told := about(problems, bay)
	if len(attached) != 0 || len(told) != 1 || !told[0].NotACamera {
		t.Fatalf("attached %v, problems %v", attached, problems)
	}
	if r.in(port) != 0 {
		t.Fatal("it was let in")
	}
	return told[0].Text
}

func about(problems []Problem, bay dock.BayName) []Problem {
	var found []Problem
	for _, p := range problems {
		if p.Bay == bay {
			found = append(found, p)
		}
	}
	return found
}
