package massstorage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/filetree"
	"berth/usb/privileged"
)

// camera is the volumes of one device as one dock.Camera.
type camera struct {
	helper  Helper
	log     *slog.Logger
	profile filetree.Profile
	at      dock.Attachment
	device  privileged.Device
	volumes []*volume
	info    dock.CameraInfo

	mu     sync.Mutex // held by what mounts and unmounts
	closed bool       // guarded by mu
}

var (
	_ dock.Camera   = (*camera)(nil)
	_ dock.Rereader = (*camera)(nil)
	_ dock.Eraser   = (*camera)(nil)
)

var errClosed = errors.New("camera was closed")

// begin mounts what can be mounted and identifies the camera.
func (c *camera) begin(ctx context.Context) error {
	words := []filetree.Word{{Source: "usb-serial", Text: c.at.Device.Serial}}
	var roots []int
	defer func() {
		for _, fd := range roots {
			unix.Close(fd)
		}
	}()
	for _, v := range c.volumes {
		if err := v.ready(ctx, privileged.ReadOnly); err != nil {
			if final(ctx, err) {
				return err
			}
			c.log.Warn("a volume of a camera cannot be mounted", "bay", c.at.Bay, "volume", v.name(), "error", err)
			continue
		}
		fd, err := v.Open()
		if err != nil {
			return err
		}
		roots = append(roots, fd)
		if len(words) == 1 && v.info.UUID != "" {
			words = append(words, filetree.Word{Source: "volume-id", Text: v.info.UUID})
		}
	}
	words = append(words, filetree.Word{Source: "usb-product", Text: fmt.Sprintf("%04x-%04x", c.at.Device.Vendor, c.at.Device.Product)})
	c.info = filetree.Identify(c.profile, words, roots...)
	return c.helper.Attached(c.device)
}

// final are the errors after which there is no use in going on.
func final(ctx context.Context, err error) bool {
	return errors.Is(err, dock.ErrGone) || ctx.Err() != nil
}

// Info is what the camera said about itself when it was opened.
func (c *camera) Info() dock.CameraInfo { return c.info }

// start begins an operation; the caller unlocks c.mu if there is no error.
func (c *camera) start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	err := c.helper.Attached(c.device)
	if c.closed {
		err = errClosed
	}
	if err != nil {
		c.mu.Unlock()
	}
	return err
}

// List walks every volume to its end and looks at the raw volumes for files
// that hold more than they say. A volume that cannot be mounted or walked is an
// exception.
func (c *camera) List(ctx context.Context) (dock.Listing, error) {
	const tried = "list camera"
	if err := c.start(ctx); err != nil {
		return dock.Listing{}, fmt.Errorf("%s: %w", tried, err)
	}
	defer c.mu.Unlock()
	whole := dock.Listing{Clean: true}
	for _, v := range c.volumes {
		part, err := v.list(ctx)
		if err != nil {
			return dock.Listing{}, fmt.Errorf("%s: %w", tried, err)
		}
		whole.Entries = append(whole.Entries, part.Entries...)
		whole.Exceptions = append(whole.Exceptions, part.Exceptions...)
		whole.Clean = whole.Clean && part.Clean
		if part.UsedBytes < 0 || whole.UsedBytes < 0 {
			whole.UsedBytes = -1
		} else {
			whole.UsedBytes += part.UsedBytes
		}
	}
	if err := c.helper.Attached(c.device); err != nil {
		return dock.Listing{}, fmt.Errorf("%s: %w", tried, err)
	}
	slices.SortFunc(whole.Entries, func(a, b dock.Entry) int { return cmp.Compare(a.Handle, b.Handle) })
	slices.SortStableFunc(whole.Exceptions, func(a, b dock.Exception) int { return cmp.Compare(a.Name, b.Name) })
	return whole, nil
}

// volumeOf is the volume that a handle belongs to.
func (c *camera) volumeOf(e dock.Entry) (*volume, error) {
	for _, v := range c.volumes {
		if strings.HasPrefix(string(e.Handle), v.prefix) {
			return v, nil
		}
	}
	return nil, errors.New("not a handle of this camera")
}

// Close ends every mount. Readers that are still open fail. An error means that
// what was erased last may not have reached the medium.
func (c *camera) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	var failed []error
	for _, v := range c.volumes {
		failed = append(failed, v.unmount())
		if v.tree != nil {
			failed = append(failed, v.tree.Close())
		}
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("close camera: %w", err)
	}
	return nil
}
