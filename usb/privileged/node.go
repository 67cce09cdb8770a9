package privileged

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// The kernel's requests for disks (linux/fs.h).
const (
	blkROSet      = 0x125d     // BLKROSET: refuse to be opened for writing
	blkFlushCache = 0x1261     // BLKFLSBUF: forget what was read
	blkSequence   = 0x80081280 // BLKGETDISKSEQ
)

// node is a volume and its disk, open for reading. As long as it is open, no
// other disk gets the same number.
type node struct {
	block
	sequence uint64
	file     *os.File // the volume
	whole    *os.File // its disk; file itself if that is the volume
}

// open opens the volume's nodes and makes sure that they are those of the
// device: same numbers, same disk, and the device is still in its port.
func (l *Local) open(p *place, v Volume) (*node, error) {
	disks, err := p.disks()
	if err != nil {
		return nil, l.explain(p, err)
	}
	for _, d := range disks {
		if d.LUN != v.LUN {
			continue
		}
		if v.Partition == 0 {
			return l.openBlocks(p, d, d.block)
		}
		for _, partition := range d.partitions {
			if partition.Volume == v {
				return l.openBlocks(p, d, partition)
			}
		}
	}
	return nil, l.explain(p, fmt.Errorf("there is no volume %d of unit %d", v.Partition, v.LUN))
}

func (l *Local) openBlocks(p *place, d disk, b block) (*node, error) {
	whole, err := l.openBlock(d.block, d.sequence)
	if err != nil {
		return nil, l.explain(p, err)
	}
	n := &node{block: b, sequence: d.sequence, file: whole, whole: whole}
	if b.Partition != 0 {
		if n.file, err = l.openBlock(b, d.sequence); err != nil {
			whole.Close()
			return nil, l.explain(p, err)
		}
	}
	if err := l.still(p); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// openBlock looks at a node before it opens it.
func (l *Local) openBlock(b block, sequence uint64) (*os.File, error) {
	looked, err := unix.Open(l.dev+"/"+b.name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("look for a disk's node: %w", err)
	}
	defer unix.Close(looked)
	var st unix.Stat_t
	if err := unix.Fstat(looked, &st); err != nil {
		return nil, fmt.Errorf("look at a disk's node: %w", err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK || st.Rdev != b.number {
		return nil, errors.New("a disk's node is that of another device")
	}
	file, err := os.Open(byDescriptor(looked))
	if err != nil {
		return nil, fmt.Errorf("open a disk: %w", err)
	}
	now, err := diskSequence(file)
	if err == nil && now != sequence {
		err = fmt.Errorf("%w: another disk has its number", dock.ErrGone)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func byDescriptor(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// explain says that the device is gone if that is why err happened.
func (l *Local) explain(p *place, err error) error {
	if gone := l.still(p); errors.Is(gone, dock.ErrGone) {
		return gone
	}
	return err
}

func (n *node) close() {
	n.file.Close()
	if n.whole != n.file {
		n.whole.Close()
	}
}

// flush makes the kernel forget what it read of the volume and of its disk
// outside of a filesystem.
func (n *node) flush() error {
	for _, file := range []*os.File{n.file, n.whole} {
		if err := unix.IoctlSetInt(int(file.Fd()), blkFlushCache, 0); err != nil {
			return fmt.Errorf("forget what was read of a disk: %w", err)
		}
	}
	return nil
}

// unused fails with unix.EBUSY while a filesystem of the volume is mounted
// anywhere, be it only by a descriptor: such a mount would be joined by the
// next one, with all that it remembers.
func (n *node) unused() error {
	fd, err := unix.Open(byDescriptor(int(n.file.Fd())), unix.O_RDONLY|unix.O_EXCL|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("use a volume alone: %w", err)
	}
	return unix.Close(fd)
}

// protect sets the whole disk read-only, or not.
func (n *node) protect(readOnly bool) error {
	word := 0
	if readOnly {
		word = 1
	}
	if err := unix.IoctlSetPointerInt(int(n.whole.Fd()), blkROSet, word); err != nil {
		return fmt.Errorf("set a disk read-only: %w", err)
	}
	return nil
}

// diskSequence asks an open disk for the kernel's number of it.
func diskSequence(file *os.File) (uint64, error) {
	var sequence uint64
	_, _, failed := unix.Syscall(unix.SYS_IOCTL, file.Fd(), blkSequence, uintptr(unsafe.Pointer(&sequence)))
	if failed != 0 {
		return 0, fmt.Errorf("ask for the kernel's number of a disk: %w", failed)
	}
	return sequence, nil
}
