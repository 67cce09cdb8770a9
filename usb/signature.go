package usb

// Interface is what one interface of a device says it is: bInterfaceClass,
// bInterfaceSubClass and bInterfaceProtocol (USB 2.0, section 9.6.5).
type Interface struct{ Class, SubClass, Protocol uint8 }

// Signature is what a device must look like to be let into a bay, and who
// serves it then.
type Signature struct {
	Profile string  // name of the camera profile, empty for a built-in one
	Driver  string  // name of the dock.Driver, such as "mass-storage"
	Vendor  *uint16 // idVendor; nil: any
	Product *uint16 // idProduct; nil: any
	// Interfaces are the interfaces of the device, in any order: exactly these,
	// no more and no fewer, in every configuration that it offers. See Matches.
	Interfaces []Interface
}

// MassStorage is the name of the driver of disks and cards.
const MassStorage = "mass-storage"

// bulkOnly is SCSI over Bulk-Only Transport.
func bulkOnly() Interface { return Interface{Class: 0x08, SubClass: 0x06, Protocol: 0x50} }

// BuiltIn are the signatures of cameras that need no profile: a device with
// nothing but one mass-storage interface.
func BuiltIn() []Signature {
	return []Signature{{Driver: MassStorage, Interfaces: []Interface{bulkOnly()}}}
}
