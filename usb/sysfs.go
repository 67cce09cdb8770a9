package usb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"berth/dock"
)

// sysfs is the kernel's view of USB (Documentation/ABI/testing/sysfs-bus-usb).
// Reading it never waits for a device, except for text; see texts.
type sysfs string

const (
	maxNames = 20_000 // names looked at in one directory
	maxAttr  = 4096   // bytes of a text attribute, which is what the kernel writes at the most
	maxText  = 512    // bytes of a device's own text: 126 UTF-16 units (USB 2.0, section 9.6.7)
)

func (s sysfs) path(parts ...string) string {
	root := string(s)
	if root == "" {
		root = "/sys"
	}
	return filepath.Join(append([]string{root, "bus/usb/devices"}, parts...)...)
}

// names lists a directory below the one of all USB devices and interfaces. One
// that does not exist is empty.
func (s sysfs) names(parts ...string) ([]string, error) {
	dir, err := os.Open(s.path(parts...))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list USB devices: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxNames)
	if err != nil && !errors.Is(err, io.EOF) {
		if gone(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("list USB devices: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

var errTooLong = errors.New("longer than it can be")

// read returns at most limit bytes of a file; what is longer is an error.
func (s sysfs) read(limit int, parts ...string) ([]byte, error) {
	f, err := os.Open(s.path(parts...))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(b) > limit {
		err = errTooLong
	}
	return b, err
}

// attr is a text attribute without its newline; empty if there is none.
func (s sysfs) attr(parts ...string) string {
	b, err := s.read(maxAttr, parts...)
	if err != nil {
		return ""
	}
	return string(bytes.TrimSuffix(b, []byte("\n")))
}

// text is what a device says of itself, cut at maxText bytes. The kernel locks
// the device for it: with one that is busy or hangs it may take seconds.
func (s sysfs) text(name, attr string) string {
	text := s.attr(name, attr)
	return text[:min(len(text), maxText)]
}

// number is an attribute in base 10 or 16; 0 if there is none.
func (s sysfs) number(base int, parts ...string) int {
	n, err := strconv.ParseUint(strings.TrimSpace(s.attr(parts...)), base, 31)
	if err != nil {
		return 0
	}
	return int(n)
}

// link is the last element of what a symbolic link points to; empty if there
// is none.
func (s sysfs) link(parts ...string) string {
	target, err := os.Readlink(s.path(parts...))
	if err != nil {
		return ""
	}
	return filepath.Base(target)
}

// stay is one device from plug to unplug. The kernel counts devnum around after
// 127 devices of a bus, and never uses a directory's inode again.
type stay struct {
	number int
	inode  uint64
}

// stay returns the zero stay if there is no device of this name, or if it is on
// its way in or out.
func (s sysfs) stay(name string) stay {
	inode, ok := s.inode(name)
	number := s.number(10, name, "devnum")
	if !ok || number == 0 {
		return stay{}
	}
	return stay{number: number, inode: inode}
}

func (s sysfs) inode(name string) (uint64, bool) {
	info, err := os.Stat(s.path(name))
	if err != nil {
		return 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return stat.Ino, ok
}

// shape reads and parses the descriptors that the kernel has of a device.
func (s sysfs) shape(name string) (shape, []byte, error) {
	raw, err := s.read(maxDescriptors, name, "descriptors")
	if errors.Is(err, errTooLong) {
		return shape{}, nil, malformed("more than %d bytes", maxDescriptors)
	}
	if err != nil {
		return shape{}, nil, fmt.Errorf("read descriptors: %w", err)
	}
	d, err := parseDescriptors(raw)
	return d, raw, err
}

// authorised reports whether drivers may bind to the device; known is false if
// the kernel does not say.
func (s sysfs) authorised(name string) (yes, known bool) {
	switch s.attr(name, "authorized") {
	case "1":
		return true, true
	case "0":
		return false, true
	}
	return false, false
}

// peer is the other name of a port's socket, as far as there is one: the ports
// of a USB 2 hub and of the USB 3 hub in the same housing. Where the kernel has
// not linked them yet, because only one of the two hubs is up, the ports of one
// number are peers if the hubs sit in peers; that is the kernel's own rule.
func (s sysfs) peer(p dock.Port) dock.Port {
	if other := portOfDirectory(s.link(portDirectory(p), "peer")); other != "" {
		return other
	}
	hub, number := hubOf(p)
	if hub == "" {
		return ""
	}
	if other := s.peer(hub); other != "" {
		return other + "." + dock.Port(number)
	}
	return ""
}

// portDirectory is where a port itself lives: below the interface of its hub,
// "1-1:1.0/1-1-port4", or of its root hub, "1-0:1.0/usb1-port4".
func portDirectory(p dock.Port) string {
	hub, number := hubOf(p)
	if hub == "" {
		return fmt.Sprintf("%d-0:1.0/usb%d-port%s", busOf(p), busOf(p), number)
	}
	return fmt.Sprintf("%s:1.0/%s-port%s", hub, hub, number)
}

// portOfDirectory undoes portDirectory for the last element; empty if it is no
// port's.
func portOfDirectory(name string) dock.Port {
	hub, number, found := strings.Cut(name, "-port")
	if !found {
		return ""
	}
	port := dock.Port(hub + "." + number)
	if bus, root := strings.CutPrefix(hub, "usb"); root {
		port = dock.Port(bus + "-" + number)
	}
	if port.Validate() != nil {
		return ""
	}
	return port
}

// hubOf splits a port into the hub that it belongs to (empty: the root hub) and
// its number there.
func hubOf(p dock.Port) (hub dock.Port, number string) {
	if i := strings.LastIndexByte(string(p), '.'); i >= 0 {
		return p[:i], string(p[i+1:])
	}
	_, number, _ = strings.Cut(string(p), "-")
	return "", number
}

// rootBus is the number of the bus that a root hub ("usb1") is of; 0 if the
// name is no root hub's.
func rootBus(name string) int {
	number, found := strings.CutPrefix(name, "usb")
	n, err := strconv.ParseUint(number, 10, 16)
	if !found || err != nil || strconv.FormatUint(n, 10) != number {
		return 0
	}
	return int(n)
}

// rootHub is the name of the root hub that a port is behind.
func rootHub(p dock.Port) string { return "usb" + strconv.Itoa(busOf(p)) }

// busOf is the number of the bus that a port is on.
func busOf(p dock.Port) int {
	bus, _, _ := strings.Cut(string(p), "-")
	n, _ := strconv.Atoi(bus) // 0, which no bus has, if it is no port
	return n
}

// gone reports whether an error says that the device left.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.ENXIO)
}
