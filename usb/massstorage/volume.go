package massstorage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"berth/dock"
	"berth/usb/filetree"
	"berth/usb/privileged"
)

// volume is one volume of a camera and the filetree.Root of its tree. Its tree
// stays for the whole docking, while mounts come and go below it. What mounts
// and unmounts holds the camera's mu.
type volume struct {
	camera *camera
	info   privileged.VolumeInfo
	prefix string         // of every name on it; empty on the only volume
	tree   *filetree.Tree // nil until it was mounted once

	access     privileged.Access
	touched    map[dock.Handle]bool // read through the present mount
	unfinished []privileged.Unfinished
	looked     bool  // unfinished was looked for through the present mount
	checked    bool  // the filesystem's checker looked at it
	damage     error // what it found; nil if nothing
	fault      error // that writing failed; nil if it did not

	mu      sync.Mutex
	mounted *privileged.Mounted  // nil while there is none; guarded by mu
	readers map[suspendable]bool // what is open below it; guarded by mu
}

var _ filetree.Root = (*volume)(nil)

func newVolume(c *camera, info privileged.VolumeInfo, only bool) *volume {
	v := &volume{camera: c, info: info, readers: map[suspendable]bool{}}
	if !only {
		v.prefix = fmt.Sprintf("lun%dp%d/", info.LUN, info.Partition)
	}
	return v
}

// name is what listings call the volume itself.
func (v *volume) name() dock.RawName {
	if v.prefix == "" {
		return "."
	}
	return dock.RawName(strings.TrimSuffix(v.prefix, "/"))
}

// Open opens the root of the present mount.
func (v *volume) Open() (int, error) {
	if err := v.Attached(); err != nil {
		return -1, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mounted == nil {
		return -1, fmt.Errorf("open a volume: %w", os.ErrClosed)
	}
	return v.mounted.Open()
}

// Attached asks for the whole device.
func (v *volume) Attached() error { return v.camera.helper.Attached(v.camera.device) }

// UsedBytes is what the filesystem says.
func (v *volume) UsedBytes() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mounted == nil {
		return -1
	}
	return v.mounted.UsedBytes()
}

// Clean: it was unmounted, or its checker found nothing wrong with it, and
// nothing that we wrote failed since.
func (v *volume) Clean() bool {
	return v.fault == nil && v.damage == nil && !v.info.Replay && (!v.info.Dirty || v.checked)
}

// ready has the volume mounted for this access and no other. A mount for
// writing that ends here and did not end well is an error, once.
func (v *volume) ready(ctx context.Context, access privileged.Access) error {
	if v.is(access) {
		return nil
	}
	return v.mountAnew(ctx, access)
}

// is reports whether there is a mount for this access.
func (v *volume) is(access privileged.Access) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.mounted != nil && v.access == access
}

// mountAnew ends the present mount and makes a fresh one, through which nothing
// was read yet.
func (v *volume) mountAnew(ctx context.Context, access privileged.Access) error {
	if v.info.Kind == privileged.Unknown {
		return errors.New("it holds no filesystem that is mounted here")
	}
	if err := v.unmount(); err != nil {
		return err
	}
	c := v.camera
	if err := c.helper.Flush(ctx, c.device, v.info.Volume); err != nil {
		return err
	}
	mounted, err := c.helper.Mount(ctx, c.device, v.info.Volume, access)
	if err != nil {
		return err
	}
	v.mu.Lock()
	v.mounted, v.access = mounted, access
	v.mu.Unlock()
	v.touched, v.unfinished, v.looked = map[dock.Handle]bool{}, nil, false
	if v.tree != nil {
		return nil
	}
	options := filetree.Options{Attachment: c.at, Root: v, Profile: c.profile, Prefix: v.prefix}
	if v.info.Kind != privileged.Ext4 {
		options.Volume = string(v.info.Kind) + ":" + v.info.UUID
	}
	v.tree, err = filetree.New(ctx, options)
	return err
}

// unmount ends the present mount, if there is one, after everything that is
// open below it was closed; readers go on by themselves when there is another.
func (v *volume) unmount() error {
	v.mu.Lock()
	mounted := v.mounted
	v.mounted = nil
	var open []suspendable
	for r := range v.readers {
		open = append(open, r)
	}
	v.mu.Unlock()
	if mounted == nil {
		return nil
	}
	for _, r := range open {
		r.suspend()
	}
	err := mounted.Close()
	if err != nil {
		v.fault = err
	}
	return err
}

// check has the volume's checker look at it, once, with no mount in its way.
func (v *volume) check(ctx context.Context) error {
	if v.checked {
		return v.damage
	}
	if err := v.unmount(); err != nil {
		return err
	}
	err := v.camera.helper.Check(ctx, v.camera.device, v.info.Volume)
	if err != nil && final(ctx, err) {
		return err
	}
	v.checked, v.damage = true, err
	return err
}
