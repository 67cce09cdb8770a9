package usb

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/dock"
)

// world is a rig together with what the test knows to be true of it.
type world struct {
	*rig
	t     *rapid.T
	known map[dock.BayName]present // what was attached in the last look
	used  map[dock.Generation]bool
	mine  map[dock.Port]bool // whether a device at a port that is no bay was in when it was plugged
}

// present is a device as the test sees it: which one, and the generation that
// it was given.
type present struct {
	number     int
	port       dock.Port
	generation dock.Generation
}

// gadgets are drawn by name, so that a failure can be read.
func gadgets() map[string]gadget {
	own := func(g gadget) gadget { g.trusted = true; return g }
	ptp := gadget{descriptors: simple(Interface{Class: 6, SubClass: 1, Protocol: 1})}
	second := gadget{descriptors: device(Interface{}, 1, 2, many(1), config(2, 1, face(0, 0, hid(), 0x81))), drivers: []string{"usb-storage"}, disks: []int64{1}}
	return map[string]gadget{
		"stick": stick(), "trusted stick": own(stick()), "keyboard": keyboard(), "trusted keyboard": own(keyboard()),
		"composite": composite(), "trusted composite": own(composite()), "hub": hub(3), "trusted hub": own(hub(3)), "false hub": falseHub(),
		"broken": broken(), "trusted broken": own(broken()), "camera of another kind": ptp, "second face": second,
	}
}

// judgedFit is what may be let in at a port of the bays, by the names of the
// gadgets: written down anew and not computed as the bus does.
func judgedFit(name string, port dock.Port) bool {
	switch port {
	case "1-1", "2-1", "1-2", "2-2", "1-3.1", "2-3.1", "1-3.2", "2-3.2":
		return name == "stick" || name == "trusted stick"
	case "1-3", "2-3":
		return name == "hub" || name == "trusted hub"
	}
	return false
}

func guarded(port dock.Port) bool {
	switch port {
	case "1-4", "2-4", "1-4.1", "1-3.3", "2-3.3", "2-4.1":
		return false
	}
	return true
}

// For any sequence of plugging and unplugging, at either name of a socket, with
// hubs pulled and devices renumbered between looks or not: nothing that does
// not fit is ever let in, what is no bay's is never touched, there is at most
// one attachment a bay, and its generation changes exactly when its device did.
func TestWhateverIsPluggedTheBusKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "berth-usb-")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		k := newKernel(dir, rt.Fatal)
		k.controller("pci0000:00/0000:00:04.0", 1, 2, 4)
		p, err := newPorts(t.Context(), PortsOptions{Slots: bays(), Signatures: BuiltIn(), Admission: k, Sys: dir, Poll: time.Hour}, deaf())
		if err != nil {
			rt.Fatal(err)
		}
		p.quiet = 0
		defer p.Close()
		w := &world{
			rig: &rig{kernel: k, ports: p}, t: rt,
			known: map[dock.BayName]present{}, used: map[dock.Generation]bool{}, mine: map[dock.Port]bool{},
		}
		names := map[dock.Port]string{}
		kinds := append(sortedNames(gadgets()), "stick", "stick", "stick", "stick", "trusted stick", "trusted stick", "hub", "hub")
		ports := []dock.Port{"1-1", "2-1", "1-1", "2-1", "1-1", "2-1", "1-3", "2-3", "1-3.1", "2-3.1", // what counts, more often
			"1-1", "2-1", "1-2", "2-2", "1-3", "2-3", "1-4", "2-4", "1-1.1", "1-3.1", "2-3.1", "1-3.2", "2-3.2", "1-3.3", "2-3.3", "1-4.1", "1-3.1.1"}
		rt.Repeat(map[string]func(*rapid.T){
			"plug": func(rt *rapid.T) {
				port := rapid.SampledFrom(ports).Draw(rt, "port")
				name := rapid.SampledFrom(kinds).Draw(rt, "gadget")
				if k.holds(port) == 0 {
					k.plug(port, gadgets()[name])
					names[port], w.mine[port] = name, k.in(port) != 0
				}
			},
			"unplug": func(rt *rapid.T) { k.unplug(rapid.SampledFrom(ports).Draw(rt, "port")) },
			"renumber": func(rt *rapid.T) {
				port := rapid.SampledFrom(ports).Draw(rt, "port")
				if k.holds(port) != 0 {
					k.unplug(port)
					k.plug(port, gadgets()[names[port]])
					w.mine[port] = k.in(port) != 0
				}
			},
			"look": func(rt *rapid.T) { w.check(names) },
		})
		w.check(names)
	})
}

func (w *world) check(names map[dock.Port]string) {
	attached, _ := look(w.t.Fatal, w.ports)
	for port, name := range names {
		number, in := w.holds(port), w.in(port) != 0
		switch {
		case number == 0:
		case !guarded(port) && (in != w.mine[port] || w.askedAbout(port, number)):
			w.t.Fatalf("%s at %s, which is no bay, was touched", name, port)
		case guarded(port) && in && !judgedFit(name, port):
			w.t.Fatalf("%s is let in at %s", name, port)
		}
	}
	for _, a := range w.asked {
		if name := names[a.port]; a.admit && a.number == w.holds(a.port) && !judgedFit(name, a.port) {
			w.t.Fatalf("%s was let in at %s for a moment", name, a.port)
		}
	}
	now := map[dock.BayName]present{}
	for _, at := range attached {
		if _, twice := now[at.Bay]; twice {
			w.t.Fatalf("two attachments in %s", at.Bay)
		}
		here := present{number: at.Device.Number, port: at.Device.Port, generation: at.Generation}
		if w.holds(here.port) != here.number || w.in(here.port) == 0 {
			w.t.Fatalf("%+v is attached and not there", here)
		}
		before, was := w.known[at.Bay]
		same := was && before.number == here.number && before.port == here.port
		if same != (before.generation == here.generation) || !same && w.used[here.generation] {
			w.t.Fatalf("bay %s: %+v, before %+v", at.Bay, here, before)
		}
		w.used[here.generation] = true
		now[at.Bay] = here
	}
	for _, slot := range bays() {
		other := "2" + slot.Port[1:]
		if _, listed := now[slot.Bay]; listed != (w.fits(names, slot.Port) && w.holds(other) == 0 || w.fits(names, other) && w.holds(slot.Port) == 0) && w.holds(slot.Port)*w.holds(other) == 0 {
			w.t.Fatalf("bay %s: listed %v, with %d and %d", slot.Bay, listed, w.holds(slot.Port), w.holds(other))
		}
	}
	w.known = now
}

func (w *world) fits(names map[dock.Port]string, port dock.Port) bool {
	return w.holds(port) != 0 && judgedFit(names[port], port)
}

// holds is the number of the device at a port, 0 if there is none.
func (k *kernel) holds(port dock.Port) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.plugged[port]; s != nil {
		return s.number
	}
	return 0
}

func (k *kernel) askedAbout(port dock.Port, number int) bool {
	for _, a := range k.asks(port) {
		if a.number == number {
			return true
		}
	}
	return false
}

func sortedNames(all map[string]gadget) []string { return slices.Sorted(maps.Keys(all)) }
