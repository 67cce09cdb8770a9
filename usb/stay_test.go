package usb

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/dock"
)

func TestTheSameCameraKeepsItsGeneration(t *testing.T) {
	r := newRig(t)
	r.plug("1-1", stick())
	first := r.one(t)
	r.plug("1-4", keyboard())
	r.plug("1-2", keyboard())
	attached, _ := r.look(t)
	if len(attached) != 1 || attached[0].Generation != first.Generation {
		t.Fatalf("%v, first %v", attached, first)
	}
}

// Out and in again between two looks, into the same port: another stay, and
// judged anew, also where the kernel lets everything in by itself.
func TestAReplugBetweenTwoLooksIsAnotherStay(t *testing.T) {
	for _, trusted := range []bool{false, true} {
		r := newRig(t)
		camera, attacker := stick(), composite()
		camera.trusted, attacker.trusted = trusted, trusted
		r.plug("1-1", camera)
		first := r.one(t)
		r.unplug("1-1")
		r.plug("1-1", camera)
		second := r.one(t)
		if second.Generation == first.Generation || second.Device.Number == first.Device.Number || r.in("1-1") != second.Device.Number {
			t.Fatalf("%+v, then %+v", first, second)
		}
		r.unplug("1-1")
		r.plug("1-1", attacker)
		r.refused(t, "A1", "1-1")
	}
}

