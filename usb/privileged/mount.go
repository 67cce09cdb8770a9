package privileged

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// noSymFollow is MOUNT_ATTR_NOSYMFOLLOW (mount_setattr(2), Linux 5.14).
const noSymFollow = 0x200000

// Mount mounts a volume by itself: if an earlier mount of it still lives, be it
// by a forgotten descriptor, it fails with unix.EBUSY instead of sharing that
// one's memory. What is read through it comes from the medium the first time.
// ReadOnly leaves every byte of the device as it is. ReadWrite refuses a volume
// whose journal would have to be replayed.
func (l *Local) Mount(ctx context.Context, d Device, v Volume, access Access) (*Mounted, error) {
	tried := fmt.Sprintf("mount volume %d of unit %d in port %s", v.Partition, v.LUN, d.Port)
	p, err := l.find(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tried, err)
	}
	defer p.close()
	n, err := l.open(p, v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tried, err)
	}
	m, err := l.mountNode(n, access)
	if err != nil {
		n.close()
		return nil, fmt.Errorf("%s: %w", tried, l.explain(p, err))
	}
	if err := l.still(p); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", tried, err), m.Close())
	}
	return m, nil
}

func (l *Local) mountNode(n *node, access Access) (*Mounted, error) {
	if err := errors.Join(n.unused(), n.flush()); err != nil {
		return nil, err
	}
	info, err := probe(n.file)
	if err != nil {
		return nil, err
	}
	if info.Kind == Unknown {
		return nil, errors.New("what it holds is not a filesystem that is mounted here")
	}
	if access == ReadWrite && info.Replay {
		return nil, errors.New("its journal was not replayed")
	}
	m := &Mounted{local: l, node: n, access: access}
	if err := l.begin(n, access); err != nil {
		return nil, err
	}
	m.root, err = mountDetached(n, info.Kind, access)
	if err == nil && access == ReadWrite {
		m.sync, err = openAt(m.root, unix.O_RDONLY|unix.O_DIRECTORY)
	}
	if err != nil {
		if m.root != nil {
			m.root.Close()
		}
		return nil, errors.Join(err, l.end(n, access))
	}
	if access == ReadOnly {
		m.node = nil
		n.close()
	}
	return m, nil
}

// mountDetached makes a mount that no name leads to.
func mountDetached(n *node, kind FilesystemKind, access Access) (*os.File, error) {
	context, err := unix.Fsopen(string(kind), unix.FSOPEN_CLOEXEC)
	if errors.Is(err, unix.ENODEV) {
		return nil, fmt.Errorf("this system cannot mount %s: %w", kind, err)
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(context)
	// By its descriptor: the node's name could lead elsewhere by now.
	if err := unix.FsconfigSetString(context, "source", byDescriptor(int(n.file.Fd()))); err != nil {
		return nil, err
	}
	for _, option := range mountOptions(kind, access) {
		if err := set(context, option); err != nil {
			return nil, fmt.Errorf("mount option %q: %w%s", option.name, err, kernelSays(context))
		}
	}
	if err := unix.FsconfigCreate(context); err != nil {
		return nil, fmt.Errorf("%w%s", err, kernelSays(context))
	}
	attributes := unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC | unix.MOUNT_ATTR_NOATIME | noSymFollow
	if access == ReadOnly {
		attributes |= unix.MOUNT_ATTR_RDONLY
	}
	fd, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, attributes)
	if err != nil {
		return nil, err
	}
	root := os.NewFile(uintptr(fd), "volume")
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Dev != n.number {
		err = errors.New("another device was mounted")
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	return root, nil
}

// kernelSays is what the kernel adds to the error number, bounded and quoted.
func kernelSays(context int) string {
	message := make([]byte, 256)
	n, err := unix.Read(context, message)
	if err != nil || n <= 0 {
		return ""
	}
	return ": " + strconv.Quote(strings.TrimSpace(string(message[:n])))
}

// openAt opens the directory behind a descriptor anew.
func openAt(directory *os.File, flags int) (*os.File, error) {
	fd, err := unix.Openat(int(directory.Fd()), ".", flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "volume"), nil
}

// Mounted is a volume that is mounted where no name leads to it. It lives until
// Close and until every descriptor below it is closed. Safe for concurrent use.
type Mounted struct {
	local  *Local
	access Access

	mu   sync.Mutex
	root *os.File // nil once closed; guarded by mu
	node *node    // ReadWrite: the volume, open since before; guarded by mu
	sync *os.File // ReadWrite: tells of every write that failed since; guarded by mu
}

// Open opens the volume's root anew, for looking things up only (O_PATH); the
// caller closes the descriptor.
func (m *Mounted) Open() (fd int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.root == nil {
		return -1, fmt.Errorf("open a volume's root: %w", os.ErrClosed)
	}
	fd, err = unix.Openat(int(m.root.Fd()), ".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open a volume's root: %w", err)
	}
	return fd, nil
}

// UsedBytes is what the filesystem says is in use; -1 if it cannot tell.
func (m *Mounted) UsedBytes() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	var st unix.Statfs_t
	if m.root == nil || unix.Fstatfs(int(m.root.Fd()), &st) != nil || st.Bfree > st.Blocks || st.Frsize <= 0 {
		return -1
	}
	return int64(st.Blocks-st.Bfree) * st.Frsize
}

// Close ends the mount. One that was writable is synced first; an error means
// that something may not have reached the medium, or that a descriptor below
// is still open, so that the volume is not given back yet.
func (m *Mounted) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.root == nil {
		return nil
	}
	return m.end()
}

// end is Close; m.mu is held, or nobody else knows m yet.
func (m *Mounted) end() error {
	var failed []error
	if m.sync != nil {
		failed = append(failed, unix.Syncfs(int(m.sync.Fd())), m.sync.Close())
	}
	if m.root != nil {
		m.root.Close()
		m.root = nil
	}
	if m.access == ReadWrite && m.node != nil {
		failed = append(failed, m.node.unused(), m.node.file.Sync(), m.local.end(m.node, m.access))
		m.node.close()
		m.node = nil
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("close a writable volume: %w", err)
	}
	return nil
}
