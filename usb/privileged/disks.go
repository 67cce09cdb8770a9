package privileged

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// The most that is looked at of one device.
const (
	maxDisks   = 32
	maxVolumes = 128
)

// block is a whole disk or a partition of one, as sysfs shows it.
type block struct {
	Volume
	name      string // of its node, such as "sda1"
	number    uint64 // major and minor, as stat(2) has them
	sizeBytes int64
}

// disk is one logical unit with a medium in it.
type disk struct {
	block
	sequence   uint64 // the kernel's number of this very disk (diskseq, Linux 5.15)
	partitions []block
}

// disks finds the device's logical units that have a medium, by number. Below
// an interface the kernel shows host, target, unit (H:C:T:LUN) and block.
func (p *place) disks() ([]disk, error) {
	var found []disk
	interfaces, err := p.interfaces()
	if err != nil {
		return nil, err
	}
	for _, each := range interfaces {
		units, err := p.below([]string{each}, "host", "target", "")
		if err != nil {
			return nil, err
		}
		for _, unit := range units {
			disks, err := p.disksOf(unit)
			if err != nil {
				return nil, err
			}
			if found = append(found, disks...); len(found) > maxDisks {
				return nil, fmt.Errorf("%w: more than %d disks", dock.ErrLimit, maxDisks)
			}
		}
	}
	slices.SortFunc(found, func(a, b disk) int { return a.LUN - b.LUN })
	for i := 1; i < len(found); i++ {
		if found[i].LUN == found[i-1].LUN {
			return nil, fmt.Errorf("two disks of one device have the unit number %d", found[i].LUN)
		}
	}
	return found, nil
}

// below goes down from directories by what names begin with.
func (p *place) below(at []string, prefixes ...string) ([]string, error) {
	for _, prefix := range prefixes {
		var next []string
		for _, directory := range at {
			names, err := p.names(directory)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
				continue
			}
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				if strings.HasPrefix(name, prefix) {
					next = append(next, directory+"/"+name)
				}
			}
		}
		at = next
	}
	return at, nil
}

// disksOf are the disks of one unit, "…/H:C:T:LUN"; none for what is no unit.
func (p *place) disksOf(unit string) ([]disk, error) {
	_, address, _ := cutLast(unit, '/')
	parts := strings.Split(address, ":")
	if len(parts) != 4 {
		return nil, nil
	}
	lun, err := strconv.ParseUint(parts[3], 10, 31)
	if err != nil {
		return nil, nil
	}
	names, err := p.below([]string{unit + "/block"}, "")
	if err != nil {
		return nil, err
	}
	var found []disk
	for _, path := range names {
		d, err := p.disk(path, int(lun))
		if err != nil {
			return nil, err
		}
		if d.sizeBytes > 0 { // a reader without a card has none
			found = append(found, d)
		}
	}
	return found, nil
}

func (p *place) disk(path string, lun int) (disk, error) {
	whole, err := p.block(path, Volume{LUN: lun})
	if err != nil {
		return disk{}, err
	}
	sequence, err := p.number(path + "/diskseq")
	if err != nil {
		return disk{}, fmt.Errorf("read the kernel's number of a disk: %w", err)
	}
	d := disk{block: whole, sequence: uint64(sequence)}
	below, err := p.below([]string{path}, whole.name)
	if err != nil {
		return disk{}, err
	}
	for _, path := range below {
		number, err := p.number(path + "/partition")
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
			continue
		}
		if err != nil {
			return disk{}, err
		}
		partition, err := p.block(path, Volume{LUN: lun, Partition: int(number)})
		if err != nil {
			return disk{}, err
		}
		d.partitions = append(d.partitions, partition)
	}
	slices.SortFunc(d.partitions, func(a, b block) int { return a.Partition - b.Partition })
	return d, nil
}

func (p *place) block(path string, v Volume) (block, error) {
	_, name, _ := cutLast(path, '/')
	b := block{Volume: v, name: name}
	numbers, err := p.text(path + "/dev")
	if err != nil {
		return block{}, err
	}
	var major, minor uint32
	if _, err := fmt.Sscanf(numbers, "%d:%d", &major, &minor); err != nil {
		return block{}, fmt.Errorf("read the number of a disk: %w", err)
	}
	b.number = unix.Mkdev(major, minor)
	sectors, err := p.number(path + "/size")
	if err != nil {
		return block{}, err
	}
	b.sizeBytes = sectors * 512 // whatever the disk's own sectors are
	return b, nil
}

// names lists a directory below the device, in order.
func (p *place) names(directory string) ([]string, error) {
	fd, err := unix.Openat(p.fd, directory, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	folder := os.NewFile(uintptr(fd), "directory")
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

func cutLast(s string, separator byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, separator)
	return s[:max(i, 0)], s[i+1:], i >= 0
}
