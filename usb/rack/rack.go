package rack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Ports is how many ports of each speed the rack's USB controller has. In the
// guest a plain device at port N is 1-N, or 2-N if it speaks SuperSpeed.
const Ports = 15

// silence is the name of where a virtual sound card plays to.
const silence = "silence"

// Options say what rack is started.
type Options struct {
	Image    Image
	Programs Programs
	// Dir is where the rack's own files lie while it runs; it must exist, and its
	// path be short enough for a socket in it (about 90 bytes).
	Dir string
	// Disks are the station's own disks: images of ext4 filesystems, each of which
	// the guest mounts at /srv/<label>. They outlive a power cut.
	Disks []string
	// Extra are files for the guest: path in it without a slash in front, path on
	// the host.
	Extra map[string]string
	// Append is added to the kernel's command line.
	Append string
	// Shell gives the guest's console to the caller's terminal; otherwise it is
	// written to Dir/console.log.
	Shell bool
	// MemoryMiB is the guest's memory; zero: 1536.
	MemoryMiB int
	// BootLimit is how long the guest may take to come up; zero: ten minutes.
	BootLimit time.Duration
}

// Rack is one guest that runs. Dock, Undock and Guest may be used by several
// goroutines; nothing may be used after Kill or Close.
type Rack struct {
	Guest *Guest

	options Options
	monitor *monitor
	qemu    *exec.Cmd
	ended   chan struct{} // closed when QEMU ended
	bays    bays
}

// Start boots a guest and waits until its agent answers.
func Start(ctx context.Context, options Options) (*Rack, error) {
	if options.MemoryMiB == 0 {
		options.MemoryMiB = 1536
	}
	if options.BootLimit == 0 {
		options.BootLimit = 10 * time.Minute
	}
	root := filepath.Join(options.Dir, "root.cpio")
	if err := freshRoot(root, options.Image, options.Programs, options.Extra); err != nil {
		return nil, err
	}
	defer os.Remove(root) // QEMU has read it when the guest is up
	r := &Rack{options: options, ended: make(chan struct{}), bays: bays{plugged: map[string]*plugged{}}}
	r.qemu = exec.Command("qemu-system-x86_64", r.arguments(root)...)
	r.qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var complaint strings.Builder
	r.qemu.Stderr = &complaint
	if options.Shell {
		r.qemu.Stdin, r.qemu.Stdout = os.Stdin, os.Stdout
	}
	for _, socket := range []string{"agent.sock", "qmp.sock"} {
		if err := os.Remove(filepath.Join(options.Dir, socket)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("making room for the rack's sockets: %w", err)
		}
	}
	if err := r.power(); err != nil {
		return nil, fmt.Errorf("starting QEMU: %w", err)
	}
	booting, cancel := context.WithTimeout(ctx, options.BootLimit)
	defer cancel()
	go func() { // a QEMU that ends early ends the waiting for it
		select {
		case <-r.ended:
			cancel()
		case <-booting.Done():
		}
	}()
	if err := r.connect(booting); err != nil {
		r.Kill()
		return nil, fmt.Errorf("booting the guest: %w; QEMU said %q, the guest's console is in %s", err, complaint.String(), r.Console())
	}
	return r, nil
}

// power starts QEMU on a thread of its own, which waits for it: the kernel kills
// QEMU when that thread ends, so that it never outlives the harness.
func (r *Rack) power() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(r.ended)
		err := r.qemu.Start()
		started <- err
		if err == nil {
			_ = r.qemu.Wait() // that it was killed is no news
		}
	}()
	return <-started
}

func (r *Rack) connect(ctx context.Context) error {
	var err error
	if r.monitor, err = dialMonitor(ctx, filepath.Join(r.options.Dir, "qmp.sock")); err != nil {
		return err
	}
	r.Guest, err = dialGuest(ctx, filepath.Join(r.options.Dir, "agent.sock"))
	return err
}

// arguments is QEMU's command line. The processor is emulated: that works on
// every machine, also where the device for virtualisation carries no guest.
func (r *Rack) arguments(root string) []string {
	o := r.options
	serial := "file:" + r.Console()
	kernel := "console=ttyS0 quiet loglevel=4 panic=-1 no_timer_check "
	if o.Shell {
		serial = "mon:stdio"
		kernel += "rack.shell "
	}
	socket := func(name string) string { return filepath.Join(o.Dir, name) }
	arguments := []string{
		"-audiodev", "none,id=" + silence,
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max",
		"-smp", "2", "-m", strconv.Itoa(o.MemoryMiB), "-kernel", o.Image.Kernel, "-initrd", root, "-append", kernel + o.Append,
		"-serial", serial, "-qmp", "unix:" + socket("qmp.sock") + ",server=on,wait=off",
		"-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
		"-chardev", "socket,id=agent,server=on,wait=off,path=" + socket("agent.sock"), "-device", "virtserialport,chardev=agent,name=rack.agent",
		"-device", fmt.Sprintf("qemu-xhci,id=xhci,p2=%d,p3=%d", Ports, Ports),
	}
	for i, disk := range o.Disks {
		arguments = append(arguments, "-drive", fmt.Sprintf("if=none,id=disk%d,format=raw,cache=writeback,file=%s", i, disk),
			"-device", fmt.Sprintf("virtio-blk-pci,drive=disk%d,serial=disk%d", i, i))
	}
	return arguments
}

// Console is the file with everything that the guest's kernel said.
func (r *Rack) Console() string { return filepath.Join(r.options.Dir, "console.log") }

// Ended is closed when the guest ended by itself, by Kill or by Close.
func (r *Rack) Ended() <-chan struct{} { return r.ended }

// Kill cuts the power of the whole station, cameras included: what its kernel
// had not yet written to its disks is lost.
func (r *Rack) Kill() {
	_ = r.qemu.Process.Kill() // it may have ended already
	<-r.ended
	if r.Guest != nil {
		_ = r.Guest.close()
	}
	if r.monitor != nil {
		_ = r.monitor.close()
	}
}

// Close writes out the guest's disks and then cuts its power.
func (r *Rack) Close(ctx context.Context) error {
	_, err := r.Guest.Run(ctx, time.Minute, "sync")
	r.Kill()
	return err
}
