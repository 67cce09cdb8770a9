package usb

import (
	"fmt"
	"strings"

	"berth/dock"
)

// role is what a port is to the bays.
type role int

const (
	roleNone   role = iota // no business of Berth's
	roleBay                // a bay's own port, or its peer
	roleWay                // a hub belongs there, and bays lie behind it
	roleBehind             // behind a bay, where only a hub in the bay can have put it
)

// site is what a port is to which slots, by their index.
type site struct {
	role  role
	slots []int
}

// slots are the bays' ports.
type slots []Slot

// check wants valid ports, and bays and ports that are there once and not
// behind one another.
func (s slots) check() error {
	bays, ports := map[dock.BayName]bool{}, map[dock.Port]bool{}
	for _, slot := range s {
		if err := slot.Port.Validate(); err != nil {
			return fmt.Errorf("bay %q: %w", slot.Bay, err)
		}
		if slot.Bay == "" || bays[slot.Bay] || ports[slot.Port] {
			return fmt.Errorf("bay %q on port %s: the name is empty, or the bay or the port is there twice", slot.Bay, slot.Port)
		}
		bays[slot.Bay], ports[slot.Port] = true, true
	}
	for port := range ports {
		for _, above := range ancestors(port) {
			if ports[above] {
				return fmt.Errorf("port %s lies behind port %s: a bay holds no hub", port, above)
			}
		}
	}
	return nil
}

// site says what a port is. peer finds the other name of a socket: a bay and
// the way to it are meant under both.
func (s slots) site(p dock.Port, peer func(dock.Port) dock.Port) site {
	names := []dock.Port{p}
	if other := peer(p); other != "" {
		names = append(names, other)
	}
	found := site{}
	note := func(r role, i int) {
		if found.role == roleNone || r < found.role {
			found = site{role: r}
		}
		if found.role == r {
			found.slots = append(found.slots, i)
		}
	}
	above := ancestors(p)
	for _, hub := range above[:len(above):len(above)] {
		if other := peer(hub); other != "" {
			above = append(above, other)
		}
	}
	for i, slot := range s {
		switch {
		case has(names, slot.Port):
			note(roleBay, i)
		case has(names, ancestors(slot.Port)...):
			note(roleWay, i)
		case has(above, slot.Port):
			note(roleBehind, i)
		}
	}
	return found
}

func has(names []dock.Port, any ...dock.Port) bool {
	for _, a := range any {
		for _, n := range names {
			if a == n {
				return true
			}
		}
	}
	return false
}

// ancestors are the ports on the way to a port, the nearest first.
func ancestors(p dock.Port) []dock.Port {
	var above []dock.Port
	for i := strings.LastIndexByte(string(p), '.'); i >= 0; i = strings.LastIndexByte(string(p), '.') {
		p = p[:i]
		above = append(above, p)
	}
	return above
}
