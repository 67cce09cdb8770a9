package usb

import (
	"cmp"
	"slices"
)

// Interface is what one interface of a device says it is: bInterfaceClass,
// bInterfaceSubClass and bInterfaceProtocol (USB 2.0, section 9.6.5).
type Interface struct{ Class, SubClass, Protocol uint8 }

// Signature is what a device must look like to be let into a bay, and who
// serves it then.
//
// It matches a device whose vendor and product fit and that has, in every
// configuration that it offers, exactly these interfaces, no more and no fewer
// and in any order. All alternate settings of an interface must be of the same
// classes; the one exception is a disk (08/06/50, Bulk-Only Transport) with an
// alternate setting for USB Attached SCSI (08/06/62). The device as a whole
// must leave its class to its interfaces (00, or EF/02/01 for associations),
// unless the signature names vendor and product; it is never a hub.
type Signature struct {
	Profile    string      // name of the camera profile, empty for a built-in one
	Driver     string      // name of the dock.Driver, such as MassStorage
	Vendor     *uint16     // idVendor; nil: any
	Product    *uint16     // idProduct; nil: any
	Interfaces []Interface // none: matches nothing
}

// MassStorage is the name of the driver of disks and cards.
const MassStorage = "mass-storage"

// bulkOnly and attachedSCSI are the two ways of speaking SCSI over USB that
// one interface may offer beside each other.
func bulkOnly() Interface     { return Interface{Class: 0x08, SubClass: 0x06, Protocol: 0x50} }
func attachedSCSI() Interface { return Interface{Class: 0x08, SubClass: 0x06, Protocol: 0x62} }

// BuiltIn are the signatures of cameras that need no profile: a device with
// nothing but one mass-storage interface.
func BuiltIn() []Signature {
	return []Signature{{Driver: MassStorage, Interfaces: []Interface{bulkOnly()}}}
}

const classHub = 0x09

func (s Signature) matches(d shape) bool {
	if len(s.Interfaces) == 0 || len(d.configurations) == 0 ||
		s.Vendor != nil && *s.Vendor != d.vendor || s.Product != nil && *s.Product != d.product {
		return false
	}
	if d.class.Class == classHub || !d.classless() && (s.Vendor == nil || s.Product == nil) {
		return false
	}
	return !slices.ContainsFunc(d.configurations, func(c configuration) bool { return !s.fits(c) })
}

func (s Signature) fits(c configuration) bool {
	var are []Interface
	for _, settings := range c.interfaces {
		if !settings.agree() {
			return false
		}
		are = append(are, settings[0])
	}
	slices.SortFunc(are, compare)
	return slices.Equal(are, slices.SortedFunc(slices.Values(s.Interfaces), compare))
}

// agree reports whether every alternate setting is the same as the first.
func (s settings) agree() bool {
	return !slices.ContainsFunc(s, func(i Interface) bool {
		return i != s[0] && (s[0] != bulkOnly() || i != attachedSCSI())
	})
}

// classless: the interfaces alone say what the device is (USB 2.0, table 9-8,
// and the device class of interface associations).
func (d shape) classless() bool {
	return d.class == Interface{} || d.class == Interface{Class: 0xef, SubClass: 0x02, Protocol: 0x01}
}

// hub reports whether the device is a hub and nothing else (USB 2.0, section
// 11.23.1).
func (d shape) hub() bool {
	return d.class.Class == classHub && len(d.configurations) > 0 &&
		!slices.ContainsFunc(d.configurations, func(c configuration) bool {
			return len(c.interfaces) != 1 || slices.ContainsFunc(c.interfaces[0], func(i Interface) bool {
				return i.Class != classHub || i.SubClass != 0
			})
		})
}

func compare(a, b Interface) int {
	return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.SubClass, b.SubClass), cmp.Compare(a.Protocol, b.Protocol))
}
