package usb

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"berth/dock"
)

// quiet is how long the disks of a camera must be the same before it is
// listed: a card reader's appear one after the other.
const quiet = 300 * time.Millisecond

// disk is one disk with a medium.
type disk struct {
	name    string
	inode   uint64 // of its directory: never used again
	sectors int64
}

// The most that is looked at below one device.
const maxDisks = 64

// disks lists the disks with a medium below a device: behind its interfaces a
// SCSI host, targets, logical units, and of each a block device. It never waits
// for the device.
func (s sysfs) disks(p dock.Port) []disk {
	at := []string{string(p)}
	for _, prefix := range []string{string(p) + ":", "host", "target", "", "block", "sd"} {
		var below []string
		for _, dir := range at {
			names, err := s.names(dir)
			if err != nil {
				continue
			}
			for _, name := range names {
				if prefix == "" && strings.Count(name, ":") != 3 || !strings.HasPrefix(name, prefix) {
					continue
				}
				if len(below) < maxDisks {
					below = append(below, dir+"/"+name)
				}
			}
		}
		at = below
	}
	var found []disk
	for _, path := range at {
		inode, ok := s.inode(path)
		sectors, err := strconv.ParseInt(s.attr(path, "size"), 10, 64)
		if ok && err == nil && sectors > 0 {
			found = append(found, disk{name: path[strings.LastIndexByte(path, '/')+1:], inode: inode, sectors: sectors})
		}
	}
	return found
}

// ready reports whether the kernel has finished with a guest that was let in,
// else what a person should know (empty: nothing yet) and when to look again. A
// medium that left, or another disk, is another stay; p.mu is held.
func (p *Ports) ready(g *guest, now time.Time) (ok bool, trouble string, again time.Time) {
	if g.verdict.device.Driver != MassStorage {
		return true, "", time.Time{}
	}
	if disks := p.sys.disks(g.port); !slices.Equal(disks, g.disks) {
		if g.listed {
			p.generation++
			g.generation, g.listed, g.since = p.generation, false, now
		}
		g.disks, g.steady = disks, now
	}
	late := g.since.Add(p.o.Ready)
	switch {
	case len(g.disks) == 0 && now.Before(late):
		return false, "", late
	case len(g.disks) == 0:
		return false, fmt.Sprintf("no disk with a medium appeared within %v: is there a card in the camera?", p.o.Ready), time.Time{}
	case now.Before(g.steady.Add(p.quiet)):
		return false, "", g.steady.Add(p.quiet)
	}
	return true, "", time.Time{}
}
