package usb

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"berth/dock"
)

// guest lays out what a real kernel showed; see testdata/guest.txt.
func guestSys(t *testing.T) string {
	t.Helper()
	sys := t.TempDir()
	text, err := os.ReadFile("testdata/guest.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
		if parts[0] == "#" {
			continue
		}
		path := filepath.Join(sys, parts[1])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var content []byte
		switch {
		case parts[0] == "link":
			err = os.Symlink(parts[2], path)
		case filepath.Base(path) == "descriptors":
			if content, err = hex.DecodeString(parts[2]); err == nil {
				err = os.WriteFile(path, content, 0o644)
			}
		default:
			var plain string
			if plain, err = strconv.Unquote(parts[2]); err == nil {
				err = os.WriteFile(path, []byte(plain), 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return sys
}

func at(t *testing.T, ports []PortInfo, port dock.Port) PortInfo {
	t.Helper()
	for _, p := range ports {
		if p.Port == port {
			return p
		}
	}
	t.Fatalf("no port %s", port)
	return PortInfo{}
}

func TestTheTreeShowsARealKernelsPorts(t *testing.T) {
	ports, err := Tree(guestSys(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(ports) != 38 || ports[0].Port != "1-1" || ports[5].Port != "1-6" || ports[6].Port != "1-6.1" || ports[37].Port != "2-15" {
		t.Fatalf("%d ports", len(ports))
	}
	disk := at(t, ports, "2-3")
	if disk.Peer != "1-3" || disk.Hub != "usb2" || disk.Depth != 0 || disk.Link != "" || disk.Device == nil {
		t.Fatalf("%+v", disk)
	}
	want := Plugged{
		Number: 4, Vendor: 0x46f4, Product: 1, Maker: "QEMU", Name: "QEMU USB HARDDRIVE", Serial: "RACK0000",
		Mbps: 5000, Authorised: true, Kind: "a disk", Interfaces: []Interface{bulkOnly()},
	}
	if got := *disk.Device; got.Interfaces[0] != want.Interfaces[0] || got.Serial != want.Serial || got.Maker != want.Maker || got.Name != want.Name ||
		got.Mbps != want.Mbps || got.Vendor != want.Vendor || got.Product != want.Product || !got.Authorised || got.Kind != want.Kind || got.Number != want.Number || got.Refused != "" {
		t.Fatalf("%+v", got)
	}
	behind := at(t, ports, "1-6.1")
	if behind.Peer != "" && behind.Peer != "2-6.1" || behind.Hub != "1-6" || behind.Depth != 1 || behind.Link != "1-6" || behind.LinkMbps != 12 {
		t.Fatalf("%+v", behind)
	}
	for port, kind := range map[dock.Port]string{
		"1-5": "a keyboard, a mouse or the like", "1-6": "a hub", "1-6.1": "a disk", "1-7": "a network or serial adapter", "1-8": "an audio device", "2-4": "a disk that speaks UAS alone",
	} {
		p := at(t, ports, port)
		if p.Device == nil || p.Device.Kind != kind || p.Device.Hub != (port == "1-6") {
			t.Errorf("%s: %+v", port, p.Device)
		}
	}
	for _, p := range ports {
		if p.Off {
			t.Errorf("%s is off", p.Port)
		}
	}
}

// Of what the kernel showed there, exactly the disk that speaks Bulk-Only
// would be let in.
func TestARealKernelsDevicesAreJudged(t *testing.T) {
	sys := sysfs(guestSys(t))
	for name, want := range map[string]bool{"2-3": true, "1-6.1": true, "2-4": false, "1-5": false, "1-6": false, "1-7": false, "1-8": false, "usb1": false, "usb2": false} {
		d, _, err := sys.shape(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := BuiltIn()[0].matches(d); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for port, want := range map[dock.Port]int{"2-3": 1, "1-6.1": 1, "1-5": 0} {
		if got := len(sys.disks(port)); got != want {
			t.Errorf("%s: %d disks", port, got)
		}
	}
	if got := sys.drivers("2-3"); len(got) != 1 || got[0] != "usb-storage" {
		t.Errorf("%v", got)
	}
}

func TestBaysThatShareALinkAreTold(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 8)
	trusted := func(g gadget, speed string) gadget { g.trusted, g.speed = true, speed; return g }
	k.plug("1-1", trusted(hub(4), "480"))
	k.plug("2-1", trusted(hub(4), "5000"))
	k.plug("1-1.4", trusted(hub(4), "480"))
	k.plug("1-2", trusted(hub(4), "12"))
	k.plug("1-2.1", trusted(hub(4), "480"))
	ports, err := Tree(k.sys)
	if err != nil {
		t.Fatal(err)
	}
	for port, want := range map[dock.Port]PortInfo{
		"1-1.1":   {Link: "1-1", LinkMbps: 480, Peer: "2-1.1", Depth: 1},
		"2-1.1":   {Link: "2-1", LinkMbps: 5000, Peer: "1-1.1", Depth: 1},
		"1-1.4.2": {Link: "1-1", LinkMbps: 480, Depth: 2, Peer: "2-1.4.2"},
		"1-2.1.3": {Link: "1-2", LinkMbps: 12, Depth: 2},
	} {
		p := at(t, ports, port)
		if p.Link != want.Link || p.LinkMbps != want.LinkMbps || p.Depth != want.Depth || want.Peer != "" && p.Peer != want.Peer {
			t.Errorf("%+v", p)
		}
	}
	shares := Shares(ports, []Slot{{Bay: "A", Port: "1-1.1"}, {Bay: "B", Port: "1-1.4.2"}, {Bay: "C", Port: "1-2.1.3"}, {Bay: "D", Port: "1-2.2"}, {Bay: "E", Port: "2-1.2"}, {Bay: "F", Port: "1-3"}})
	want := "[{1-2 12 [C D]} {1-1 480 [A B E]} {2-1 5000 [A E]}]"
	if got := strings.ReplaceAll(strings.TrimSpace(fmt.Sprint(shares)), "  ", " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAMachineWithoutUSBHasNoPorts(t *testing.T) {
	if ports, err := Tree(t.TempDir()); err != nil || len(ports) != 0 {
		t.Fatalf("%v %v", ports, err)
	}
}

// What a device says of itself does not grow, and prints escaped.
func TestTheTreeBoundsWhatDevicesSay(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 2)
	g := broken()
	g.serial, g.name, g.speed = strings.Repeat("\x1b[2J", 1000), strings.Repeat("x", 100_000), "1e999"
	k.plug("1-1", g)
	ports, err := Tree(k.sys)
	if err != nil {
		t.Fatal(err)
	}
	d := at(t, ports, "1-1").Device
	if len(d.Serial) != maxText || len(d.Name) != 0 || strings.Contains(d.Serial.String(), "\x1b") || d.Mbps != 0 || !strings.Contains(d.Refused, "malformed") {
		t.Fatalf("%+v", d)
	}
}
