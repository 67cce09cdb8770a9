package usb

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth/dock"
)

func TestACameraInABayIsLetInAndListed(t *testing.T) {
	r := newRig(t)
	r.plug("1-1", stick())
	at := r.one(t)
	want := dock.Device{Port: "1-1", Number: r.in("1-1"), Vendor: 0x1234, Product: 0x5678, Serial: "SER1", Name: "Body Cam", Driver: MassStorage}
	if at.Bay != "A1" || at.Port != "1-1" || at.Generation == 0 || at.Device == nil || *at.Device != want || want.Number == 0 {
		t.Fatalf("%+v %+v", at, at.Device)
	}
}

// The USB 2 and the USB 3 name of a socket are one bay, on the controller and
// behind a hub, whichever name IT wrote down and whichever half of the hub is up.
func TestBothNamesOfASocketAreOneBay(t *testing.T) {
	r := newRig(t)
	r.plug("2-1", stick())
	if at := r.one(t); at.Bay != "A1" || at.Port != "1-1" || at.Device.Port != "2-1" {
		t.Fatalf("%+v %+v", at, at.Device)
	}
	r.unplug("2-1")
	r.plug("2-3", hub(4))
	r.look(t)
	r.plug("2-3.1", stick())
	if at := r.one(t); at.Bay != "B1" || at.Device.Port != "2-3.1" {
		t.Fatalf("the USB 2 half is not up: %+v", at)
	}
	generation := r.one(t).Generation
	r.plug("1-3", hub(4))
	if at := r.one(t); at.Bay != "B1" || at.Generation != generation {
		t.Fatalf("the USB 2 half came: %+v", at)
	}
	r.unplug("2-3.1")
	r.plug("1-3.2", stick())
	if at := r.one(t); at.Bay != "B2" || at.Device.Port != "1-3.2" {
		t.Fatalf("%+v", at)
	}
}

func TestWhatIsNoCameraIsNeverLetIn(t *testing.T) {
	for name, g := range map[string]gadget{
		"keyboard": keyboard(), "stick with a keyboard": composite(), "hub": hub(4), "keyboard that says hub": falseHub(),
		"malformed":       broken(),
		"nothing":         {descriptors: nil},
		"a hundred faces": {descriptors: device(Interface{}, 1, 2, many(100))},
		"32 disks":        {descriptors: device(Interface{}, 1, 2, many(32))},
		"UAS alone":       {descriptors: simple(attachedSCSI())},
		"two disks":       {descriptors: simple(bulkOnly(), bulkOnly())},
		"second face":     {descriptors: device(Interface{}, 1, 2, config(1, 1, face(0, 0, bulkOnly(), 0x81)), config(2, 1, face(0, 0, hid(), 0x81)))},
		"hidden setting":  {descriptors: device(Interface{}, 1, 2, config(1, 1, face(0, 0, bulkOnly(), 0x81), face(0, 1, hid(), 0x81)))},
		"other transport": {descriptors: simple(Interface{Class: 8, SubClass: 6, Protocol: 0})},
		"device class":    {descriptors: device(Interface{Class: 0xff}, 1, 2, config(1, 1, face(0, 0, bulkOnly(), 0x81)))},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.plug("1-1", g)
			if text := r.refused(t, "A1", "1-1"); !strings.HasPrefix(text, "not a camera: it ") {
				t.Fatalf("%q", text)
			}
			if asked := r.asks("1-1"); len(asked) != 0 {
				t.Fatalf("it was out already, and yet: %v", asked)
			}
		})
	}
}

// What had drivers before Berth was there loses them, and a hub with everything
// behind it.
func TestWhatWasLetInBeforeIsPutOut(t *testing.T) {
	for name, g := range map[string]gadget{"keyboard": keyboard(), "stick with a keyboard": composite(), "hub": hub(4)} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			g.trusted = true
			r.plug("1-2", g)
			r.plug("1-2.1", gadget{descriptors: simple(hid()), trusted: true})
			r.refused(t, "A2", "1-2")
			if r.in("1-2.1") != 0 {
				t.Fatal("what is behind it was left in")
			}
		})
	}
	r := newRig(t)
	g := stick()
	g.trusted = true
	r.plug("1-2", g)
	if at := r.one(t); at.Bay != "A2" {
		t.Fatalf("a camera that was in already: %+v", at)
	}
}

