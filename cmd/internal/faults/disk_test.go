//go:build linux && amd64

package faults

import (
	"path/filepath"
	"regexp"
	"strings"
)

var finalName = regexp.MustCompile(`^[0-9a-f]{64}\.sealed$`)

// disks is what a power cut would leave: which files have content, and which
// folders have names, that no successful sync covers.
type disks struct {
	content map[string]bool            // files with unsynced content
	names   map[string]map[string]bool // unsynced names by folder
}

func newDisks() *disks {
	return &disks{content: map[string]bool{}, names: map[string]map[string]bool{}}
}

// see follows an operation that succeeded. existed: the file that it opened or
// named was there before.
func (d *disks) see(o operation, existed bool) {
	switch o.kind {
	case opWrite, opAllocate, opCut:
		d.content[o.path] = true
	case opSync:
		delete(d.content, o.path)
		delete(d.names, o.path)
	case opCreate, opFolder:
		if !existed {
			d.named(o.path)
		}
	case opName:
		d.named(o.to)
		if d.content[o.path] {
			d.content[o.to] = true
		}
		if strings.HasPrefix(o.call, "rename") {
			delete(d.content, o.path)
			delete(d.names[filepath.Dir(o.path)], filepath.Base(o.path))
		}
	case opRemove:
		delete(d.content, o.path)
		delete(d.names[filepath.Dir(o.path)], filepath.Base(o.path))
	}
}

func (d *disks) named(path string) {
	dir := filepath.Dir(path)
	if d.names[dir] == nil {
		d.names[dir] = map[string]bool{}
	}
	d.names[dir][filepath.Base(path)] = true
}

// missing says what a power cut could take away of a file below root; empty
// for nothing.
func (d *disks) missing(root, path string) string {
	if d.content[path] {
		return "content of " + path
	}
	for at := path; at != root; at = filepath.Dir(at) {
		if d.names[filepath.Dir(at)][filepath.Base(at)] {
			return "name of " + at
		}
	}
	return ""
}
