// Package call is what the virtual rack's two sides say to each other: the
// harness on the host asks, the agent in the guest answers, a line of JSON each,
// over a virtio serial port.
//
// It promises that both sides are built from the same words, and that a request
// names everything it needs: the agent remembers nothing but the programs that
// it started. It never interprets a shell's language, and it holds no logic: only
// the words stand here.
package call

import "time"

// The operations that the agent knows.
const (
	Hello   = "hello"   // the agent's own first line: it is up
	Run     = "run"     // run a program to its end
	Start   = "start"   // start a program and leave it running
	Wait    = "wait"    // wait for the end of a program that was started
	Signal  = "signal"  // send a signal to a program that was started
	Read    = "read"    // read a file, to its end or a limit
	Write   = "write"   // write a file whole, with its parent directories
	Tree    = "tree"    // list what lies below a directory, with digests
	Pack    = "pack"    // a directory of sysfs as a tar archive, what cannot be read left out
	Emulate = "emulate" // plug a device that has nothing but descriptors into a port of the kernel's vhci
	Fill    = "fill"    // write the files of a manifest below a directory
	Until   = "until"   // wait until a path is, is not, or holds something
	Events  = "events"  // the device events seen since a number
)

// Request is one line from the host. Fields that an operation does not name
// below are ignored.
type Request struct {
	ID      uint64        `json:"id"`
	Op      string        `json:"op"`
	Timeout time.Duration `json:"timeout,omitempty"` // Run, Wait, Until, Fill, Tree; zero: a minute
	Argv    []string      `json:"argv,omitempty"`    // Run, Start
	Env     []string      `json:"env,omitempty"`     // Run, Start: added to the agent's own
	Stdin   []byte        `json:"stdin,omitempty"`   // Run
	Path    string        `json:"path,omitempty"`    // Read, Write, Tree, Pack, Fill, Until; Start: where its output goes
	Data    []byte        `json:"data,omitempty"`    // Write; Until: what the file must hold; Emulate: its device and configuration descriptors
	Mode    uint32        `json:"mode,omitempty"`    // Write: permission bits, zero for 0644
	Limit   int64         `json:"limit,omitempty"`   // Read: most bytes; zero: 8 MiB
	Absent  bool          `json:"absent,omitempty"`  // Until: the path must not be there, or not hold Data; Emulate: pull it out
	PID     int           `json:"pid,omitempty"`     // Wait, Signal
	Number  int           `json:"number,omitempty"`  // Signal: which; Events: after which; Emulate: port, from 0
	Seed    uint64        `json:"seed,omitempty"`    // Fill
	Files   []File        `json:"files,omitempty"`   // Fill: Path and Size are read
}

// File is one file, directory or other entry below a root.
type File struct {
	Path   string `json:"path"` // relative to the root, raw bytes as far as JSON carries them
	Size   int64  `json:"size"` // bytes; zero for what is no regular file
	SHA256 string `json:"sha256,omitempty"`
	Kind   string `json:"kind,omitempty"` // "file", "dir" or "other"
}

// Event is one device event as it came over netlink.
type Event struct {
	Number int           `json:"number"`
	At     time.Duration `json:"at"`     // since the guest's boot
	Source string        `json:"source"` // "kernel" or "udev"
	Fields []string      `json:"fields"` // KEY=value, in the order in which they came
}

// Response answers the request with the same ID. Error is empty unless the
// operation itself failed; a program that ended with another code than 0 is no
// such failure.
type Response struct {
	ID       uint64        `json:"id"`
	Op       string        `json:"op,omitempty"` // Hello only
	Error    string        `json:"error,omitempty"`
	Code     int           `json:"code,omitempty"` // Run, Wait: exit code, -1 after a signal
	TimedOut bool          `json:"timed_out,omitempty"`
	Stdout   []byte        `json:"stdout,omitempty"`
	Stderr   []byte        `json:"stderr,omitempty"`
	Data     []byte        `json:"data,omitempty"` // Read, Pack
	PID      int           `json:"pid,omitempty"`  // Start
	Files    []File        `json:"files,omitempty"`
	Events   []Event       `json:"events,omitempty"`
	Uptime   time.Duration `json:"uptime,omitempty"` // when the answer was written, since the guest's boot
}
