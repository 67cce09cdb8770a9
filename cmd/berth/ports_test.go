package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"berth/cmd/berth/view"
	"berth/dock"
	"berth/usb"
)

func disk(number int, serial dock.RawName) *usb.Plugged {
	return &usb.Plugged{
		Number: number, Vendor: 0x1234, Product: 0x5678, Maker: "Acme", Name: "BC2", Serial: serial, Mbps: 480,
		Authorised: true, Kind: "a disk", Interfaces: usb.BuiltIn()[0].Interfaces,
	}
}

// desk is a machine with a socket of two names, a hub with two bays behind a
// USB 2 link, and IT's keyboard.
func desk() []usb.PortInfo {
	hub := &usb.Plugged{Number: 2, Hub: true, Mbps: 480, Authorised: true, Kind: "a hub"}
	keyboard := &usb.Plugged{Number: 3, Mbps: 12, Authorised: true, Kind: "a keyboard, a mouse or the like", Name: "Keys\x1b[31m"}
	return []usb.PortInfo{
		{Port: "1-1", Peer: "2-1", Hub: "usb1", Device: hub},
		{Port: "1-1.1", Hub: "1-1", Depth: 1, Link: "1-1", LinkMbps: 480},
		{Port: "1-1.2", Hub: "1-1", Depth: 1, Link: "1-1", LinkMbps: 480},
		{Port: "1-2", Peer: "2-2", Hub: "usb1", Device: keyboard},
		{Port: "1-3", Peer: "2-3", Hub: "usb1"},
		{Port: "2-1", Peer: "1-1", Hub: "usb2"},
		{Port: "2-2", Peer: "1-2", Hub: "usb2"},
		{Port: "2-3", Peer: "1-3", Hub: "usb2", Device: &usb.Plugged{Number: 4, Mbps: 5000, Authorised: true, Kind: "a disk"}},
	}
}

func deskBays() []usb.Slot {
	return []usb.Slot{{Bay: "A1", Port: "1-1.1"}, {Bay: "A2", Port: "1-1.2"}, {Bay: "B1", Port: "2-3"}, {Bay: "C1", Port: "1-4.1"}}
}

func TestPortsAreShownWithBaysSharesAndWhatIsMissing(t *testing.T) {
	rows, sentences := portsTable(desk(), deskBays())
	lines := view.Ports(rows, sentences, view.Screen{Width: 80, Unicode: true})
	text := strings.Join(lines, "\n")
	for _, want := range []string{
		"1-1 2-1", "  1-1.1", "A1", "1-3 2-3", "B1", "USB 3", "a disk", "a hub",
		"A1, A2 share one USB 2 hub (port 1-1): about 35 MB/s together.",
		"Bay C1 is port 1-4.1, which is not there: is its hub plugged in?",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if len(rows) != 5 {
		t.Errorf("%d sockets, want 5", len(rows))
	}
	for _, line := range lines {
		if len([]rune(line)) > 80 || strings.Contains(line, "\x1b") {
			t.Errorf("line %q", line)
		}
	}
}

func TestPortsAsJSONNameEveryPortAndWhatIsShared(t *testing.T) {
	text, err := json.Marshal(portsOf(desk(), deskBays()))
	if err != nil {
		t.Fatal(err)
	}
	var report portsReport
	if err := json.Unmarshal(text, &report); err != nil || len(report.Ports) != 8 {
		t.Fatalf("%v: %s", err, text)
	}
	if p := report.Ports[4]; p.Port != "1-3" || p.Bay != "B1" || p.Device != nil {
		t.Errorf("the other name of a bay's port: %+v", p)
	}
	if len(report.Shared) != 1 || report.Shared[0].BytesPerSec != 35_000_000 || len(report.Shared[0].Bays) != 2 {
		t.Errorf("shared: %+v", report.Shared)
	}
	if d := report.Ports[3].Device; d == nil || strings.Contains(d.Name, "\x1b") {
		t.Errorf("device: %+v", d)
	}
}

func TestBayNamesAreDrawnTogether(t *testing.T) {
	for text, want := range map[string]string{
		"A1": "A1", "A1 A2": "A1, A2", "A1 A2 A3": "A1–A3", "A9 A10 A11 B1": "A9–A11, B1", "left right": "left, right", "A1 A3 A5": "A1, A3, A5",
	} {
		var names []dock.BayName
		for _, name := range strings.Fields(text) {
			names = append(names, dock.BayName(name))
		}
		if got := spans(names); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// hubSwitch is a hub that does what it is told, or not.
type hubSwitch struct {
	obeys bool
	on    bool
}

func (h *hubSwitch) Set(_ context.Context, _ dock.Port, on bool) (usb.Powered, error) {
	if h.obeys {
		h.on = on
	}
	return usb.Powered{On: h.on, Attached: h.on, Method: "sysfs"}, nil
}

func TestSwitchingSaysWhatReallyHappened(t *testing.T) {
	there := func() (*usb.Plugged, error) { return disk(7, "X"), nil }
	for _, c := range []struct {
		name, word string
		hub        hubSwitch
		says       string
		fails      bool
	}{
		{"off", "off", hubSwitch{obeys: true, on: true}, "is off", false},
		{"on", "on", hubSwitch{obeys: true}, "device number 7", false},
		{"a hub that does not cut", "off", hubSwitch{on: true}, "", true},
		{"a hub that stays off", "on", hubSwitch{}, "", true},
	} {
		said, err := switchPort(t.Context(), &c.hub, "1-1", c.word, there)
		if c.fails != errors.Is(err, usb.ErrPower) || !strings.Contains(said, c.says) {
			t.Errorf("%s: %q, %v", c.name, said, err)
		}
	}
}

func TestAPortIsNamedByItsBayOrItself(t *testing.T) {
	for name, want := range map[string]dock.Port{"A2": "1-1.2", "1-9": "1-9", "A9": "", "../1-1": ""} {
		if got, err := portNamed(deskBays(), name); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
