package station

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb"
	"berth/usb/filetree"
)

// usbRack stands in for USB hardware at its narrow edge: a bus, a driver and the
// power of the ports. Its cameras are real files below real folders.
type usbRack struct {
	h       *house
	changed chan struct{}

	mu         sync.Mutex
	bays       map[dock.BayName]*plug // guarded by mu
	problems   []usb.Problem          // guarded by mu
	generation dock.Generation        // guarded by mu
	cycles     []dock.Port            // guarded by mu; ports that were switched off and on
	noPower    error                  // what switching fails with
	lost       bool                   // what was switched off does not come back
	stuck      chan struct{}          // switching does not come back before it is closed; nil: at once
	entered    int                    // guarded by mu; how often switching was begun
	lastCycle  error                  // guarded by mu; what the context of the last switching had to say
	opened     int                    // guarded by mu; cameras opened
	closed     int                    // guarded by mu
}

// plug is one stay of one camera.
type plug struct {
	at   dock.Attachment
	toy  *toy
	gone chan struct{} // closed when it left
}

// toy is one camera.
type toy struct {
	name   string // of its folder
	serial string
	hangs  func(op string) bool // whether the medium says nothing to op ("open", "list", "read")
	kept   chan struct{}        // what hangs comes back only after this is closed, even if the camera left
}

func (h *house) newRack() *usbRack {
	h.rack = &usbRack{h: h, changed: make(chan struct{}, 1), bays: map[dock.BayName]*plug{}}
	return h.rack
}

func (r *usbRack) plug(bay string, c *toy) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.plugLocked(dock.BayName(bay), c)
	r.hint()
}

func (r *usbRack) plugLocked(bay dock.BayName, c *toy) {
	r.generation++
	port := dock.Port("1-1." + string(bay[1:]))
	r.bays[bay] = &plug{toy: c, gone: make(chan struct{}), at: dock.Attachment{
		Bay: bay, Generation: r.generation, Port: string(port),
		Device: &dock.Device{Port: port, Number: int(r.generation), Vendor: 0x1234, Product: 0x5678, Serial: c.serial, Driver: "mass-storage"},
	}}
}

func (r *usbRack) pull(bays ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, bay := range bays {
		close(r.bays[dock.BayName(bay)].gone)
		delete(r.bays, dock.BayName(bay))
	}
	r.hint()
}

func (r *usbRack) hint() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

func (r *usbRack) Changed() <-chan struct{} { return r.changed }

func (r *usbRack) Attached(context.Context) (list []dock.Attachment, problems []usb.Problem, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.bays {
		list = append(list, p.at)
	}
	return list, append([]usb.Problem{}, r.problems...), nil
}

// Cycle lets the camera leave and come back, as a port does.
func (r *usbRack) Cycle(ctx context.Context, port dock.Port) error {
	r.count(&r.entered)
	if r.stuck != nil {
		<-r.stuck
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cycles = append(r.cycles, port)
	r.lastCycle = ctx.Err()
	if r.noPower != nil {
		return r.noPower
	}
	for bay, p := range r.bays {
		if p.at.Device.Port == port {
			close(p.gone)
			if delete(r.bays, bay); !r.lost {
				r.plugLocked(bay, p.toy)
			}
		}
	}
	r.hint()
	return nil
}

func (r *usbRack) cycled() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.cycles)
}

func (r *usbRack) Name() string                  { return "mass-storage" }
func (r *usbRack) Match(at dock.Attachment) bool { return at.Device != nil }
func (r *usbRack) count(n *int)                  { r.mu.Lock(); *n++; r.mu.Unlock() }
func (p *plug) left() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}
func (p *plug) String() string { return fmt.Sprint(p.at.Bay, p.at.Generation) }

func (r *usbRack) Open(ctx context.Context, at dock.Attachment) (dock.Camera, error) {
	r.mu.Lock()
	p := r.bays[at.Bay]
	r.mu.Unlock()
	if p == nil || p.at.Generation != at.Generation {
		return nil, dock.ErrGone
	}
	if err := p.io("open"); err != nil {
		return nil, err
	}
	var st unix.Stat_t
	folder := dock.Folder{Bay: r.h.path("cameras"), Name: p.toy.name}
	if err := unix.Stat(r.h.path("cameras", p.toy.name), &st); err != nil {
		return nil, err
	}
	folder.Device, folder.Inode = uint64(st.Dev), st.Ino
	root, err := filetree.NewFolder(folder)
	if err != nil {
		return nil, err
	}
	tree, err := filetree.New(ctx, filetree.Options{
		Attachment: at, Root: root, Profile: filetree.Profile{Identity: []string{"usb-serial"}},
		Words: []filetree.Word{{Source: "usb-serial", Text: p.toy.serial}, {Source: "volume-id", Text: "volume-of-" + p.toy.name}},
	})
	if err != nil {
		return nil, err
	}
	r.count(&r.opened)
	return &toyCamera{tree, p, r}, nil
}

// io is one request to the medium.
func (p *plug) io(op string) error {
	if p.toy.hangs != nil && p.toy.hangs(op) {
		<-p.gone
		if p.toy.kept != nil {
			<-p.toy.kept
		}
	}
	if p.left() {
		return fmt.Errorf("%w: %w", dock.ErrGone, syscall.EIO)
	}
	return nil
}

// toyCamera is a tree of files whose every request passes the plug.
type toyCamera struct {
	*filetree.Tree
	p *plug
	r *usbRack
}

func (c *toyCamera) Close() error {
	c.r.count(&c.r.closed)
	_ = c.p.io("close") // it may have left: that is no matter now
	return c.Tree.Close()
}

func (c *toyCamera) List(ctx context.Context) (dock.Listing, error) {
	if err := c.p.io("list"); err != nil {
		return dock.Listing{}, err
	}
	return c.Tree.List(ctx)
}

func (c *toyCamera) Open(ctx context.Context, e dock.Entry, offset int64) (io.ReadCloser, error) {
	content, err := c.Tree.Open(ctx, e, offset)
	return c.through(content, err)
}

func (c *toyCamera) Reread(ctx context.Context, e dock.Entry) (io.ReadCloser, error) {
	content, err := c.Tree.Reread(ctx, e)
	return c.through(content, err)
}

func (c *toyCamera) Erase(ctx context.Context, e dock.Entry, clearance dock.Clearance) error {
	if err := c.p.io("erase"); err != nil {
		return err
	}
	return c.Tree.Erase(ctx, e, clearance)
}

func (c *toyCamera) through(content io.ReadCloser, err error) (io.ReadCloser, error) {
	if err != nil {
		return nil, err
	}
	return &toyReader{content, c.p}, nil
}

type toyReader struct {
	io.ReadCloser
	p *plug
}

func (r *toyReader) Read(b []byte) (int, error) {
	if err := r.p.io("read"); err != nil {
		return 0, err
	}
	return r.ReadCloser.Read(b)
}

var errSwitch = errors.New("the hub does not switch")

// bubbleClock is the clock of a synctest bubble, in which nothing takes time
// but waiting; the bubble itself begins in the year 2000.
type bubbleClock struct{ began time.Time }

func (c bubbleClock) Now() dock.Instant {
	return dock.Instant{Wall: time.Now().AddDate(40, 0, 0), Boot: "bubble", SinceBoot: time.Since(c.began) + time.Second}
}
