package rack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// The kinds of things that can be plugged in. Each is a device of QEMU's.
const (
	Storage  = "usb-storage" // bulk-only, one disk
	UAS      = "usb-uas"     // the faster protocol, one disk
	Keyboard = "usb-kbd"
	Network  = "usb-net"    // RNDIS and CDC Ethernet
	Serial   = "usb-serial" // an FTDI adapter
	Audio    = "usb-audio"
	Hub      = "usb-hub" // full speed, eight ports; cuts them only with the option port-power
)

// Plug is one thing and where it goes.
type Plug struct {
	// Name is what Undock knows it by; letters, digits and dashes.
	Name string
	// Port is the way through the rack's controller: "3", or "3.1" behind a hub
	// that was plugged into port 3.
	Port string
	// Kind is one of the constants above; empty: Storage.
	Kind string
	// Disk is the camera's image on the host, for Storage and UAS.
	Disk string
	// Serial is the serial number that the device claims.
	Serial string
	// ReadOnly gives a card with its write protection on.
	ReadOnly bool
	// BytesPerSecond limits reading and writing together; zero: no limit. See
	// Throttle, which changes it while the device is plugged.
	BytesPerSecond int64
	// Faults are errors of the medium.
	Faults []Fault
	// Options are more properties of QEMU's device: text, number or truth.
	Options map[string]any
}

// Fault is an error that a card gives for a sector of 512 bytes.
type Fault struct {
	Sector int64 // -1: every one
	Write  bool  // while writing; otherwise while reading
	Once   bool  // the second try succeeds
}

// bays are what is plugged in now.
type bays struct {
	mu      sync.Mutex
	plugged map[string]*plugged // by name; guarded by mu
	order   []string            // their names, as they were plugged in; guarded by mu
}

// plugged is one thing with what QEMU calls its parts, the last one made first.
type plugged struct {
	port    string
	devices []string
	nodes   []string
	objects []string
	lines   []string
}

// Dock plugs something in. It returns when QEMU has done so; the guest may take
// a while to see it.
func (r *Rack) Dock(ctx context.Context, p Plug) error {
	if p.Kind == "" {
		p.Kind = Storage
	}
	r.bays.mu.Lock()
	defer r.bays.mu.Unlock()
	if r.bays.plugged[p.Name] != nil {
		return fmt.Errorf("plugging %s in: it is plugged in already", p.Name)
	}
	parts := &plugged{port: p.Port}
	if err := r.plug(ctx, p, parts); err != nil {
		return fmt.Errorf("plugging %s in: %w", p.Name, errors.Join(err, r.remove(ctx, parts)))
	}
	r.bays.plugged[p.Name] = parts
	r.bays.order = append(r.bays.order, p.Name)
	return nil
}

func (r *Rack) plug(ctx context.Context, p Plug, parts *plugged) error {
	device := map[string]any{"driver": p.Kind, "id": p.Name, "bus": "xhci.0", "port": p.Port}
	if p.Serial != "" {
		device["serial"] = p.Serial
	}
	maps.Copy(device, p.Options)
	switch p.Kind {
	case Serial: // its other end leads nowhere
		line := map[string]any{"id": p.Name + "-line", "backend": map[string]any{"type": "null", "data": map[string]any{}}}
		if err := r.make(ctx, "chardev-add", p.Name+"-line", line, &parts.lines); err != nil {
			return err
		}
		device["chardev"] = p.Name + "-line"
		device["always-plugged"] = true // also while nobody listens at the other end
	case Audio:
		device["audiodev"] = silence
	}
	if p.Kind != Storage && p.Kind != UAS {
		return r.make(ctx, "device_add", p.Name, device, &parts.devices)
	}
	node, err := r.medium(ctx, p, parts)
	if err != nil {
		return err
	}
	if p.Kind == Storage {
		device["drive"] = node
		device["removable"] = true
		return r.make(ctx, "device_add", p.Name, device, &parts.devices)
	}
	// A UAS device and its disks are plugged in together: first all is made, then
	// the plug goes in.
	if err := r.make(ctx, "device_add", p.Name, device, &parts.devices); err != nil {
		return err
	}
	disk := map[string]any{"driver": "scsi-hd", "id": p.Name + "-lun0", "bus": p.Name + ".0", "drive": node, "scsi-id": 0, "lun": 0}
	if err := r.make(ctx, "device_add", p.Name+"-lun0", disk, &parts.devices); err != nil {
		return err
	}
	_, err = r.monitor.ask(ctx, "qom-set", map[string]any{"path": "/machine/peripheral/" + p.Name, "property": "attached", "value": true})
	return err
}

