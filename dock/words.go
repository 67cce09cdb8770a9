package dock

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"regexp"
)

// StationID names the appliance, as IT wrote it: 1 to 63 of a-z, 0-9 and '-',
// because it begins every key in every store.
type StationID string

// BayName is one slot of the rack as IT labelled it, such as "A1".
type BayName string

// Port is the kernel's name of a physical USB port: the bus and the way from
// its root through the hubs, such as "1-1.4.2".
type Port string

// CameraID is who a camera is, by what its CameraInfo.Basis says. It comes
// from the camera and is hostile: never part of a path or a query text.
type CameraID string

// DockingID names one stay of one camera in one bay; made by NewDockingID.
type DockingID string

// RecordingID names one recording for ever; made by NewRecordingID.
type RecordingID string

// ExceptionID names one exception of one docking; made by NewExceptionID.
type ExceptionID string

// StoreID is the UUID that commissioning wrote into a store. Two mounts of one
// store have one StoreID; an empty disk at the same path has none.
type StoreID string

// Version is what a store calls the stored bytes of a key; empty where a store
// never replaces anything.
type Version string

// Handle is how a driver finds an object on its camera again: raw bytes that
// only this driver understands.
type Handle string

// ObjectIdentity changes whenever an object on a camera is replaced or written
// to, as far as its driver can tell (for a file: inode, size and both times).
// Only equality means anything; equality never proves equal content.
type ObjectIdentity string

var stationPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Validate says what is wrong with the identifier.
func (id StationID) Validate() error {
	if !stationPattern.MatchString(string(id)) {
		return fmt.Errorf("station id %q: want 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit", string(id))
	}
	return nil
}

var portPattern = regexp.MustCompile(`^[1-9][0-9]{0,2}-[1-9][0-9]{0,2}(\.[1-9][0-9]{0,2}){0,5}$`)

// Validate says what is wrong with the port's name. One that is valid is one
// harmless element of a path below /sys/bus/usb/devices. A root port and at
// most five hubs is what USB allows (USB 3.2, section 10.1).
func (p Port) Validate() error {
	if !portPattern.MatchString(string(p)) {
		return fmt.Errorf("port %q: want a port as \"berth ports\" shows it, such as 1-1.4", string(p))
	}
	return nil
}

// identifiers use Crockford's alphabet, so that a person can read one out over
// the telephone.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func randomID(prefix string) string {
	var b [10]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return prefix + crockford.EncodeToString(b[:])
}

// NewRecordingID returns a fresh random identifier (80 bits, prefix "r").
func NewRecordingID() RecordingID { return RecordingID(randomID("r")) }

// NewDockingID returns a fresh random identifier (80 bits, prefix "d").
func NewDockingID() DockingID { return DockingID(randomID("d")) }

// NewExceptionID returns a fresh random identifier (80 bits, prefix "x").
func NewExceptionID() ExceptionID { return ExceptionID(randomID("x")) }
