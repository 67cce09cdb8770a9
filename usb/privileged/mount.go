package privileged

import (
	"context"
	"errors"
	"fmt"
)

// Mounted is a volume that is mounted where no name leads to it. It lives until
// Close and until every descriptor below it is closed. Safe for concurrent use.
type Mounted struct{}

// Open opens the volume's root anew, for looking things up only (O_PATH); the
// caller closes the descriptor.
func (m *Mounted) Open() (fd int, err error) { return -1, errors.ErrUnsupported }

// UsedBytes is what the filesystem says is in use; -1 if it cannot tell.
func (m *Mounted) UsedBytes() int64 { return -1 }

// Close ends the mount as soon as every descriptor below it is closed.
func (m *Mounted) Close() error { return nil }

// Attached reports whether the device is still in its port: nil, dock.ErrGone,
// or why that cannot be told.
func (l *Local) Attached(d Device) error {
	p, err := l.find(context.Background(), d)
	if err != nil {
		return err
	}
	p.close()
	return nil
}

// Volumes lists every place of the device that can hold a filesystem.
func (l *Local) Volumes(ctx context.Context, d Device) ([]VolumeInfo, error) {
	return nil, fmt.Errorf("list the volumes in port %s: %w", d.Port, errors.ErrUnsupported)
}

// Mount mounts a volume.
func (l *Local) Mount(ctx context.Context, d Device, v Volume, access Access) (*Mounted, error) {
	return nil, fmt.Errorf("mount a volume in port %s: %w", d.Port, errors.ErrUnsupported)
}

// Check has the filesystem's own checker look at a volume, without repairing
// anything: nil if it found nothing wrong.
func (l *Local) Check(ctx context.Context, d Device, v Volume) error {
	return fmt.Errorf("check a volume in port %s: %w", d.Port, errors.ErrUnsupported)
}

// Flush makes the kernel forget what it read of a volume that is not mounted
// any more.
func (l *Local) Flush(ctx context.Context, d Device, v Volume) error {
	return fmt.Errorf("flush a volume in port %s: %w", d.Port, errors.ErrUnsupported)
}

// Unfinished lists the files of a volume that claim to be empty and are not.
func (l *Local) Unfinished(ctx context.Context, d Device, v Volume) ([]Unfinished, error) {
	return nil, fmt.Errorf("look for unfinished files in port %s: %w", d.Port, errors.ErrUnsupported)
}
