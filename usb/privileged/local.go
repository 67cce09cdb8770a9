package privileged

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"berth/dock"
)

// Options say where the kernel shows its devices. Zero fields stand for their defaults.
type Options struct {
	Sys string // where sysfs is mounted; "/sys"
	Dev string // where the device nodes are; "/dev"
	Log *slog.Logger
}

// Local does everything in this process, which needs CAP_SYS_ADMIN, and
// CAP_DAC_OVERRIDE to read what other users own on a volume. Safe for
// concurrent use; calls on one device do not wait for those on another.
type Local struct {
	sys, dev string
	log      *slog.Logger

	mu      sync.Mutex
	writing map[uint64]int // writable mounts by the kernel's number of their disk; guarded by mu
}

// NewLocal touches nothing yet.
func NewLocal(o Options) *Local {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Local{sys: cmp.Or(o.Sys, "/sys"), dev: cmp.Or(o.Dev, "/dev"), log: log, writing: map[uint64]int{}}
}

// begin makes the disk read-only, or writable for one more mount.
func (l *Local) begin(n *node, access Access) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if access == ReadOnly && l.writing[n.sequence] > 0 {
		return nil
	}
	if err := n.protect(access == ReadOnly); err != nil {
		return err
	}
	if access == ReadWrite {
		l.writing[n.sequence]++
	}
	return nil
}

// end takes back a begin: after the last writable mount the disk is read-only again.
func (l *Local) end(n *node, access Access) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if access == ReadOnly {
		return nil
	}
	if l.writing[n.sequence]--; l.writing[n.sequence] > 0 {
		return nil
	}
	delete(l.writing, n.sequence)
	return n.protect(true)
}

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

// Volumes lists every place of the device that can hold a filesystem, in order
// of unit and partition, and protects its disks from writing. A disk without
// partitions is one place; one with partitions is a place itself as well if it
// has a known filesystem beside them.
func (l *Local) Volumes(ctx context.Context, d Device) ([]VolumeInfo, error) {
	tried := fmt.Sprintf("list the volumes in port %s", d.Port)
	p, err := l.find(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tried, err)
	}
	defer p.close()
	disks, err := p.disks()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tried, l.explain(p, err))
	}
	var found []VolumeInfo
	for _, each := range disks {
		for _, b := range append([]block{each.block}, each.partitions...) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			info, err := l.look(p, each, b)
			if errors.Is(err, dock.ErrGone) {
				return nil, fmt.Errorf("%s: %w", tried, err)
			}
			// What cannot be read is a volume that nobody knows.
			if err != nil {
				l.log.Warn("a volume cannot be read", "port", d.Port, "unit", b.LUN, "partition", b.Partition, "error", err)
			}
			if b.Partition == 0 && len(each.partitions) > 0 && info.Kind == Unknown || extended(b) {
				continue
			}
			if found = append(found, info); len(found) > maxVolumes {
				return nil, fmt.Errorf("%s: %w: more than %d", tried, dock.ErrLimit, maxVolumes)
			}
		}
	}
	if err := l.still(p); err != nil {
		return nil, fmt.Errorf("%s: %w", tried, err)
	}
	return found, nil
}

// extended: the kernel shows the partition that only holds others with the two
// sectors of its table.
func extended(b block) bool { return b.Partition != 0 && b.sizeBytes <= 1024 }

// look says what one volume claims to be.
func (l *Local) look(p *place, of disk, b block) (VolumeInfo, error) {
	unknown := VolumeInfo{Volume: b.Volume, SizeBytes: b.sizeBytes}
	n, err := l.openBlocks(p, of, b)
	if err != nil {
		return unknown, err
	}
	defer n.close()
	if err := l.begin(n, ReadOnly); err != nil {
		return unknown, err
	}
	info, err := probe(n.file)
	if err != nil {
		return unknown, l.explain(p, err)
	}
	info.Volume, info.SizeBytes = b.Volume, b.sizeBytes
	return info, nil
}

// with runs do on a volume's nodes.
func (l *Local) with(ctx context.Context, tried string, d Device, v Volume, do func(*node) error) error {
	tried = fmt.Sprintf("%s volume %d of unit %d in port %s", tried, v.Partition, v.LUN, d.Port)
	p, err := l.find(ctx, d)
	if err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	defer p.close()
	n, err := l.open(p, v)
	if err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	defer n.close()
	err = l.begin(n, ReadOnly)
	if err == nil {
		err = do(n)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", tried, l.explain(p, err))
	}
	if err := l.still(p); err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	return nil
}

// Flush makes the kernel forget what it read of a volume. It fails with
// unix.EBUSY while a mount of it still lives, which would go on remembering.
func (l *Local) Flush(ctx context.Context, d Device, v Volume) error {
	return l.with(ctx, "flush", d, v, func(n *node) error { return errors.Join(n.unused(), n.flush()) })
}

// Unfinished lists the files of a FAT or exFAT volume that hold more than they
// say, or that no mounted filesystem shows, read from the raw volume.
func (l *Local) Unfinished(ctx context.Context, d Device, v Volume) (found []Unfinished, err error) {
	err = l.with(ctx, "look for unfinished files on", d, v, func(n *node) (err error) {
		found, err = unfinished(ctx, n.file)
		return err
	})
	return found, err
}
