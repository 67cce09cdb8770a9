// Package fakeport is a USB port whose device's disks are loop devices: the
// kernel's blocks and filesystems are real, and what stands in for hardware is
// only the piece of sysfs that says which disks hang below which port.
//
// It promises that what it attaches is detached with the test. It is for tests
// alone, needs root, and skips loudly without.
package fakeport

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"berth/dock"
)

// Port is one port with one device in it, or in the hands of the test. A method
// that gets no testing.T is safe in any goroutine.
type Port struct {
	Sys    string    // what stands in for /sys
	Name   dock.Port // always valid
	Number int       // of the device that is plugged, or was
	images []string
	nodes  []string // by unit: "/dev/loop5"
}

// New plugs in a device whose units are these image files.
func New(t *testing.T, images ...string) *Port {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("LOOP DEVICES NEED ROOT: nothing was tried on a disk")
	}
	p := &Port{Sys: t.TempDir(), Name: "1-1.4", Number: 7}
	p.images = images
	p.attach(t)
	p.show(t)
	return p
}

// attach gives every image a disk of its own; those of before stay as long as
// somebody uses them.
func (p *Port) attach(t *testing.T) {
	t.Helper()
	p.nodes = nil
	for _, image := range p.images {
		out, err := exec.CommandContext(t.Context(), "losetup", "--find", "--show", "--partscan", image).CombinedOutput()
		if err != nil {
			t.Skipf("NO LOOP DEVICE HERE: nothing was tried on a disk: %v: %s", err, out)
		}
		node := strings.TrimSpace(string(out))
		t.Cleanup(func() {
			// That the disk is read-only would stay with the node for whoever gets
			// it next.
			for _, command := range [][]string{{"blockdev", "--setrw", node}, {"losetup", "--detach", node}} {
				if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
					t.Errorf("give back a loop device: %v: %s", err, out)
				}
			}
		})
		p.nodes = append(p.nodes, node)
		// Not every kernel reads partition tables by itself; no table is no fault.
		_ = exec.CommandContext(t.Context(), "partx", "--update", node).Run()
	}
}

// Node is the path of a unit's disk.
func (p *Port) Node(unit int) string { return p.nodes[unit] }

// Directory is where the device stands in Sys while it is plugged.
func (p *Port) Directory() string { return p.Sys + "/bus/usb/devices/" + string(p.Name) }

// show writes what sysfs says of the device now. Like there, a disk that is
// exchanged later has another number than what is written here.
func (p *Port) show(t *testing.T) {
	t.Helper()
	p.put(t, "devnum", strconv.Itoa(p.Number))
	p.put(t, "authorized", "0")
	for unit, node := range p.nodes {
		name := filepath.Base(node)
		below := fmt.Sprintf("%s:1.0/host0/target0:0:0/0:0:0:%d/block/%s", p.Name, unit, name)
		p.copy(t, below, "/sys/class/block/"+name, "dev", "size", "diskseq")
		partitions, err := filepath.Glob("/sys/class/block/" + name + "/" + name + "p*")
		if err != nil {
			t.Fatal(err)
		}
		for _, partition := range partitions {
			p.copy(t, below+"/"+filepath.Base(partition), partition, "dev", "size", "partition")
		}
	}
}

func (p *Port) copy(t *testing.T, to, from string, names ...string) {
	t.Helper()
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		p.put(t, filepath.Join(to, name), string(content))
	}
}

func (p *Port) put(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(p.Directory(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Unplug takes the device out of the port.
func (p *Port) Unplug() error { return os.Rename(p.Directory(), p.Sys+"/away") }

// Plug puts it back: the same device with another number and other disks.
func (p *Port) Plug(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(p.Sys + "/away"); err != nil {
		t.Fatal(err)
	}
	p.Number++
	p.attach(t)
	p.show(t)
}

// Exchange puts another image behind a unit's node, without a word in sysfs:
// what the kernel does between two looks.
func (p *Port) Exchange(t *testing.T, unit int, image string) {
	t.Helper()
	for _, command := range [][]string{{"losetup", "--detach", p.nodes[unit]}, {"losetup", "--partscan", p.nodes[unit], image}} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("exchange a disk: %v: %s", err, out)
		}
	}
}
