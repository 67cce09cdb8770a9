// Package config turns one YAML file, the only thing that IT edits, into one
// Config. It is strict: an unknown key, a missing unit, a duplicate or two
// places that overlap is a Problem that names the file, the line, the key and
// what to write instead, and all problems are told at once. A Config that was
// returned is complete: every default is filled in and every path is absolute.
//
// The keys, their documentation, defaults and rules are the tags of the types
// in this file; the checks, `config show`, `config example` and REFERENCE.md
// are all derived from them, so none can drift from the others.
//
// It never opens a key, a store or a bay, never reads the environment, and
// never changes anything on disk.
package config

// Config is everything that one file says. Paths are absolute and clean.
//
// The tags: mapstructure is the key; doc explains it to IT; default is what
// holds when it is left out; need marks what must be there; choice lists the
// words allowed; form names the rule for a text (see forms.go); max bounds a
// list or a number.
type Config struct {
	// File is where the Config was read from.
	File string `mapstructure:"-"`

	Station  Station  `mapstructure:"station" doc:"Who this station is."`
	Bays     []Bay    `mapstructure:"bays" need:"yes" max:"256" doc:"The slots of the rack, in the order in which they are shown."`
	Cameras  []Camera `mapstructure:"cameras" max:"64" doc:"What is known about the agency's cameras; the first that matches wins. Without one, every file of a camera is a recording."`
	Sealing  Sealing  `mapstructure:"sealing" doc:"Who can open what the station seals."`
	Stores   []Store  `mapstructure:"stores" need:"yes" max:"16" doc:"Where sealed recordings are forwarded; every store receives every recording."`
	Copies   int      `mapstructure:"copies" default:"2" max:"16" doc:"In how many stores a recording must be confirmed before it counts as safe; never more than there are stores."`
	Erase    Erase    `mapstructure:"erase" doc:"When a camera is emptied."`
	USB      USB      `mapstructure:"usb" doc:"How cameras in USB bays are treated."`
	Metadata Metadata `mapstructure:"metadata" doc:"What is kept of what a recording says about itself."`

	// defaulted holds the path of every value that the file did not give.
	defaulted map[string]bool
}

// Station is the appliance.
type Station struct {
	ID      string `mapstructure:"id" need:"yes" form:"station-id" doc:"The station's name, which begins every sealed recording's name in every store: a-z, 0-9 and '-'. Choose it once; do not change it."`
	Agency  string `mapstructure:"agency" form:"text" doc:"The agency, as it is written into every sealed recording."`
	Data    string `mapstructure:"data" need:"yes" form:"path" doc:"The station's own directory: journal, signing key and the spool of sealed recordings. It needs room for what arrives while the stores are away."`
	Contact string `mapstructure:"contact" form:"text" doc:"Whom an officer calls when a bay wants attention."`
}

// Bay is one slot: a USB port or a directory, never both.
type Bay struct {
	Name      string `mapstructure:"name" need:"yes" form:"bay-name" doc:"What is printed on the slot."`
	Port      string `mapstructure:"port" form:"port" doc:"The USB port that the slot is, as 'berth ports' names it; 'berth ports --learn' finds them all. A port that is USB 2 and USB 3 has two names: either will do. Every bay has a port or a directory."`
	Directory string `mapstructure:"directory" form:"path" doc:"A folder that appears in this directory is a camera that was docked; moving it away undocks it."`
	Priority  string `mapstructure:"priority" default:"normal" choice:"normal|high" doc:"A camera in a high bay is read before all others."`
}

// The words of `priority:`.
const (
	PriorityNormal = "normal"
	PriorityHigh   = "high"
)

// Camera is what is known about one kind of camera.
type Camera struct {
	Name       string   `mapstructure:"name" need:"yes" form:"name" doc:"The profile's name, as it stands in reports."`
	USB        string   `mapstructure:"usb" form:"usb-id" doc:"Vendor and product of the camera in USB bays, as 'berth ports' shows them; 1234:* is every product of a vendor. With it, the profile is for no other camera."`
	Driver     string   `mapstructure:"driver" default:"any" choice:"any|directory|mass-storage" doc:"Which cameras the profile is for, by the way they are read: directory is a folder in a directory bay, mass-storage a card or camera in a USB bay that shows itself as a disk."`
	Recordings []string `mapstructure:"recordings" form:"glob" max:"64" doc:"Which files are recordings, as patterns of paths on the camera. A pattern without a slash holds in every folder, and upper and lower case are alike. Files that no pattern names are pulled too. Empty: every file."`
	Auxiliary  []string `mapstructure:"auxiliary" form:"glob" max:"64" doc:"Files that are no evidence, such as thumbnails: listed, never pulled, never erased. What is a recording too is a recording."`
	Identity   []string `mapstructure:"identity" form:"identity" max:"8" doc:"What tells which camera it is, in order: file:NAME is the content of a small file on the camera, folder-name the name of its folder in a directory bay, usb-serial what it says of itself on USB, volume-id the number that its card was formatted with. What many cameras say alike, such as 0123456789ABCDEF, is passed over. Empty: usb-serial, then volume-id, or the folder's name."`
}

// The words of `driver:`.
const (
	DriverAny         = "any"
	DriverDirectory   = "directory"
	DriverMassStorage = "mass-storage"
)

// Sealing is who can open what the station seals.
type Sealing struct {
	Recipients []string `mapstructure:"recipients" need:"yes" form:"path" max:"16" doc:"The public keys (PEM, or X.509 certificates) that recordings are sealed to; each of them opens every recording alone. Never put a private key on the station."`
}

// Store is one place for sealed recordings.
type Store struct {
	Name         string `mapstructure:"name" need:"yes" form:"name" doc:"The store's name in reports and commands."`
	Type         string `mapstructure:"type" need:"yes" choice:"directory" doc:"What kind of store it is; directory is a mounted disk or share."`
	Path         string `mapstructure:"path" need:"yes" form:"path" doc:"The directory; 'berth stores commission NAME' makes it a store, once."`
	Rate         Rate   `mapstructure:"rate" default:"unlimited" doc:"The most that is written to this store, for example 40MB/s."`
	SharesDevice bool   `mapstructure:"shares-device" default:"false" doc:"Count this store although it lies on the same disk as the station's data or another store. For try-outs only: one broken disk loses both copies."`
}

// Erase is when a camera is emptied.
type Erase struct {
	After      string   `mapstructure:"after" default:"copies" choice:"copies|never" doc:"copies: once the copies are confirmed and all else is safe; never: cameras are not emptied."`
	Grace      Duration `mapstructure:"grace" default:"0s" doc:"How long to wait after the copies are confirmed, for example 12h."`
	SecondRead string   `mapstructure:"second-read" default:"full" choice:"full" doc:"How the camera is read once more before it is emptied; full compares every byte."`
}

// The words of `erase: after:`.
const (
	EraseAfterCopies = "copies"
	EraseAfterNever  = "never"
)

// USB is how cameras in USB bays are treated.
type USB struct {
	Stall Duration `mapstructure:"stall" default:"60s" doc:"A camera that gives no data for this long while it is read or emptied is cut off by switching its port off, and tried again after 5s, 30s and 5m; then a person is asked. From 10s to 1h: cards that are worn take seconds for a bad block."`
}

// Metadata is what is kept of what a recording says about itself.
type Metadata struct {
	Location string `mapstructure:"location" default:"on" choice:"on|off" doc:"Whether the place where a recording was made is read from it; it is kept only inside the sealed recording."`
}

// LocationOn reports whether places are read from recordings.
func (m Metadata) LocationOn() bool { return m.Location == "on" }
