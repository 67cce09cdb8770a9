package usb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"berth/dock"
)

// kernel stands for the kernel's USB core: a tree of files laid out as sysfs
// lays it out, and what happens in it when something is plugged in, unplugged
// or authorised. It is the one thing that these tests make up; the same
// promises are tried with a real kernel in the virtual rack.
type kernel struct {
	sys string

	mu      sync.Mutex
	fatal   func(...any)
	number  int                      // guarded by mu: the last devnum
	plugged map[dock.Port]*fakeStay  // guarded by mu
	asked   []admission              // guarded by mu: what was authorised or not, in order
	deny    map[dock.Port]error      // guarded by mu: what authorising fails with
	before  func(dock.Port)          // guarded by mu: called before authorising
	peers   map[dock.Port]dock.Port  // guarded by mu: of the controllers' ports
	hangs   map[dock.Port]chan error // guarded by mu: authorising waits for it
}

type admission struct {
	port   dock.Port
	number int
	admit  bool
}

// gadget is something to plug in.
type gadget struct {
	descriptors []byte
	serial      string
	name        string
	speed       string
	ports       int      // of a hub
	disks       []int64  // sectors of each, 0: no medium
	drivers     []string // that bind once it is authorised, one an interface
	trusted     bool     // authorised before anybody looked
}

type fakeStay struct {
	gadget gadget
	number int
	dir    string
	in     bool
}

func newKernel(sys string, fatal func(...any)) *kernel {
	k := &kernel{
		sys: sys, fatal: fatal, plugged: map[dock.Port]*fakeStay{}, deny: map[dock.Port]error{},
		peers: map[dock.Port]dock.Port{}, hangs: map[dock.Port]chan error{},
	}
	k.mkdir(k.devices())
	return k
}

func (k *kernel) must(err error) {
	if err != nil {
		k.fatal(err)
	}
}

func (k *kernel) devices() string   { return filepath.Join(k.sys, "bus/usb/devices") }
func (k *kernel) mkdir(path string) { k.must(os.MkdirAll(path, 0o755)) }
func (k *kernel) write(path, content string) {
	k.must(os.WriteFile(path, []byte(content), 0o644))
}

func (k *kernel) link(path string) {
	k.must(os.Symlink(path, filepath.Join(k.devices(), filepath.Base(path))))
}

// controller adds an xHCI controller: a root hub for USB 2 and one for USB 3,
// whose ports of one number are one socket.
func (k *kernel) controller(address string, bus2, bus3, ports int) {
	for _, bus := range []int{bus2, bus3} {
		root := filepath.Join(k.sys, "devices", address, fmt.Sprintf("usb%d", bus))
		hub := filepath.Join(root, fmt.Sprintf("%d-0:1.0", bus))
		for n := 1; n <= ports; n++ {
			k.mkdir(filepath.Join(hub, fmt.Sprintf("usb%d-port%d", bus, n)))
		}
		for file, content := range map[string]string{
			"busnum": strconv.Itoa(bus) + "\n", "devnum": "1\n", "authorized": "1\n", "authorized_default": "0\n", "speed": "480\n",
		} {
			k.write(filepath.Join(root, file), content)
		}
		k.link(root)
		k.link(hub)
	}
	for n := 1; n <= ports; n++ {
		k.pair(dock.Port(fmt.Sprintf("%d-%d", bus2, n)), dock.Port(fmt.Sprintf("%d-%d", bus3, n)))
	}
}

// pair links two ports that are one socket.
func (k *kernel) pair(a, b dock.Port) {
	k.peers[a], k.peers[b] = b, a
	for from, to := range map[dock.Port]dock.Port{a: b, b: a} {
		target, err := filepath.EvalSymlinks(filepath.Join(k.devices(), portDirectory(to)))
		k.must(err)
		k.must(os.Symlink(target, filepath.Join(k.devices(), portDirectory(from), "peer")))
	}
}

// plug puts a gadget into a port whose hub is there and authorised; else
// nothing happens.
func (k *kernel) plug(port dock.Port, g gadget) {
	k.mu.Lock()
	defer k.mu.Unlock()
	hub, _ := hubOf(port)
	parent := rootHub(port)
	if hub != "" {
		parent = string(hub)
	}
	above, err := filepath.EvalSymlinks(filepath.Join(k.devices(), parent))
	if _, there := os.Stat(filepath.Join(k.devices(), portDirectory(port))); err != nil || there != nil || k.plugged[port] != nil {
		return
	}
	k.number++
	s := &fakeStay{gadget: g, number: k.number, dir: filepath.Join(above, string(port))}
	k.mkdir(s.dir)
	speed := g.speed
	if speed == "" {
		speed = "480"
	}
	vendor, product := "0000", "0000"
	if len(g.descriptors) >= 12 {
		vendor = fmt.Sprintf("%02x%02x", g.descriptors[9], g.descriptors[8])
		product = fmt.Sprintf("%02x%02x", g.descriptors[11], g.descriptors[10])
	}
	for file, content := range map[string]string{
		"devnum": strconv.Itoa(s.number) + "\n", "busnum": strconv.Itoa(busOf(port)) + "\n", "authorized": "0\n",
		"descriptors": string(g.descriptors), "serial": g.serial + "\n", "product": g.name + "\n", "speed": speed + "\n",
		"idVendor": vendor + "\n", "idProduct": product + "\n",
	} {
		k.write(filepath.Join(s.dir, file), content)
	}
	k.plugged[port] = s
	if g.trusted {
		k.authorise(port, s, true)
	}
	k.link(s.dir)
}

