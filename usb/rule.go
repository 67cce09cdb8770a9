package usb

import (
	"path/filepath"
	"slices"

	"berth/dock"
)

// Word is the answer to the udev rule about one device.
type Word string

// The words of the udev rule (systemd/60-berth.rules).
const (
	// WordCarriesBays: a root hub whose controller carries a bay. Nothing behind
	// it may be let in by default.
	WordCarriesBays Word = "carries-bays"
	// WordBay: something in a bay, or behind it, or where a hub of the bays
	// belongs and is not. It must not be let in, and is put out if it was: what
	// belongs there, Berth lets in.
	WordBay Word = "bay"
	// WordCamera: something in a bay that looks like a camera. The rule leaves it
	// alone: Berth lets it in, perhaps at this very moment, or is reading it.
	WordCamera Word = "camera"
	// WordOther: no business of Berth's, or a hub on the way to bays; to be let in.
	WordOther Word = "other"
)

// Plan is what the config says about USB. Without slots nothing is Berth's.
type Plan struct {
	Slots      []Slot
	Signatures []Signature // as in PortsOptions
}

// Rule answers the udev rule about the USB device that the kernel calls name
// (udev's %k, such as "usb1" or "1-1.4"). It reads sysfs only.
//
// A nil plan is a config that cannot be read, so that nobody knows which ports
// are bays. Then every controller is taken to carry some, and hubs, keyboards
// and mice are let in, so that IT can repair the station at its own console;
// everything else stays out, above all disks and cards, which something else
// on the machine might mount and write to, and network adapters. A keyboard
// plugged into a bay works as long as the config is broken, which is why
// `berth config check` comes before a restart.
func Rule(sys, name string, plan *Plan) Word {
	s := sysfs(sys)
	q := question{plan: plan}
	if bus := rootBus(name); bus != 0 {
		q.root, q.carries = true, plan != nil && s.carriesBays(name, plan.Slots)
		return q.answer()
	}
	port := dock.Port(name)
	if port.Validate() != nil {
		return WordOther // no name of a port: the kernel has no other devices
	}
	if plan != nil {
		q.role = slots(plan.Slots).site(port, s.peer).role
	}
	q.shape, _, q.malformed = s.shape(name)
	return q.answer()
}

// question is everything that the answer rests on.
type question struct {
	plan      *Plan // nil: the config cannot be read
	root      bool  // a root hub
	carries   bool  // of a root hub: its controller carries a bay
	role      role  // of any other device: what its port is
	shape     shape // what it says it is
	malformed error // or why that is not believed
}

func (q question) answer() Word {
	switch {
	case q.root && (q.plan == nil || q.carries):
		return WordCarriesBays
	case q.root:
		return WordOther
	case q.plan == nil && q.malformed == nil && (q.shape.hub() || q.shape.console()):
		return WordOther
	case q.plan == nil:
		return WordBay
	case q.role == roleNone:
		return WordOther
	case q.role == roleWay && q.malformed == nil && q.shape.hub():
		return WordOther
	case q.role == roleBay && q.malformed == nil && slices.ContainsFunc(q.plan.Signatures, func(s Signature) bool { return s.matches(q.shape) }):
		return WordCamera
	}
	return WordBay
}

// console reports whether a device is keyboard or mouse and nothing else.
func (d shape) console() bool {
	return d.classless() && !slices.ContainsFunc(d.configurations, func(c configuration) bool {
		return slices.ContainsFunc(c.interfaces, func(all settings) bool {
			return slices.ContainsFunc(all, func(i Interface) bool { return i.Class != 0x03 })
		})
	})
}

// carriesBays reports whether a slot is on the controller of a root hub, under
// either of the controller's buses: a root hub each for USB 2 and USB 3. While
// the bus of some slot is not there yet, it may become this controller's.
func (s sysfs) carriesBays(root string, all []Slot) bool {
	mine := s.controller(root)
	return slices.ContainsFunc(all, func(slot Slot) bool {
		its := s.controller(rootHub(slot.Port))
		return its == "" || its == mine
	})
}

// controller is the directory of the controller of a root hub; empty if there
// is no such root hub.
func (s sysfs) controller(root string) string {
	path, err := filepath.EvalSymlinks(s.path(root))
	if err != nil {
		return ""
	}
	return filepath.Dir(path)
}