// The kernel counts its numbers around: 127 plugs later a device has the number
// of the first. It is another one all the same.
func TestANumberThatComesAgainIsAnotherStay(t *testing.T) {
	is := Interface{Class: 6, SubClass: 1, Protocol: 1} // and no disk, by which it could be told as well
	r := newRig(t, func(o *PortsOptions) { o.Signatures = []Signature{{Driver: "ptp", Interfaces: []Interface{is}}} })
	camera := gadget{descriptors: simple(is), trusted: true}
	r.plug("1-1", camera)
	first := r.one(t)
	// A file kept open keeps its inode from being used again, which sysfs never does.
	held, err := os.Open(filepath.Join(r.devices(), "1-1"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	r.unplug("1-1")
	r.number = first.Device.Number - 1
	r.plug("1-1", camera)
	if second := r.one(t); second.Device.Number != first.Device.Number || second.Generation == first.Generation {
		t.Fatalf("%+v, then %+v", first, second)
	}
}

func TestACameraThatMovedToAnotherBayIsAnotherStay(t *testing.T) {
	r := newRig(t)
	r.plug("1-1", stick())
	first := r.one(t)
	r.unplug("1-1")
	r.plug("1-2", stick())
	if second := r.one(t); second.Bay != "A2" || second.Generation == first.Generation {
		t.Fatalf("%+v", second)
	}
}

// A hub that is pulled out takes all its bays with it in one look, and says so.
func TestAHubThatIsPulledEmptiesItsBaysTogether(t *testing.T) {
	r := newRig(t)
	r.plug("1-3", hub(4))
	r.look(t)
	r.plug("1-3.1", stick())
	r.plug("1-3.2", stick())
	r.plug("1-1", stick())
	before, problems := r.look(t)
	if len(before) != 3 || len(problems) != 0 {
		t.Fatalf("%v %v", before, problems)
	}
	r.unplug("1-3")
	attached, problems := r.look(t)
	if len(attached) != 1 || attached[0].Bay != "A1" || len(problems) != 2 {
		t.Fatalf("%v %v", attached, problems)
	}
	for _, p := range problems {
		if p.NotACamera || !strings.Contains(p.Text, "the hub of this bay is not plugged in (port 1-3)") {
			t.Fatalf("%v", p)
		}
	}
	r.plug("1-3", hub(4))
	r.look(t)
	r.plug("1-3.1", stick())
	after, _ := r.look(t)
	seen := map[dock.Generation]bool{}
	for _, at := range append(before, after...) {
		seen[at.Generation] = true
	}
	if len(after) != 2 || len(seen) != 4 {
		t.Fatalf("%v, then %v", before, after)
	}
}

func TestAPortThatThisMachineDoesNotHaveIsAProblem(t *testing.T) {
	r := newRig(t, func(o *PortsOptions) { o.Slots = append(o.Slots, Slot{Bay: "Z", Port: "1-9"}) })
	_, problems := r.look(t)
	if told := about(problems, "Z"); len(told) != 1 || !strings.Contains(told[0].Text, "there is no port 1-9") {
		t.Fatalf("%v", problems)
	}
}

func TestTwoBaysThatAreOneSocketAreAProblem(t *testing.T) {
	r := newRig(t, func(o *PortsOptions) { o.Slots = append(o.Slots, Slot{Bay: "Z", Port: "2-1"}) })
	r.plug("1-1", stick())
	attached, problems := r.look(t)
	for _, bay := range []dock.BayName{"A1", "Z"} {
		if told := about(problems, bay); len(attached) != 0 || len(told) != 1 || told[0].NotACamera || !strings.Contains(told[0].Text, "A1 and Z") {
			t.Fatalf("%v %v", attached, problems)
		}
	}
}

func TestSlotsThatContradictEachOtherAreRefused(t *testing.T) {
	for name, all := range map[string][]Slot{
		"no port":       {{Bay: "A", Port: "x"}},
		"bay twice":     {{Bay: "A", Port: "1-1"}, {Bay: "A", Port: "1-2"}},
		"port twice":    {{Bay: "A", Port: "1-1"}, {Bay: "B", Port: "1-1"}},
		"no name":       {{Port: "1-1"}},
		"one in a hub":  {{Bay: "A", Port: "1-1"}, {Bay: "B", Port: "1-1.4"}},
		"one far below": {{Bay: "A", Port: "1-1.4.2.1"}, {Bay: "B", Port: "1-1"}},
	} {
		k := newKernel(t.TempDir(), t.Fatal)
		if p, err := newPorts(t.Context(), PortsOptions{Slots: all, Admission: k, Sys: k.sys}, deaf()); err == nil {
			p.Close()
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := newPorts(t.Context(), PortsOptions{Slots: bays()}, deaf()); err == nil {
		t.Error("taken without anything that admits")
	}
}

func TestAClosedBusKnowsNothing(t *testing.T) {
	r := newRig(t)
	r.plug("1-1", stick())
	r.ports.Close()
	if attached, _, err := r.ports.Attached(t.Context()); err == nil || attached != nil {
		t.Fatalf("%v %v", attached, err)
	}
	if len(r.asks("1-1")) != 0 {
		t.Fatal("it let something in")
	}
}

func TestADeviceHasItsNumberOrIsNotThere(t *testing.T) {
	r := newRig(t)
	r.plug("1-1", stick())
	file := filepath.Join(r.devices(), "1-1", "devnum")
	for _, content := range []string{"", "x\n", "0\n", "-1\n", strconv.Itoa(1<<40) + "\n", strings.Repeat("1", 5000)} {
		r.write(file, content)
		if attached, problems := r.look(t); len(attached) != 0 || len(about(problems, "A1")) != 0 {
			t.Errorf("%.20q: %v %v", content, attached, problems)
		}
	}
}

// A hub that comes up or is being pulled lacks its ports for a moment; one that
// goes on lacking a bay's is a mistake in the config.
func TestAHubThatLacksABaysPortIsAProblemAfterAWhile(t *testing.T) {
	r := newRig(t)
	r.plug("1-3", hub(1))
	if _, problems := r.look(t); len(problems) != 0 {
		t.Fatalf("%v", problems)
	}
	later := func(d time.Duration) []Problem {
		r.ports.mu.Lock()
		defer r.ports.mu.Unlock()
		_, problems := r.ports.report(time.Now().Add(d))
		return problems
	}
	if told := later(hubSettles); len(told) != 1 || told[0].Bay != "B2" || !strings.Contains(told[0].Text, "there is no port 1-3.2") {
		t.Fatalf("%v", told)
	}
	r.unplug("1-3")
	r.look(t)
	r.plug("1-3", hub(1))
	if _, problems := r.look(t); len(problems) != 0 {
		t.Fatalf("the next time it has its while again: %v", problems)
	}
}
