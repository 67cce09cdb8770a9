package usb

// Word is the answer to the udev rule about one device.
type Word string

// The words of the udev rule.
const (
	// WordCarriesBays: a root hub whose controller carries a bay. Nothing behind
	// it may be let in by default.
	WordCarriesBays Word = "carries-bays"
	// WordBay: something in a bay, or behind it, or where a hub of the bays
	// belongs and is not. It must not be let in, and is put out if it was.
	WordBay Word = "bay"
	// WordCamera: something in a bay that is let in already and looks like a
	// camera: Berth's, to be left alone.
	WordCamera Word = "camera"
	// WordOther: no business of Berth's; to be let in.
	WordOther Word = "other"
)

// Plan is what the config says about USB.
type Plan struct {
	Slots      []Slot
	Signatures []Signature
}

// Rule answers the udev rule about the USB device that the kernel calls name
// (udev's %k, such as "usb1" or "1-1.4"). A nil plan is a config that cannot be
// read.
func Rule(sys, name string, plan *Plan) Word { return WordOther }
