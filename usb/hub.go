package usb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/gousb"

	"berth/dock"
)

// Requests to a hub about one of its ports (USB 2.0, section 11.24.2, tables
// 11-15 to 11-17; USB 3.2, section 10.16.2).
const (
	toPort         = 0x23 // bmRequestType: class, other, host to device
	fromPort       = 0xa3 // the same, device to host
	getStatus      = 0
	clearFeature   = 1
	setFeature     = 3
	portPower      = 8      // feature selector
	poweredUSB2    = 1 << 8 // of wPortStatus (USB 2.0, table 11-21)
	poweredUSB3    = 1 << 9 // of wPortStatus (USB 3.2, table 10-13)
	superSpeedHubs = 3      // bDeviceProtocol of a USB 3 hub (USB 3.2, table 10-1)
)

// HubControl is Power by requests to the hub itself, for kernels before 6.0,
// which have no switch in sysfs. Safe for concurrent use; Close it when done.
type HubControl struct {
	sys sysfs
	usb controller

	mu sync.Mutex // held over a command and its read-back
}

var _ Power = (*HubControl)(nil)

// controller sends one control request to the hub at an address of a bus, and
// says whether it is a USB 3 hub.
type controller interface {
	request(bus, address int, requestType, request uint8, value, index uint16, data []byte) (usb3 bool, err error)
	close() error
}

// NewHubControl starts nothing until the first Set.
func NewHubControl(sys string) *HubControl { return &HubControl{sys: sysfs(sys), usb: &library{}} }

// Close ends the USB library, if it was used.
func (h *HubControl) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.usb.close()
}

// Set asks the hub of the port, and that of its peer. The library that carries
// the requests looks at every device of the machine and breaks on some malformed
// ones: while there is one, nothing is switched.
func (h *HubControl) Set(ctx context.Context, port dock.Port, on bool) (Powered, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := errors.Join(ctx.Err(), port.Validate(), h.digestible()); err != nil {
		return Powered{}, fmt.Errorf("switch port %s by its hub: %w", port, err)
	}
	ports := []dock.Port{port}
	if other := h.sys.peer(port); other != "" {
		if _, ok := h.sys.inode(portDirectory(other)); ok {
			ports = append(ports, other)
		}
	}
	done := Powered{Method: "hub"}
	for _, each := range ports {
		powered, err := h.one(each, on)
		if err != nil {
			return Powered{}, fmt.Errorf("switch port %s by its hub: %w", each, err)
		}
		done.On = done.On || powered
	}
	for _, each := range ports {
		done.Attached = done.Attached || h.sys.stay(string(each)).number != 0
	}
	return done, nil
}

func (h *HubControl) one(port dock.Port, on bool) (powered bool, err error) {
	hub, number := hubOf(port)
	name := string(hub)
	if hub == "" {
		name = rootHub(port)
	}
	bus, address := h.sys.number(10, name, "busnum"), h.sys.number(10, name, "devnum")
	index, err := strconv.ParseUint(number, 10, 8)
	if bus == 0 || address == 0 || err != nil {
		return false, fmt.Errorf("%w: the kernel has no hub %s", dock.ErrGone, name)
	}
	request := uint8(clearFeature)
	if on {
		request = setFeature
	}
	if _, err := h.usb.request(bus, address, toPort, request, portPower, uint16(index), nil); err != nil {
		return false, err
	}
	status := make([]byte, 4)
	usb3, err := h.usb.request(bus, address, fromPort, getStatus, 0, uint16(index), status)
	if err != nil {
		return false, fmt.Errorf("read back: %w", err)
	}
	bit := uint16(poweredUSB2)
	if usb3 {
		bit = poweredUSB3
	}
	return binary.LittleEndian.Uint16(status)&bit != 0, nil
}

// digestible reports whether every device of the machine describes itself in a
// way that the library survives.
func (h *HubControl) digestible() error {
	names, err := h.sys.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if dock.Port(name).Validate() != nil {
			continue
		}
		if _, _, err := h.sys.shape(name); errors.Is(err, errDescriptors) {
			return fmt.Errorf("not while the device in port %s has %w", name, err)
		}
	}
	return nil
}

// controlTimeout is more than a healthy hub takes for a request: USB 2.0,
// section 9.2.6.4, allows 500 ms for the data and 50 ms for the status.
const controlTimeout = 2 * time.Second

// library is the controller by libusb. Guarded by HubControl.mu.
type library struct{ usb *gousb.Context }

func (l *library) close() error {
	if l.usb == nil {
		return nil
	}
	err := l.usb.Close()
	l.usb = nil
	return err
}

// request opens the hub for one request. The library panics where it cannot
// start, and on some devices that anybody may plug in: that is an error here.
func (l *library) request(bus, address int, requestType, request uint8, value, index uint16, data []byte) (usb3 bool, err error) {
	defer func() {
		if wrong := recover(); wrong != nil {
			err = fmt.Errorf("the USB library broke down: %v", wrong)
		}
	}()
	if l.usb == nil {
		l.usb = gousb.NewContext()
	}
	found, err := l.usb.OpenDevices(func(d *gousb.DeviceDesc) bool {
		return d.Bus == bus && d.Address == address && d.Class == gousb.ClassHub
	})
	for _, device := range found {
		defer device.Close()
	}
	if len(found) != 1 {
		return false, errors.Join(fmt.Errorf("%w: no hub at address %d of bus %d can be opened", dock.ErrGone, address, bus), err)
	}
	hub := found[0]
	hub.ControlTimeout = controlTimeout
	n, err := hub.Control(requestType, request, value, index, data)
	if err != nil {
		return false, fmt.Errorf("ask the hub at address %d of bus %d: %w", address, bus, err)
	}
	if n < len(data) {
		return false, fmt.Errorf("the hub at address %d of bus %d gave %d bytes of %d", address, bus, n, len(data))
	}
	return hub.Desc.Protocol == superSpeedHubs, nil
}
