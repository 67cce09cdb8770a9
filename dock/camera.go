package dock

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"
)

// Generation numbers the attachments of one run of the station: a camera that
// leaves and comes back has a new one. Zero is no attachment.
type Generation uint64

// Attachment is one thing plugged into one bay, from plug to unplug.
type Attachment struct {
	Bay        BayName
	Generation Generation
	Port       string  // what IT calls the place: a USB port or a directory
	Folder     *Folder // set where the camera is a folder that appeared in a bay's directory
	Device     *Device // set where the camera is a USB device
}

// Device is a camera that is a USB device, from plug to unplug. The texts are
// what the device says of itself: hostile, and empty where it says nothing.
type Device struct {
	Port    Port   // where it is, by the kernel's name
	Number  int    // the kernel's number of it (devnum): another one after every plug
	Vendor  uint16 // idVendor
	Product uint16 // idProduct
	Serial  string // raw bytes of iSerialNumber
	Name    string // raw bytes of iProduct
	Driver  string // name of the driver that serves it, such as "mass-storage"
	Profile string // name of the camera profile that admitted it, empty for a built-in one
}

// Folder is a camera that is a folder: the entry Name of directory Bay, as it
// was when it was first seen. Every access begins at Bay again, so that a
// folder that was moved away is gone and not followed.
type Folder struct {
	Bay    string // path of the bay's directory
	Name   string // raw bytes of one path element
	Device uint64
	Inode  uint64
}

// CameraInfo is what a camera says about itself and what that rests on.
type CameraInfo struct {
	ID      CameraID
	Basis   string // what ID rests on: "file:ID.TXT", "folder-name", "usb-serial"
	Model   string // empty if unknown
	Profile string // name of the profile in the config, empty for none
	Officer string // who the camera says carried it; personal; empty if unknown
}

// Entry is one object that a camera lists and that becomes a recording.
type Entry struct {
	Handle    Handle
	Name      RawName
	SizeBytes int64
	Modified  time.Time // the camera's word; zero if unknown
	Identity  ObjectIdentity
	Known     bool // a profile says that this is a recording; otherwise pulled all the same
}

// ExceptionKind says why something on a camera does not become a recording.
type ExceptionKind string

// The kinds of exceptions. Those that may hold content stop erasing until a
// person releases them; the others are only listed.
const (
	ExceptionAuxiliary  ExceptionKind = "auxiliary"    // the profile says so: never pulled, never erased
	ExceptionLink       ExceptionKind = "link"         // symbolic link, never followed
	ExceptionPipe       ExceptionKind = "pipe"         // FIFO or socket, never opened
	ExceptionDevice     ExceptionKind = "device"       // device node, never opened
	ExceptionUnreadable ExceptionKind = "unreadable"   // may hold content
	ExceptionForeign    ExceptionKind = "other-volume" // another filesystem mounted below; may hold content
	ExceptionTooDeep    ExceptionKind = "too-deep"     // nested beyond what is walked; may hold content
	ExceptionUnfinished ExceptionKind = "unfinished"   // holds more than it says, or is shown by no name; may hold content
	ExceptionVolume     ExceptionKind = "volume"       // a whole volume that is not understood, or not in full; may hold content
)

// MayHoldContent reports whether evidence could hide behind the exception.
func (k ExceptionKind) MayHoldContent() bool {
	switch k {
	case ExceptionAuxiliary, ExceptionLink, ExceptionPipe, ExceptionDevice:
		return false
	}
	return true
}

// Exception is one thing on a camera that does not become a recording.
type Exception struct {
	Kind      ExceptionKind
	Name      RawName
	SizeBytes int64  // 0 if unknown
	Detail    string // what failed, without names
}

// Listing is everything on a camera at one moment. A Listing that came without
// an error is complete.
type Listing struct {
	Entries    []Entry
	Exceptions []Exception
	// UsedBytes is what the filesystem says is in use; -1 if it cannot tell.
	UsedBytes int64
	// Clean reports that the filesystem was unmounted cleanly, or has no such notion.
	Clean bool
}

// Hides returns what says of a name whether the listing cannot tell if it is on
// the camera: the name, or a folder above it, stands among the exceptions as
// something that was not looked into. Being absent from such a listing means
// nothing. An exception named "." stands for the whole camera.
func (l Listing) Hides() func(RawName) bool {
	closed := map[RawName]bool{}
	for _, x := range l.Exceptions {
		switch x.Kind {
		case ExceptionUnreadable, ExceptionForeign, ExceptionTooDeep, ExceptionVolume:
			closed[x.Name] = true
		}
	}
	return func(name RawName) bool {
		if len(closed) == 0 {
			return false
		}
		for i := len(name); i > 0; i = strings.LastIndexByte(string(name[:i]), '/') {
			if closed[name[:i]] {
				return true
			}
		}
		return closed["."]
	}
}

// The ways in which an operation on a camera ends early. Drivers wrap them.
var (
	ErrGone    = errors.New("camera is gone")                     // unplugged, or another one in its place
	ErrChanged = errors.New("object changed on the camera")       // not the object that was listed
	ErrBusy    = errors.New("object is still being written")      // not whole yet
	ErrNoClear = errors.New("not permitted by this clearance")    // an Eraser refuses
	ErrLimit   = errors.New("camera exceeds what is read of one") // a bound on hostile input
)

// Driver opens the cameras that it knows.
type Driver interface {
	// Name is the word used in config, journal and logs.
	Name() string
	// Match reports whether this driver serves the attachment; it does no I/O.
	Match(Attachment) bool
	// Open identifies the camera. An attachment that has left is ErrGone.
	Open(ctx context.Context, at Attachment) (Camera, error)
}

// Camera is an opened camera. Its methods may be called by one goroutine at a
// time, and Close waits for nothing but that goroutine. Everything that it
// returns is hostile and bounded by the driver. Any method may return ErrGone
// at any time, and keeps returning it from then on.
type Camera interface {
	Info() CameraInfo
	// List walks the whole camera to the end. A partial listing is an error.
	List(ctx context.Context) (Listing, error)
	// Open reads an entry's content from offset on. It fails with ErrChanged if
	// the object's identity is no longer e.Identity, and with ErrBusy where the
	// driver can tell that somebody is still writing to it. A read error is returned as
	// it is; io.EOF comes only at the object's end. ctx bounds the Open, not the reads.
	Open(ctx context.Context, e Entry, offset int64) (io.ReadCloser, error)
	Close() error
}

// Rereader is a Camera that can read an entry from the medium and not from a
// cache. A camera without it is never erased.
type Rereader interface {
	// Reread reads the whole entry; the camera remembers the digest of what
	// went past, once it was read to its end, for Erase to compare.
	Reread(ctx context.Context, e Entry) (io.ReadCloser, error)
}

// Eraser is a Camera that can erase one object.
type Eraser interface {
	// Erase removes exactly the object that c names, after comparing its
	// identity through an open handle, and returns nil only if the camera said
	// that it did; whether the object is gone, a fresh listing tells. It refuses
	// with ErrNoClear the zero Clearance and one for another object, attachment
	// or digest than the one it reread itself.
	Erase(ctx context.Context, e Entry, c Clearance) error
}