// Hubs are let in only where bays lie behind them, and only real ones.
func TestHubsAreLetInOnlyOnTheWay(t *testing.T) {
	r := newRig(t)
	r.plug("1-3", hub(4))
	r.look(t)
	r.plug("1-3.2", stick())
	if at := r.one(t); at.Bay != "B2" || r.in("1-3") == 0 {
		t.Fatalf("%+v", at)
	}
	for name, g := range map[string]gadget{"keyboard": keyboard(), "keyboard that says hub": falseHub(), "camera": stick(), "malformed": broken()} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			g.trusted = true
			r.plug("1-3", g)
			attached, problems := r.look(t)
			if len(attached) != 0 || r.in("1-3") != 0 {
				t.Fatalf("attached %v", attached)
			}
			for _, a := range r.asks("1-3") {
				if a.admit {
					t.Fatal("it was let in for a moment")
				}
			}
			for _, bay := range []dock.BayName{"B1", "B2"} {
				if told := about(problems, bay); len(told) != 1 || told[0].NotACamera || told[0].Text == "" {
					t.Fatalf("bay %s: %v", bay, told)
				}
			}
		})
	}
}

// IT's own keyboard, mouse, hub and disk are never touched: neither let in nor
// put out, not even asked about.
func TestPortsThatAreNoBaysAreNeverTouched(t *testing.T) {
	r := newRig(t)
	r.plug("1-3", hub(4))
	r.look(t)
	mine := map[dock.Port]gadget{"1-4": keyboard(), "1-5": stick(), "2-6": broken(), "1-3.3": keyboard(), "1-7": hub(2)}
	for port, g := range mine {
		g.trusted = port == "1-5" || port == "1-7"
		r.plug(port, g)
	}
	if attached, _ := r.look(t); len(attached) != 0 {
		t.Fatalf("%v", attached)
	}
	for port := range mine {
		if asked := r.asks(port); len(asked) != 0 {
			t.Errorf("%s: %v", port, asked)
		}
	}
}

func TestTwoDevicesInOneBayAreNeitherLetIn(t *testing.T) {
	r := newRig(t)
	r.plug("1-1", stick())
	r.plug("2-1", stick())
	attached, problems := r.look(t)
	if len(attached) != 0 || r.in("1-1") != 0 || r.in("2-1") != 0 || len(about(problems, "A1")) != 2 {
		t.Fatalf("attached %v, problems %v", attached, problems)
	}
	r.unplug("1-1")
	first := r.one(t)
	r.plug("1-1", stick())
	attached, problems = r.look(t)
	if len(attached) != 1 || attached[0].Generation != first.Generation || attached[0].Device.Port != "2-1" || r.in("1-1") != 0 || len(about(problems, "A1")) != 1 {
		t.Fatalf("the one that was there first stays: %v %v", attached, problems)
	}
}

// A device may change what it is at the moment in which it is let in.
func TestWhatBecomesSomethingElseIsPutOut(t *testing.T) {
	r := newRig(t)
	r.plug("1-1", stick())
	r.before = func(port dock.Port) {
		r.write(r.devices()+"/"+string(port)+"/descriptors", string(simple(hid())))
	}
	r.refused(t, "A1", "1-1")
}

// A driver may go by the numbers of vendor and product, and come late.
func TestWhatTheKernelGivesToAnotherDriverIsPutOut(t *testing.T) {
	r := newRig(t)
	g := stick()
	g.drivers = []string{"pl2303"}
	r.plug("1-1", g)
	if text := r.refused(t, "A1", "1-1"); !strings.Contains(text, "pl2303") {
		t.Fatalf("%q", text)
	}
	g.drivers = nil
	r.plug("1-2", g)
	r.mu.Lock()
	late := r.plugged["1-2"]
	r.mu.Unlock()
	for {
		attached, _ := r.look(t)
		if len(attached) == 1 {
			break
		}
	}
	r.bind("1-2", late, 1, "ftdi_sio")
	r.refused(t, "A2", "1-2")
	asked := len(r.asks("1-2"))
	r.refused(t, "A2", "1-2")
	if now := len(r.asks("1-2")); now != asked {
		t.Fatalf("it was let in again: %v", r.asks("1-2"))
	}
}

// Somebody else may put a camera out: that is the end of its stay.
func TestWhatSomebodyElsePutOutIsJudgedAnew(t *testing.T) {
	r := newRig(t)
	r.plug("1-1", stick())
	first := r.one(t)
	if err := r.Authorise(t.Context(), "1-1", first.Device.Number, false); err != nil {
		t.Fatal(err)
	}
	if again := r.one(t); again.Generation == first.Generation || r.in("1-1") == 0 {
		t.Fatalf("%+v", again)
	}
}

