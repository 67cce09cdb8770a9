package usb

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"berth/dock"
)

// PortInfo is one port of one hub, or of a controller.
type PortInfo struct {
	Port dock.Port
	Peer dock.Port // the other name of the same socket, at the other speed; empty: none
	Hub  string    // the hub that it belongs to: "usb1" or a port's name
	// Depth is how many hubs lie between the port and the controller.
	Depth int
	// Link is the port of the hub whose upstream link is the narrowest on the
	// way, which everything behind that hub shares; empty: the port is the
	// controller's own. LinkMbps is what that link carries, in Mbit/s.
	Link     dock.Port
	LinkMbps int
	Off      bool     // the port is switched off
	Device   *Plugged // nil: nothing is plugged
}

// Plugged is a device as it shows itself. The texts are what it says of
// itself: hostile, and bounded.
type Plugged struct {
	Number     int // the kernel's number of it
	Vendor     uint16
	Product    uint16
	Maker      dock.RawName
	Name       dock.RawName
	Serial     dock.RawName
	Mbps       float64 // the speed that it was given, in Mbit/s; 0 unknown
	Hub        bool
	Authorised bool
	Kind       string      // what it is, in plain words
	Interfaces []Interface // of its first configuration, each as its first setting
	Refused    string      // why its descriptors are not believed, empty if they are
}

// Tree reads every port of the machine, in order of bus and number, each hub's
// behind the port that it is plugged into. sys is where sysfs is mounted;
// empty: /sys. A machine without USB has no ports, which is no error. A device
// that hangs may keep it waiting for some seconds.
func Tree(sys string) ([]PortInfo, error) {
	s := sysfs(sys)
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	var ports []PortInfo
	for _, name := range names {
		hub, found := strings.CutSuffix(name, ":1.0")
		if !found {
			continue
		}
		below, err := s.names(name)
		if err != nil {
			return nil, err
		}
		for _, entry := range below {
			if port := portOfDirectory(entry); port != "" && portDirectory(port) == hub+":1.0/"+entry {
				ports = append(ports, s.portInfo(port))
			}
		}
	}
	slices.SortFunc(ports, func(a, b PortInfo) int { return comparePorts(a.Port, b.Port) })
	return ports, nil
}

func (s sysfs) portInfo(port dock.Port) PortInfo {
	info := PortInfo{
		Port: port, Peer: s.peer(port), Hub: rootHub(port), Depth: len(ancestors(port)),
		Off: s.attr(portDirectory(port), "disable") == "1", Device: s.plugged(port),
	}
	if hub, _ := hubOf(port); hub != "" {
		info.Hub = string(hub)
	}
	for _, hub := range ancestors(port) { // the nearest first: of two as narrow, the wider shared
		if mbps := int(s.mbps(hub)); info.Link == "" || mbps <= info.LinkMbps {
			info.Link, info.LinkMbps = hub, mbps
		}
	}
	return info
}

func (s sysfs) mbps(p dock.Port) float64 {
	speed, err := strconv.ParseFloat(s.attr(string(p), "speed"), 64)
	if err != nil || speed < 0 || speed > 1e6 {
		return 0
	}
	return speed
}

func (s sysfs) plugged(p dock.Port) *Plugged {
	name := string(p)
	now := s.stay(name)
	if now.number == 0 {
		return nil
	}
	in, _ := s.authorised(name)
	d := &Plugged{
		Number: now.number, Vendor: uint16(s.number(16, name, "idVendor")), Product: uint16(s.number(16, name, "idProduct")),
		Maker: dock.RawName(s.text(name, "manufacturer")), Name: dock.RawName(s.text(name, "product")),
		Serial: dock.RawName(s.text(name, "serial")), Mbps: s.mbps(p), Authorised: in,
	}
	found, _, err := s.shape(name)
	if err != nil {
		d.Refused = err.Error()
		return d
	}
	d.Hub, d.Kind = found.hub(), found.describe()
	for _, settings := range found.configurations[0].interfaces {
		d.Interfaces = append(d.Interfaces, settings[0])
	}
	return d
}

// comparePorts orders by the numbers that a port's name is made of.
func comparePorts(a, b dock.Port) int {
	return slices.Compare(numbersOf(a), numbersOf(b))
}

func numbersOf(p dock.Port) []int {
	var numbers []int
	for _, part := range strings.FieldsFunc(string(p), func(r rune) bool { return r == '-' || r == '.' }) {
		n, _ := strconv.Atoi(part) // a valid port has nothing else
		numbers = append(numbers, n)
	}
	return numbers
}

// Share is one link that several bays share.
type Share struct {
	Link dock.Port // the port of the hub that they are behind
	Mbps int       // what the link carries, in Mbit/s; 0 unknown
	Bays []dock.BayName
}

// Shares says which bays share a link, the narrowest first. A bay with two
// names (USB 2 and USB 3) counts under both, since its camera takes one of them.
func Shares(ports []PortInfo, bays []Slot) []Share {
	byLink := map[dock.Port]*Share{}
	for _, slot := range bays {
		for _, info := range ports {
			if info.Link == "" || info.Port != slot.Port && info.Peer != slot.Port {
				continue
			}
			share := byLink[info.Link]
			if share == nil {
				share = &Share{Link: info.Link, Mbps: info.LinkMbps}
				byLink[info.Link] = share
			}
			share.Bays = append(share.Bays, slot.Bay)
		}
	}
	var shared []Share
	for _, share := range byLink {
		if len(share.Bays) > 1 {
			shared = append(shared, *share)
		}
	}
	slices.SortFunc(shared, func(a, b Share) int {
		return cmp.Or(cmp.Compare(a.Mbps, b.Mbps), comparePorts(a.Link, b.Link))
	})
	return shared
}
