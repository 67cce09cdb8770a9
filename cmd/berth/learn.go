package main

import (
	"fmt"
	"slices"
	"strings"

	"berth/dock"
	"berth/usb"
	"berth/usb/filetree"
)

// learning is the walk through the bays, as far as it has come. It is pure: it
// is told what is plugged in, and says what a person should hear.
type learning struct {
	next    string               // name of the bay that is learnt next
	present map[dock.Port]int    // what was plugged in at the last look: the kernel's number of it
	learnt  []learntBay          // in the order of learning
	cameras map[dock.Port]socket // in the learnt ports now, by their name in the config
	ports   []usb.PortInfo       // of the last look
}

type learntBay struct {
	name string
	port dock.Port
	link string // how it was reached, for the comment in the config
}

// newLearning begins with what is plugged in already: that is no answer.
func newLearning(first string, ports []usb.PortInfo) *learning {
	l := &learning{next: first, present: map[dock.Port]int{}, cameras: map[dock.Port]socket{}}
	for _, s := range sockets(ports, nil) {
		if d := s.camera(); d != nil {
			l.present[s.Port] = d.Number
		}
	}
	return l
}

// see takes in what is plugged in now. Whatever newly appears is in the bay
// that is asked for; several at once say nothing.
func (l *learning) see(ports []usb.PortInfo) (say []string) {
	now, fresh := map[dock.Port]int{}, []socket(nil)
	cameras := map[dock.Port]socket{}
	for _, s := range sockets(ports, nil) {
		d := s.camera()
		if d == nil {
			continue
		}
		now[s.Port] = d.Number
		if l.present[s.Port] != d.Number {
			fresh = append(fresh, s)
		} else if _, known := l.cameras[s.Port]; known {
			cameras[s.Port] = s
		}
	}
	l.present, l.cameras, l.ports = now, cameras, ports
	if len(fresh) > 1 {
		return []string{fmt.Sprintf("%d things were plugged in at once, so nobody can tell which is bay %s: pull them all out, then plug in one", len(fresh), l.next)}
	}
	for _, s := range fresh {
		say = append(say, l.found(s)...)
	}
	return say
}

// found learns that the bay asked for is this port.
func (l *learning) found(s socket) (say []string) {
	if i := slices.IndexFunc(l.learnt, func(b learntBay) bool { return b.port == s.Port }); i >= 0 {
		l.cameras[s.Port] = s
		return []string{fmt.Sprintf("that is bay %s already; bay %s is asked for", l.learnt[i].name, l.next)}
	}
	speed := generation(s.Device.Mbps)
	say = append(say, fmt.Sprintf("bay %s is port %s (%s): %s", l.next, s.Port, speed, describePlugged(*s.Device)))
	say = append(say, l.doubts(s)...)
	l.learnt = append(l.learnt, learntBay{name: l.next, port: s.Port, link: speed})
	l.cameras[s.Port] = s
	l.next = l.nameAfter(l.next)
	return say
}

// doubts are what IT should know about a camera before evidence depends on it.
func (l *learning) doubts(s socket) (say []string) {
	d := s.Device
	warn := func(text string, values ...any) { say = append(say, "  warning: "+fmt.Sprintf(text, values...)) }
	if d.Refused != "" || !isDisk(*d) {
		warn("this would not be let into a bay: it is no camera that shows itself as a disk, but %s", describePlugged(*d))
	}
	if d.Mbps > 0 && d.Mbps < 100 {
		warn("it is reached at %s, about 1 MB/s: look for an old hub or a bad cable", generation(d.Mbps))
	}
	switch {
	case d.Serial == "":
		warn("it has no serial number: name a file that tells who it is (identity: [\"file:...\"])")
	case commonplace(d.Serial):
		warn("its serial number %s is one that factories leave in every camera: it identifies nobody", d.Serial.Display())
	}
	for port, other := range l.cameras {
		if o := other.Device; port != s.Port && d.Serial != "" && o.Serial == d.Serial && o.Vendor == d.Vendor && o.Product == d.Product {
			warn("it has the same serial number as the camera in bay %s: recordings of such cameras cannot be told apart, and neither is emptied while both are docked", l.bayAt(port))
		}
	}
	return say
}

func (l *learning) bayAt(port dock.Port) string {
	for _, b := range l.learnt {
		if b.port == port {
			return b.name
		}
	}
	return string(port)
}

// isDisk reports whether the device is what a built-in profile lets in.
func isDisk(d usb.Plugged) bool {
	return slices.ContainsFunc(usb.BuiltIn(), func(s usb.Signature) bool { return slices.Equal(s.Interfaces, d.Interfaces) })
}

// commonplace reports whether the station would pass a serial number over.
func commonplace(serial dock.RawName) bool {
	const source = "usb-serial"
	info := filetree.Identify(filetree.Profile{}, []filetree.Word{{Source: source, Text: string(serial)}, {Source: "none", Text: "none"}})
	return info.Basis != source
}

// nameAfter counts the number at a name's end up; a name without one gets a 2.
func (l *learning) nameAfter(name string) string {
	word, number, ok := numbered(name)
	if !ok {
		return name + "2"
	}
	width := len(name) - len(word)
	return fmt.Sprintf("%s%0*d", word, width, number+1)
}

// rename takes another name for the bay that is asked for.
func (l *learning) rename(name string) string {
	if slices.ContainsFunc(l.learnt, func(b learntBay) bool { return strings.EqualFold(b.name, name) }) {
		return fmt.Sprintf("bay %s is learnt already; still asking for bay %s", name, l.next)
	}
	l.next = name
	return ""
}

// section is the bays: section for the config.
func (l *learning) section() string {
	var b strings.Builder
	b.WriteString("bays:\n")
	for _, bay := range l.learnt {
		fmt.Fprintf(&b, "  - {name: %s, port: %s}\n", quoted(bay.name), bay.port)
	}
	return b.String()
}

// quoted puts a name in quotes where YAML would take it for something else.
func quoted(name string) string {
	if strings.Trim(name, "0123456789.") == "" || strings.ContainsAny(name, " ") || len(name) < 2 ||
		slices.Contains([]string{"yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(name)) {
		return `"` + name + `"`
	}
	return name
}

// shares says which of the learnt bays share a link.
func (l *learning) shares() (say []string) {
	var bays []usb.Slot
	for _, b := range l.learnt {
		bays = append(bays, usb.Slot{Bay: dock.BayName(b.name), Port: b.port})
	}
	for _, share := range usb.Shares(l.ports, bays) {
		say = append(say, sharing(share))
	}
	return say
}