// What cannot be carried out is a problem of the bay, and tried again.
func TestWhatCannotBeLetInIsTriedAgain(t *testing.T) {
	r := newRig(t)
	r.deny["1-1"] = errors.New("device not accepting address")
	r.plug("1-1", stick())
	attached, problems := r.look(t)
	if told := about(problems, "A1"); len(attached) != 0 || len(told) != 1 || told[0].NotACamera {
		t.Fatalf("%v %v", attached, problems)
	}
	r.kernel.mu.Lock()
	delete(r.deny, "1-1")
	r.kernel.mu.Unlock()
	for attached, _ = r.look(t); len(attached) == 0; attached, _ = r.look(t) {
		<-r.ports.Changed()
	}
}

// Descriptors that cannot be read now may be read later; until then the device
// stays out.
func TestWhatCannotBeHeardIsAskedAgain(t *testing.T) {
	r := newRig(t)
	g := stick()
	g.trusted = true
	r.plug("1-1", g)
	file := filepath.Join(r.devices(), "1-1", "descriptors")
	if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o755)); err != nil {
		t.Fatal(err)
	}
	r.refused(t, "A1", "1-1")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	r.write(file, string(g.descriptors))
	for attached, _ := r.look(t); len(attached) == 0; attached, _ = r.look(t) {
		<-r.ports.Changed()
	}
	r.plug("1-2", gadget{descriptors: append(simple(bulkOnly()), make([]byte, maxDescriptors)...)})
	if _, problems := r.look(t); len(about(problems, "A2")) != 1 || !strings.Contains(about(problems, "A2")[0].Text, "more than 65536 bytes") {
		t.Fatalf("%v", problems)
	}
}

// One device that hangs keeps no other bay waiting.
func TestADeviceThatHangsHoldsUpOnlyItsBay(t *testing.T) {
	r := newRig(t)
	release := make(chan error)
	r.hangs["1-1"] = release
	r.plug("1-1", stick())
	if _, _, err := r.ports.Attached(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.plug("1-2", stick())
	for {
		attached, _, err := r.ports.Attached(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(attached) == 1 && attached[0].Bay == "A2" {
			break
		}
		<-r.ports.Changed()
	}
	close(release)
	if attached, _ := r.look(t); len(attached) != 2 {
		t.Fatalf("%v", attached)
	}
}

func TestAProfileIsTakenInOrder(t *testing.T) {
	vendor, other := uint16(0x1234), uint16(0x4321)
	r := newRig(t, func(o *PortsOptions) {
		o.Signatures = append([]Signature{
			{Profile: "others", Driver: MassStorage, Vendor: &other, Interfaces: []Interface{bulkOnly()}},
			{Profile: "acme", Driver: MassStorage, Vendor: &vendor, Interfaces: []Interface{bulkOnly()}},
			{Profile: "never", Driver: MassStorage, Vendor: &vendor, Interfaces: []Interface{bulkOnly()}},
		}, BuiltIn()...)
	})
	r.plug("1-1", stick())
	if at := r.one(t); at.Device.Profile != "acme" {
		t.Fatalf("%+v", at.Device)
	}
}

// A device's own texts may be of any bytes and endless.
func TestTextsOfADeviceAreBounded(t *testing.T) {
	r := newRig(t)
	g := stick()
	g.serial, g.name = strings.Repeat("\xff\x1b", 1500), "\x00\n"
	r.plug("1-1", g)
	at := r.one(t)
	if len(at.Device.Serial) != maxText || !bytes.HasPrefix([]byte(at.Device.Serial), []byte("\xff\x1b")) || at.Device.Name != "\x00\n" {
		t.Fatalf("%d bytes, %q", len(at.Device.Serial), at.Device.Name)
	}
}

// The log says what was decided and why, and no byte that a device wrote. It
// warns of controllers whose devices get drivers before Berth sees them.
func TestTheLogSaysWhyAndNothingThatADeviceSays(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	k.controller("pci0000:00/0000:00:04.0", 1, 2, 8)
	k.controller("pci0000:00/0000:00:05.0", 3, 4, 8)
	for _, root := range []string{"usb2", "usb3"} {
		k.write(k.devices()+"/"+root+"/authorized_default", "1\n")
	}
	var log bytes.Buffer
	p := start(t, k, func(o *PortsOptions) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	k.plug("1-1", stick())
	k.plug("1-2", keyboard())
	look(t.Fatal, p)
	p.Close()
	for text, want := range map[string]int{
		"verdict=admitted": 1, "verdict=refused": 1, "it is a keyboard": 1, "bays=[A1]": 1, "SER1": 0, "Body Cam": 0,
		"controller=usb2": 1, "controller=usb1": 0, "controller=usb3": 0,
	} {
		if got := strings.Count(log.String(), text); got != want {
			t.Errorf("%q is there %d times:\n%s", text, got, log.String())
		}
	}
}
