package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"berth/dock"
	"berth/usb"
)

// socket is one place to plug something in: a port, under both of its names if
// it has a USB 2 and a USB 3 one.
type socket struct {
	usb.PortInfo              // under the name that the kernel knows first
	other        dock.Port    // the other name; empty: none
	bay          dock.BayName // empty: no bay
}

// sockets joins the two names of every port, and says which are bays.
func sockets(ports []usb.PortInfo, slots []usb.Slot) []socket {
	byName := map[dock.Port]usb.PortInfo{}
	for _, p := range ports {
		byName[p.Port] = p
	}
	var list []socket
	for _, p := range ports {
		peer, both := byName[p.Peer]
		if both && before(p.Peer, p.Port, ports) {
			continue // told with its other name
		}
		s := socket{PortInfo: p}
		if both {
			s.other = peer.Port
			s.Off = p.Off && peer.Off
			if better := peer.Device; better != nil && (p.Device == nil || !better.Hub || better.Mbps > p.Device.Mbps) {
				s.Device, s.Link, s.LinkMbps = peer.Device, peer.Link, peer.LinkMbps
			}
		}
		for _, slot := range slots {
			if slot.Port == s.Port || s.other != "" && slot.Port == s.other {
				s.bay = slot.Bay
			}
		}
		list = append(list, s)
	}
	return list
}

// before reports whether a comes before b in the list.
func before(a, b dock.Port, ports []usb.PortInfo) bool {
	at := func(p dock.Port) int {
		return slices.IndexFunc(ports, func(info usb.PortInfo) bool { return info.Port == p })
	}
	return at(a) < at(b)
}

// camera is what is plugged in, unless that is a hub or nothing.
func (s socket) camera() *usb.Plugged {
	if s.Device == nil || s.Device.Hub {
		return nil
	}
	return s.Device
}

// generation is the name that a speed goes by.
func generation(mbps float64) string {
	switch {
	case mbps <= 0:
		return ""
	case mbps < 2:
		return "USB 1 slow"
	case mbps < 100:
		return "USB 1"
	case mbps < 1000:
		return "USB 2"
	case mbps < 9000:
		return "USB 3"
	}
	return fmt.Sprintf("USB 3, %.0f Gbit/s", mbps/1000)
}

// bandwidth is about what a link carries for cameras, in bytes per second:
// measured for disks behind one link, not computed (a USB 2 link gives 30 to 42
// MB/s of its 60).
func bandwidth(mbps int) int64 {
	switch {
	case mbps <= 0:
		return 0
	case mbps < 2:
		return 100_000
	case mbps < 100:
		return 1_000_000
	case mbps < 1000:
		return 35_000_000
	}
	return int64(mbps) * 80_000 // 8b/10b, and what the protocol takes
}

// sharing is the sentence about bays that share one link.
func sharing(s usb.Share) string {
	text := fmt.Sprintf("%s share one %s hub (port %s)", spans(s.Bays), cmp.Or(generation(float64(s.Mbps)), "USB"), s.Link)
	if rate := bandwidth(s.Mbps); rate >= 1_000_000 {
		text += fmt.Sprintf(": about %d MB/s together", rate/1_000_000)
	}
	return text
}

// spans writes A1, A2, A3, B1 as "A1–A3, B1".
func spans(bays []dock.BayName) string {
	var parts []string
	for i := 0; i < len(bays); {
		j := i + 1
		for j < len(bays) && follows(string(bays[j-1]), string(bays[j])) {
			j++
		}
		switch j - i {
		case 1:
			parts = append(parts, string(bays[i]))
		case 2:
			parts = append(parts, string(bays[i]), string(bays[i+1]))
		default:
			parts = append(parts, string(bays[i])+"–"+string(bays[j-1]))
		}
		i = j
	}
	return strings.Join(parts, ", ")
}

// follows reports whether b is the name after a, by the number at their end.
func follows(a, b string) bool {
	wordA, numberA, okA := numbered(a)
	wordB, numberB, okB := numbered(b)
	return okA && okB && wordA == wordB && numberB == numberA+1
}

// numbered splits "A12" into "A" and 12.
func numbered(name string) (word string, number int, ok bool) {
	word = strings.TrimRight(name, "0123456789")
	digits := name[len(word):]
	if digits == "" || len(digits) > 6 {
		return "", 0, false
	}
	for _, c := range digits {
		number = number*10 + int(c-'0')
	}
	return word, number, true
}
