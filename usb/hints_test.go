package usb

import (
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jochenvg/go-udev"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// alone runs the calling test in a process of its own, with a network and a
// /run of its own, in which it can be udev. It returns true in that process.
func alone(t *testing.T) bool {
	t.Helper()
	const mark = "BERTH_ALONE"
	if os.Getenv(mark) == t.Name() {
		for _, err := range []error{
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("run", "/run", "tmpfs", 0, ""),
			os.MkdirAll("/run/udev", 0o755),
			os.WriteFile("/run/udev/control", nil, 0o644), // what libudev looks for
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		return true
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s")
	child.Env = append(os.Environ(), mark+"="+t.Name())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUSER}
	child.SysProcAttr.UidMappings = append(child.SysProcAttr.UidMappings, ids(os.Getuid()))
	child.SysProcAttr.GidMappings = append(child.SysProcAttr.GidMappings, ids(os.Getgid()))
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// tell sends an event as udev does: a header of 40 bytes, by which the kernel
// filters, and the properties (systemd, src/libsystemd/sd-device).
func tell(t *testing.T, subsystem string, times int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	properties := "ACTION=add\x00DEVPATH=/devices/pci0000:00/0000:00:04.0/usb1/1-1\x00SUBSYSTEM=" + subsystem + "\x00SEQNUM=1\x00"
	message := make([]byte, 40, 40+len(properties))
	copy(message, "libudev\x00")
	binary.BigEndian.PutUint32(message[8:], 0xfeedcafe)
	binary.NativeEndian.PutUint32(message[12:], 40)
	binary.NativeEndian.PutUint32(message[16:], 40)
	binary.NativeEndian.PutUint32(message[20:], uint32(len(properties)))
	binary.BigEndian.PutUint32(message[24:], murmur(subsystem))
	message = append(message, properties...)
	const ofUdev = 2 // the group of events that udev has finished with
	for range times {
		if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: ofUdev}); err != nil {
			t.Fatal(err)
		}
	}
}

// murmur is MurmurHash2 with seed 0, which udev's filter compares.
func murmur(s string) uint32 {
	const m = 0x5bd1e995
	h := uint32(len(s))
	b := []byte(s)
	for ; len(b) >= 4; b = b[4:] {
		k := binary.LittleEndian.Uint32(b) * m
		h = h*m ^ (k^k>>24)*m
	}
	if len(b) > 0 {
		var last [4]byte
		copy(last[:], b)
		h = (h ^ binary.LittleEndian.Uint32(last[:])) * m
	}
	h = (h ^ h>>13) * m
	return h ^ h>>15
}

// hinted waits for a hint, far shorter than the poll.
func hinted(t *testing.T, p *Ports) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	select {
	case <-p.Changed():
	case <-ctx.Done():
		t.Fatal("no hint came")
	}
}

// What udev says about USB devices and disks is a hint at once, although
// nothing polls.
func TestAnEventOfUdevIsAHint(t *testing.T) {
	if !alone(t) {
		return
	}
	before := goleak.IgnoreCurrent()
	k := newKernel(t.TempDir(), t.Fatal)
	p, err := newPorts(t.Context(), PortsOptions{Slots: bays(), Admission: k, Sys: k.sys, Poll: time.Hour}, ears())
	if err != nil {
		t.Fatal(err)
	}
	hinted(t, p) // that it listens now
	for _, subsystem := range []string{"usb", "block", "usb"} {
		tell(t, subsystem, 1)
		hinted(t, p)
	}
	tell(t, "usb", 10_000) // more than anybody looks at: they neither block it nor keep it from ending
	hinted(t, p)
	p.Close()
	goleak.VerifyNone(t, before)
}

// Events may end for no reason, and may not come at all at first.
func TestEventsThatEndAreListenedToAgain(t *testing.T) {
	k := newKernel(t.TempDir(), t.Fatal)
	calls := make(chan int)
	count := 0
	l := listener{again: time.Millisecond, listen: func(ctx context.Context) (<-chan *udev.Device, error) {
		count++
		select {
		case calls <- count:
		case <-ctx.Done():
		}
		if count%2 == 0 {
			return nil, context.DeadlineExceeded
		}
		ended := make(chan *udev.Device)
		close(ended)
		return ended, nil
	}}
	p, err := newPorts(t.Context(), PortsOptions{Slots: bays(), Admission: k, Sys: k.sys, Poll: time.Hour}, l)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for want := range 5 {
		if got := <-calls; got != want+1 {
			t.Fatalf("%d, want %d", got, want+1)
		}
	}
	hinted(t, p)
}

// Without any event the bus looks at every poll.
func TestAPollIsAHint(t *testing.T) {
	r := newRig(t, func(o *PortsOptions) { o.Poll = 10 * time.Millisecond })
	for range 3 {
		hinted(t, r.ports)
	}
}

func ids(mine int) syscall.SysProcIDMap {
	return syscall.SysProcIDMap{ContainerID: 0, HostID: mine, Size: 1}
}
