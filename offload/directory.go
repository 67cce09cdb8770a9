package offload

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// Directory is a Store in a directory: a local disk, or the mount of a NAS.
//
// Every call opens the directory anew, checks in that same descriptor that the
// store was commissioned, and reaches everything else from it without following
// a symbolic link or crossing into another filesystem. So a mount that is
// missing is an error and never files on the disk underneath.
//
// Below the directory lie the sealed files under their keys (mode 0440,
// folders 0750) and .berth, with the store's UUID and the files being written.
// The filesystem must have hard links and honour fsync.
//
// A system call on a mount whose server hangs does not end with ctx; it blocks
// its caller until the server answers or the mount gives up. Berth gives each
// store a worker of its own, so that only that store waits.
type Directory struct {
	name         string
	path         string
	sharesDevice bool
	spoolDevice  string

	buffers buffers

	mu    sync.Mutex
	swept map[string]bool // stations whose stale files were removed; guarded by mu
}

// NewDirectory is the store called name in the config, in the directory path.
// sharesDevice is IT's word that it counts although its disk is also that of
// the spool or of another store; spoolDevice is DeviceOf the spool. It does no I/O.
func NewDirectory(name, path string, sharesDevice bool, spoolDevice string) *Directory {
	return &Directory{
		name: name, path: path, sharesDevice: sharesDevice, spoolDevice: spoolDevice,
		swept: map[string]bool{},
	}
}

var _ Store = (*Directory)(nil)

// Identity reads the UUID from the store's medium.
func (d *Directory) Identity(ctx context.Context) (dock.StoreID, error) {
	root, err := d.open(ctx)
	if err != nil {
		return "", err
	}
	defer root.close()
	return root.identity()
}

// Place names the whole disk or the server that the directory is on.
func (d *Directory) Place(ctx context.Context) (dock.Place, error) {
	root, err := d.open(ctx)
	if err != nil {
		return dock.Place{}, err
	}
	defer root.close()
	device, err := deviceOf(root.fd)
	if err != nil {
		return dock.Place{}, fmt.Errorf("find the device of store %s: %w", d.name, err)
	}
	return dock.Place{
		Device: device, SharesDevice: d.sharesDevice,
		OnSpool: device == d.spoolDevice,
	}, nil
}

// Stat describes the object. A store that is not commissioned, or not there,
// is never "no such object".
func (d *Directory) Stat(ctx context.Context, name string, v dock.Version) (dock.Object, error) {
	file, err := d.find(ctx, name, v)
	if err != nil {
		return dock.Object{}, err
	}
	defer file.close()
	return dock.Object{Key: name, SizeBytes: file.sizeBytes}, nil
}

// Open reads the object back. Where the filesystem has direct I/O, the bytes
// come from the disk or the server and not from this machine's memory; where
// it has none, the file is fsynced and dropped from the page cache first, which
// the kernel may ignore. A disk's own cache and a server's are beyond reach in
// both cases: that is why receipts are confirmed again later. Reads end with
// an error once ctx is done.
func (d *Directory) Open(ctx context.Context, name string, v dock.Version) (io.ReadCloser, error) {
	file, err := d.find(ctx, name, v)
	if err != nil {
		return nil, err
	}
	return newMediumReader(ctx, file, &d.buffers)
}

// find opens the object under a key in a store that is commissioned.
func (d *Directory) find(ctx context.Context, name string, v dock.Version) (*object, error) {
	parsed, err := parseKey(name)
	if err != nil {
		return nil, err
	}
	if v != "" {
		return nil, fmt.Errorf("store %s keeps no versions: %s version %q: %w", d.name, name, string(v), fs.ErrNotExist)
	}
	root, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	defer root.close()
	if _, err := root.identity(); err != nil {
		return nil, err
	}
	return root.object(parsed)
}

func (d *Directory) open(ctx context.Context) (*root, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	fd, err := unix.Open(d.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	switch err {
	case nil:
		return &root{store: d.name, path: d.path, fd: fd}, nil
	case unix.ENOENT, unix.ENOTDIR:
		// Not wrapped: a store that is missing must not look like a missing object.
		return nil, fmt.Errorf("%w: store %s: there is no directory %s", ErrNotCommissioned, d.name, d.path)
	}
	return nil, fmt.Errorf("open store %s at %s: %w", d.name, d.path, err)
}
