package massstorage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"berth/dock"
	"berth/usb/filetree"
	"berth/usb/privileged"
)

// Helper is what needs privilege; *privileged.Local is one.
type Helper interface {
	Attached(d privileged.Device) error
	Volumes(ctx context.Context, d privileged.Device) ([]privileged.VolumeInfo, error)
	Mount(ctx context.Context, d privileged.Device, v privileged.Volume, access privileged.Access) (*privileged.Mounted, error)
	Check(ctx context.Context, d privileged.Device, v privileged.Volume) error
	Flush(ctx context.Context, d privileged.Device, v privileged.Volume) error
	Unfinished(ctx context.Context, d privileged.Device, v privileged.Volume) ([]privileged.Unfinished, error)
}

var _ Helper = (*privileged.Local)(nil)

// Options are what a driver needs.
type Options struct {
	Helper Helper
	// Profiles are found by their names: dock.Device.Profile says which one
	// admitted a camera. Without one every file is a recording.
	Profiles []filetree.Profile
	Log      *slog.Logger // may be nil
}

// Driver opens mass-storage cameras. Safe for concurrent use.
type Driver struct {
	helper   Helper
	profiles []filetree.Profile
	log      *slog.Logger
}

var _ dock.Driver = (*Driver)(nil)

// NewDriver says everything that is wrong with the profiles.
func NewDriver(o Options) (*Driver, error) {
	var wrong []error
	for _, profile := range o.Profiles {
		wrong = append(wrong, profile.Validate())
	}
	if o.Helper == nil {
		wrong = append(wrong, errors.New("mass storage needs a helper that mounts"))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Driver{helper: o.Helper, profiles: slices.Clone(o.Profiles), log: log}, nil
}

// Name is "mass-storage".
func (d *Driver) Name() string { return "mass-storage" }

// Match reports whether the attachment is a USB device that this driver was
// chosen for when it was admitted.
func (d *Driver) Match(at dock.Attachment) bool {
	return at.Device != nil && at.Device.Driver == d.Name()
}

// Open mounts every volume of the camera that can be mounted and identifies
// the camera by its profile's sources: files on any volume, "usb-serial",
// "volume-id" of the first volume that has one. What is left if all of these
// are missing is "usb-product", which all cameras of a model share. A volume
// that does not mount is no error: every listing says so.
func (d *Driver) Open(ctx context.Context, at dock.Attachment) (dock.Camera, error) {
	const tried = "open camera"
	if !d.Match(at) {
		return nil, errors.New(tried + ": the attachment is not a mass-storage device")
	}
	c := &camera{
		helper: d.helper, log: d.log, profile: d.profileOf(at.Device.Profile), at: at,
		device: privileged.Device{Port: at.Device.Port, Number: at.Device.Number},
	}
	infos, err := d.helper.Volumes(ctx, c.device)
	if err == nil && len(infos) == 0 {
		err = errors.New("it has no disk with a medium in it")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tried, err)
	}
	for _, info := range infos {
		c.volumes = append(c.volumes, newVolume(c, info, len(infos) == 1))
	}
	if err := c.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", tried, err), c.Close())
	}
	return c, nil
}

// profileOf is the profile of this name, or the zero one.
func (d *Driver) profileOf(name string) filetree.Profile {
	for _, profile := range d.profiles {
		if profile.Name == name && name != "" {
			return profile
		}
	}
	return filetree.Profile{}
}
