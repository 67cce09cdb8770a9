package privileged

import "berth/dock"

// Device is one stay of one USB device in one port. Every call that is given
// one fails with dock.ErrGone unless the kernel has this number (devnum) at
// this port, before and after.
type Device struct {
	Port   dock.Port
	Number int
}

// Volume is one place on a device that can hold a filesystem.
type Volume struct {
	LUN       int // logical unit, from 0
	Partition int // the kernel's number of it, from 1; 0: the whole disk
}

// FilesystemKind is what a volume holds, by what its first blocks say.
type FilesystemKind string

// The kinds of filesystems that can be mounted; anything else is Unknown.
const (
	VFAT    FilesystemKind = "vfat" // FAT12, FAT16 or FAT32
	ExFAT   FilesystemKind = "exfat"
	Ext4    FilesystemKind = "ext4" // ext2 and ext3 too
	Unknown FilesystemKind = ""
)

// VolumeInfo is what is known of a volume without mounting it. All of it is the
// device's word.
type VolumeInfo struct {
	Volume
	Kind FilesystemKind
	// UUID is the volume id: "1a2b-3c4d" of FAT and exFAT, a UUID of ext4;
	// hexadecimal digits and dashes, empty if there is none.
	UUID      string
	SizeBytes int64
	// Dirty: the filesystem says that it was not unmounted, or that it met
	// errors. False for an unknown one.
	Dirty bool
	// Replay: changes wait in the filesystem's journal and show only once it was
	// written to. Nothing here does that.
	Replay bool
}

// Access is how a volume is mounted.
type Access int

// The zero Access only reads.
const (
	ReadOnly  Access = iota // the device stays byte for byte as it is
	ReadWrite               // for erasing; the caller keeps it short
)

// Unfinished is a file that holds more than it says, or that no mounted
// filesystem shows: a recording whose size nobody wrote down, or a hidden one.
type Unfinished struct {
	// Name is its path as the mounted volume shows it, or would: raw bytes,
	// without a leading slash.
	Name      string
	SizeBytes int64 // what the filesystem says
	Clusters  int   // how many it has; counted up to a bound
	Reason    string
}

// Power is what a port did when its power was switched, as read back from its hub.
type Power struct {
	On       bool   // the hub says that the port, or its peer, is powered
	Attached bool   // a device is in the port, or in its peer
	Method   string // how it was switched: "sysfs"
}
