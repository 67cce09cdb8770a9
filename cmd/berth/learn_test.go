package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"berth/config"
	"berth/usb"
)

// with is the desk with something in one more port.
func with(ports []usb.PortInfo, port string, d *usb.Plugged) []usb.PortInfo {
	var list []usb.PortInfo
	for _, p := range ports {
		if string(p.Port) == port {
			p.Device = d
		}
		list = append(list, p)
	}
	return list
}

func hears(lines []string, want string) bool {
	return strings.Contains(strings.Join(lines, "\n"), want)
}

func TestEachBayIsThePortInWhichSomethingNewAppears(t *testing.T) {
	l := newLearning("A1", desk())
	one := with(desk(), "1-1.2", disk(10, "BC2-1"))
	if say := l.see(one); !hears(say, "bay A1 is port 1-1.2 (USB 2)") || hears(say, "warning") {
		t.Errorf("said %q", say)
	}
	if say := l.see(one); len(say) != 0 {
		t.Errorf("said again %q", say)
	}
	l.see(desk())
	if say := l.see(with(desk(), "1-1.2", disk(11, "BC2-1"))); !hears(say, "bay A1 already") {
		t.Errorf("said %q", say)
	}
	l.see(with(desk(), "1-1.1", disk(12, "BC2-1")))
	want := "bays:\n  - {name: A1, port: 1-1.2}\n  - {name: A2, port: 1-1.1}\n"
	if got := l.section(); got != want {
		t.Errorf("section\n%s", got)
	}
	if say := l.shares(); !hears(say, "A1, A2 share one USB 2 hub") {
		t.Errorf("shares %q", say)
	}
	rest := "station: {id: s, data: d}\nsealing: {recipients: [a]}\nstores: [{name: n, type: directory, path: p}]\ncopies: 1\n"
	if _, problems := config.Parse("c.yaml", []byte(rest+l.section())); len(problems) > 0 {
		t.Errorf("the section does not fit a config: %v", problems)
	}
}

func TestWhatWasThereBeforeAndWhatComesTogetherTeachNothing(t *testing.T) {
	l := newLearning("A1", with(desk(), "1-1.1", disk(10, "X")))
	if say := l.see(with(desk(), "1-1.1", disk(10, "X"))); len(say) > 0 || len(l.learnt) > 0 {
		t.Errorf("learnt %v: %q", l.learnt, say)
	}
	l = newLearning("A1", desk())
	two := with(with(desk(), "1-1.1", disk(10, "X")), "1-1.2", disk(11, "Y"))
	if say := l.see(two); len(l.learnt) > 0 || !hears(say, "at once") {
		t.Errorf("learnt %v: %q", l.learnt, say)
	}
}

func TestDoubtfulCamerasAreNamed(t *testing.T) {
	slow, keyboard := disk(10, "BC2-1"), disk(10, "BC2-1")
	slow.Mbps = 12
	keyboard.Kind, keyboard.Interfaces = "a keyboard", []usb.Interface{{Class: 3}}
	for _, c := range []struct {
		name string
		d    *usb.Plugged
		want string
	}{
		{"slow link", slow, "about 1 MB/s"},
		{"keyboard", keyboard, "would not be let into a bay"},
		{"no serial", disk(10, ""), "has no serial number"},
		{"of every camera", disk(10, "0123456789ABCDEF"), "identifies nobody"},
	} {
		l := newLearning("A1", desk())
		if say := l.see(with(desk(), "1-1.1", c.d)); !hears(say, c.want) {
			t.Errorf("%s: said %q", c.name, say)
		}
	}
	l := newLearning("A1", desk())
	first := with(desk(), "1-1.1", disk(10, "BC2-1"))
	l.see(first)
	if say := l.see(with(first, "1-1.2", disk(11, "BC2-1"))); !hears(say, "same serial number as the camera in bay A1") {
		t.Errorf("two cameras of one serial: %q", say)
	}
}

// pipe runs a walk with these words and looks, one after the other.
func pipe(ctx context.Context, t *testing.T, steps ...any) (*learning, string, error) {
	t.Helper()
	l, said, look := newLearning("A1", desk()), make(chan string), make(chan time.Time)
	var heard bytes.Buffer
	var now []usb.PortInfo
	ended := make(chan error, 1)
	go func() {
		ended <- l.walk(ctx, said, look, func() ([]usb.PortInfo, error) { return now, nil }, &heard)
	}()
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			said <- step
		case []usb.PortInfo:
			now = step
			look <- time.Time{}
		case func():
			step()
		}
	}
	err := <-ended
	return l, heard.String(), err
}

func TestTheWalkTakesNamesEndsWithAnEmptyLineAndCanBeGivenUp(t *testing.T) {
	one := with(desk(), "1-1.1", disk(10, "BC2-1"))
	l, heard, err := pipe(t.Context(), t, "left", one, "")
	if err != nil || l.section() != "bays:\n  - {name: left, port: 1-1.1}\n" || !strings.Contains(heard, "Plug a camera into bay left.") {
		t.Errorf("%v: %s\n%s", err, l.section(), heard)
	}
	l, _, err = pipe(t.Context(), t, one, "A1", "no name!", "q")
	if err == nil || len(l.learnt) != 1 || l.next != "A2" {
		t.Errorf("%v: %+v, next %s", err, l.learnt, l.next)
	}
	if _, _, err = pipe(t.Context(), t, ""); err == nil {
		t.Error("nothing was learnt, and that is fine")
	}
	ctx, cancel := context.WithCancel(t.Context())
	l, _, err = pipe(ctx, t, one, func() { cancel() })
	if err == nil || len(l.learnt) != 1 {
		t.Errorf("interrupted: %v, %+v", err, l.learnt)
	}
}