// medium opens a camera's image with the limits and faults that it shall have.
func (r *Rack) medium(ctx context.Context, p Plug, parts *plugged) (node string, err error) {
	node = p.Name + "-medium"
	limits := p.Name + "-limits"
	throttle := map[string]any{"qom-type": "throttle-group", "id": limits, "limits": map[string]any{"bps-total": p.BytesPerSecond}}
	if err := r.make(ctx, "object-add", limits, throttle, &parts.objects); err != nil {
		return "", err
	}
	file := map[string]any{"driver": "file", "filename": p.Disk, "locking": "off"}
	if len(p.Faults) > 0 {
		rules := []map[string]any{}
		for _, fault := range p.Faults {
			rule := map[string]any{"event": "none", "iotype": "read", "errno": 5, "once": fault.Once}
			if fault.Write {
				rule["iotype"] = "write"
			}
			if fault.Sector >= 0 {
				rule["sector"] = fault.Sector
			}
			rules = append(rules, rule)
		}
		file = map[string]any{"driver": "blkdebug", "image": file, "inject-error": rules}
	}
	medium := map[string]any{
		"driver": "throttle", "node-name": node, "throttle-group": limits, "read-only": p.ReadOnly,
		"file": map[string]any{"driver": "raw", "file": file, "read-only": p.ReadOnly},
	}
	return node, r.make(ctx, "blockdev-add", node, medium, &parts.nodes)
}

// make has QEMU make a part, and notes its name so that it is removed again.
func (r *Rack) make(ctx context.Context, command, name string, arguments map[string]any, made *[]string) error {
	if _, err := r.monitor.ask(ctx, command, arguments); err != nil {
		return err
	}
	*made = append([]string{name}, *made...)
	return nil
}

// Undock pulls something out, whatever the guest is doing with it. It returns
// when QEMU has done so.
func (r *Rack) Undock(ctx context.Context, name string) error {
	r.bays.mu.Lock()
	parts := r.bays.plugged[name]
	delete(r.bays.plugged, name)
	r.bays.order = slices.DeleteFunc(r.bays.order, func(other string) bool { return other == name })
	r.bays.mu.Unlock()
	if parts == nil {
		return fmt.Errorf("pulling %s out: it is not plugged in", name)
	}
	if err := r.remove(ctx, parts); err != nil {
		return fmt.Errorf("pulling %s out: %w", name, err)
	}
	return nil
}

func (r *Rack) remove(ctx context.Context, parts *plugged) error {
	if n := len(parts.devices); n > 0 { // what was made first takes the others along
		name := parts.devices[n-1]
		if _, err := r.monitor.ask(ctx, "device_del", map[string]any{"id": name}); err != nil {
			return err
		}
		if err := r.monitor.deleted(ctx, name); err != nil {
			return err
		}
	}
	for _, name := range parts.nodes {
		if _, err := r.monitor.ask(ctx, "blockdev-del", map[string]any{"node-name": name}); err != nil {
			return err
		}
	}
	for _, name := range parts.objects {
		if _, err := r.monitor.ask(ctx, "object-del", map[string]any{"id": name}); err != nil {
			return err
		}
	}
	for _, name := range parts.lines {
		if _, err := r.monitor.ask(ctx, "chardev-remove", map[string]any{"id": name}); err != nil {
			return err
		}
	}
	return nil
}

// Throttle changes how many bytes per second a plugged device carries: 1 is a
// device that is stuck, 0 is no limit.
func (r *Rack) Throttle(ctx context.Context, name string, bytesPerSecond int64) error {
	_, err := r.monitor.ask(ctx, "qom-set", map[string]any{
		"path": "/objects/" + name + "-limits", "property": "limits", "value": map[string]any{"bps-total": bytesPerSecond},
	})
	return err
}

// Monitor sends a command of QEMU's machine protocol and gives its answer, for
// what has no method of its own.
func (r *Rack) Monitor(ctx context.Context, command string, arguments any) (json.RawMessage, error) {
	return r.monitor.ask(ctx, command, arguments)
}

// Plugged gives the names of what is plugged in, what was plugged in last first,
// so that what is behind a hub comes before the hub.
func (r *Rack) Plugged() []string {
	r.bays.mu.Lock()
	defer r.bays.mu.Unlock()
	names := slices.Clone(r.bays.order)
	slices.Reverse(names)
	return names
}

// UndockHub pulls a hub out with everything that is plugged into it, as one
// plug: QEMU takes what hangs below along.
func (r *Rack) UndockHub(ctx context.Context, name string) error {
	r.bays.mu.Lock()
	hub := r.bays.plugged[name]
	var behind []string
	for other, parts := range r.bays.plugged {
		if hub != nil && strings.HasPrefix(parts.port, hub.port+".") {
			parts.devices = nil
			behind = append(behind, other)
		}
	}
	r.bays.mu.Unlock()
	if err := r.Undock(ctx, name); err != nil {
		return err
	}
	for _, other := range behind {
		if err := r.monitor.deleted(ctx, other); err != nil {
			return err
		}
		if err := r.Undock(ctx, other); err != nil {
			return err
		}
	}
	return nil
}
