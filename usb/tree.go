package usb

import "berth/dock"

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
	Interfaces []Interface // of its first configuration
	Refused    string      // why its descriptors are not believed, empty if they are
}

// Tree reads every port of the machine: root ports first, then what is behind
// hubs, in order of their names. sys is where sysfs is mounted; empty: /sys. A
// machine without USB has no ports, which is no error.
func Tree(sys string) ([]PortInfo, error) { return nil, nil }

// Share is one link that several bays share.
type Share struct {
	Link dock.Port
	Mbps int
	Bays []dock.BayName
}

// Shares says which bays share a link, the narrowest first.
func Shares(ports []PortInfo, slots []Slot) []Share { return nil }