// unplug takes a gadget out, and with it all that is behind it.
func (k *kernel) unplug(port dock.Port) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.plugged[port]; s != nil {
		k.authorise(port, s, false)
		k.must(os.Remove(filepath.Join(k.devices(), string(port))))
		k.must(os.RemoveAll(s.dir))
		delete(k.plugged, port)
	}
}

// authorise binds drivers or takes them away; k.mu is held.
func (k *kernel) authorise(port dock.Port, s *fakeStay, admit bool) {
	if admit == s.in {
		return
	}
	s.in = admit
	k.write(filepath.Join(s.dir, "authorized"), map[bool]string{true: "1\n", false: "0\n"}[admit])
	if !admit {
		k.unbind(port, s)
		return
	}
	for i, driver := range s.gadget.drivers {
		k.bind(port, s, i, driver)
	}
	face := filepath.Join(s.dir, string(port)+":1.0")
	for n := 1; n <= s.gadget.ports; n++ {
		k.mkdir(filepath.Join(face, fmt.Sprintf("%s-port%d", port, n)))
	}
	if s.gadget.ports > 0 {
		k.link(face)
		if other := k.plugged[k.peers[port]]; other != nil && other.in {
			for n := 1; n <= min(s.gadget.ports, other.gadget.ports); n++ {
				below := dock.Port("." + strconv.Itoa(n))
				k.pair(port+below, k.peers[port]+below)
			}
		}
	}
	for lun, sectors := range s.gadget.disks {
		k.disk(s, port, lun, sectors)
	}
}

func (k *kernel) bind(port dock.Port, s *fakeStay, face int, driver string) {
	dir := filepath.Join(s.dir, fmt.Sprintf("%s:1.%d", port, face))
	k.mkdir(dir)
	k.must(os.Symlink("../../../bus/usb/drivers/"+driver, filepath.Join(dir, "driver")))
}

func (k *kernel) disk(s *fakeStay, port dock.Port, lun int, sectors int64) {
	block := filepath.Join(s.dir, fmt.Sprintf("%s:1.0/host%d/target%d:0:0/%d:0:0:%d/block/sd%c", port, s.number, s.number, s.number, lun, 'a'+lun))
	k.mkdir(block)
	k.write(filepath.Join(block, "size"), strconv.FormatInt(sectors, 10)+"\n")
}

// unbind takes away interfaces, and the devices behind a hub; k.mu is held.
func (k *kernel) unbind(port dock.Port, s *fakeStay) {
	for below, other := range k.plugged {
		if strings.HasPrefix(string(below), string(port)+".") {
			k.must(os.Remove(filepath.Join(k.devices(), string(below))))
			k.must(os.RemoveAll(other.dir))
			delete(k.plugged, below)
		}
	}
	for n := 1; n <= s.gadget.ports; n++ {
		below := port + dock.Port("."+strconv.Itoa(n))
		if other := k.peers[below]; other != "" {
			os.Remove(filepath.Join(k.devices(), portDirectory(other), "peer"))
			delete(k.peers, below)
			delete(k.peers, other)
		}
	}
	faces, err := filepath.Glob(filepath.Join(s.dir, string(port)+":*"))
	k.must(err)
	for _, face := range faces {
		os.Remove(filepath.Join(k.devices(), filepath.Base(face)))
		k.must(os.RemoveAll(face))
	}
}

// Authorise is what writing to `authorized` does.
func (k *kernel) Authorise(ctx context.Context, port dock.Port, number int, admit bool) error {
	k.mu.Lock()
	hang, before := k.hangs[port], k.before
	k.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if before != nil {
		before(port)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = append(k.asked, admission{port: port, number: number, admit: admit})
	s := k.plugged[port]
	if s == nil || s.number != number {
		return fmt.Errorf("authorise: %w", dock.ErrGone)
	}
	if err := k.deny[port]; err != nil {
		return err
	}
	k.authorise(port, s, admit)
	return nil
}

// in reports what is authorised at a port: its number, or 0.
func (k *kernel) in(port dock.Port) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.plugged[port]; s != nil && s.in {
		return s.number
	}
	return 0
}

// asks are the requests for one port so far.
func (k *kernel) asks(port dock.Port) []admission {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found []admission
	for _, a := range k.asked {
		if a.port == port {
			found = append(found, a)
		}
	}
	return found
}
