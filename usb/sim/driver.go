package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/filetree"
)

// Driver opens the cameras of directory bays. Safe for concurrent use.
type Driver struct{ profiles []filetree.Profile }

var _ dock.Driver = (*Driver)(nil)

// NewDriver is the driver with these profiles, of which the first that matches
// a camera is used. A profile with identity files matches a camera that has one
// of them, any other profile matches every camera, and without a profile every
// file is a recording. The error says everything that is wrong with them.
func NewDriver(profiles []filetree.Profile) (*Driver, error) {
	var wrong []error
	for _, profile := range profiles {
		wrong = append(wrong, profile.Validate())
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return &Driver{profiles: slices.Clone(profiles)}, nil
}

// Name is "directory".
func (d *Driver) Name() string { return "directory" }

// Match reports whether the attachment is a folder.
func (d *Driver) Match(at dock.Attachment) bool { return at.Folder != nil }

// Open identifies the camera by its profile's sources, or else by the name of
// its folder.
func (d *Driver) Open(ctx context.Context, at dock.Attachment) (dock.Camera, error) {
	if at.Folder == nil {
		return nil, errors.New("open camera: the attachment is not a folder")
	}
	root, err := filetree.NewFolder(*at.Folder)
	if err != nil {
		return nil, fmt.Errorf("open camera: %w", err)
	}
	profile, err := d.profileOf(root)
	if err != nil {
		return nil, fmt.Errorf("open camera: %w", err)
	}
	tree, err := filetree.New(ctx, filetree.Options{
		Attachment: at, Root: root, Profile: profile,
		Words: []filetree.Word{{Source: "folder-name", Text: at.Folder.Name}},
	})
	if err != nil {
		return nil, fmt.Errorf("open camera: %w", err)
	}
	return tree, nil
}

func (d *Driver) profileOf(root filetree.Root) (filetree.Profile, error) {
	fd, err := root.Open()
	if err != nil {
		return filetree.Profile{}, err
	}
	defer unix.Close(fd)
	for _, profile := range d.profiles {
		files := profile.IdentityFiles()
		if len(files) == 0 || slices.ContainsFunc(files, func(path string) bool { return filetree.HasFile(fd, path) }) {
			return profile, nil
		}
	}
	return filetree.Profile{}, nil
}
