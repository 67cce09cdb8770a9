package usb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/dock"
)

// mass is a rig with a camera without disks in A1, let in.
func mass(t *testing.T, change ...func(*PortsOptions)) (*rig, *fakeStay) {
	r := newRig(t, change...)
	g := stick()
	g.disks = nil
	r.plug("1-1", g)
	if attached, problems := r.look(t); len(attached) != 0 || len(about(problems, "A1")) != 0 {
		t.Fatalf("%v %v", attached, problems)
	}
	if r.in("1-1") == 0 {
		t.Fatal("not let in")
	}
	return r, r.plugged["1-1"]
}

func TestADiskIsListedOnceItHasAMedium(t *testing.T) {
	r, s := mass(t)
	r.disk(s, "1-1", 0, 0)
	if attached, _ := r.look(t); len(attached) != 0 {
		t.Fatalf("a reader without a card: %v", attached)
	}
	r.disk(s, "1-1", 1, 1<<20)
	if at := r.one(t); at.Bay != "A1" {
		t.Fatalf("%v", at)
	}
}

// What is no disk does not count: a CD that the maker put before the disk.
func TestOnlyDisksMakeACameraReady(t *testing.T) {
	r, s := mass(t)
	r.disk(s, "1-1", 0, 1<<20)
	block := filepath.Dir(r.blocks(t)[0])
	if err := os.Rename(r.blocks(t)[0], filepath.Join(block, "sr0")); err != nil {
		t.Fatal(err)
	}
	if attached, _ := r.look(t); len(attached) != 0 {
		t.Fatalf("%v", attached)
	}
}

func (r *rig) blocks(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(r.plugged["1-1"].dir, "*/host*/target*/*/block/*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestACardThatLeftOrAnotherDiskIsAnotherStay(t *testing.T) {
	r, s := mass(t)
	r.disk(s, "1-1", 0, 1<<20)
	seen := map[dock.Generation]bool{r.one(t).Generation: true}
	size := filepath.Join(r.blocks(t)[0], "size")
	r.write(size, "0\n")
	if attached, _ := r.look(t); len(attached) != 0 {
		t.Fatalf("the card is out: %v", attached)
	}
	r.write(size, "1048576\n")
	seen[r.one(t).Generation] = true
	r.write(size, "2097152\n")
	seen[r.one(t).Generation] = true
	r.disk(s, "1-1", 1, 1<<20)
	seen[r.one(t).Generation] = true
	if len(seen) != 4 {
		t.Fatalf("%v", seen)
	}
}

// A card reader's disks come one after the other: none is listed before they
// have been the same for a while, and the bus gives a hint when that is over.
func TestDisksThatStillAppearAreWaitedFor(t *testing.T) {
	r := newRig(t)
	r.ports.quiet = 50 * time.Millisecond
	r.plug("1-1", stick())
	if attached, _ := r.look(t); len(attached) != 0 {
		t.Fatalf("%v", attached)
	}
	for attached, _ := r.look(t); len(attached) == 0; attached, _ = r.look(t) {
		<-r.ports.Changed()
	}
}

func TestACameraWithoutADiskIsAProblemInTheEnd(t *testing.T) {
	r, s := mass(t, func(o *PortsOptions) { o.Ready = 50 * time.Millisecond })
	for {
		<-r.ports.Changed() // given when the time is over, since nothing polls
		attached, problems := r.look(t)
		if len(attached) != 0 {
			t.Fatalf("%v", attached)
		}
		if told := about(problems, "A1"); len(told) == 1 {
			if told[0].NotACamera || !strings.Contains(told[0].Text, "no disk with a medium appeared within 50ms") {
				t.Fatalf("%v", told)
			}
			break
		}
	}
	r.disk(s, "1-1", 0, 1<<20)
	r.one(t)
}

func TestADriverOfItsOwnNeedsNoDisk(t *testing.T) {
	is := Interface{Class: 6, SubClass: 1, Protocol: 1}
	r := newRig(t, func(o *PortsOptions) { o.Signatures = []Signature{{Driver: "ptp", Interfaces: []Interface{is}}} })
	r.plug("1-1", gadget{descriptors: simple(is)})
	if at := r.one(t); at.Device.Driver != "ptp" {
		t.Fatalf("%+v", at.Device)
	}
	r.plug("1-2", gadget{descriptors: simple(is), drivers: []string{"usb-storage"}})
	if _, problems := r.look(t); len(about(problems, "A2")) != 1 {
		t.Fatalf("a disk's driver has no business there: %v", problems)
	}
}
