//go:build linux && amd64

package faults

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The kinds of operation, as far as faults and durability tell them apart.
const (
	opWrite    = "write"
	opSync     = "sync"
	opWriteOut = "write out" // promises nothing
	opName     = "name"      // rename or link: a file gets another name
	opRemove   = "remove"
	opAllocate = "allocate"
	opCut      = "cut" // a file's length
	opCreate   = "create"
	opFolder   = "make folder"
	opRead     = "read"  // changes nothing
	opClock    = "clock" // neither
)

// call says where a system call keeps what it works on. Argument numbers begin
// at 0; -1 for what it has not got.
type call struct {
	name     string
	kind     string
	file     int // descriptor
	dir      int // descriptor of the directory that path starts from
	path     int
	toDir    int
	toPath   int
	flags    int // of an open
	howFlags int // a struct open_how, which begins with its flags
}

// calls is every system call by which a station changes a disk, and those by
// which it might one day.
func calls() map[uint64]call {
	byFile := func(name, kind string) call { return call{name, kind, 0, -1, -1, -1, -1, -1, -1} }
	byPath := func(name, kind string, dir, path int) call { return call{name, kind, -1, dir, path, -1, -1, -1, -1} }
	twoPaths := func(name string, dir, path, toDir, toPath int) call {
		return call{name, opName, -1, dir, path, toDir, toPath, -1, -1}
	}
	opening := func(name string, dir, path, flags, how int) call {
		return call{name, opCreate, -1, dir, path, -1, -1, flags, how}
	}
	return map[uint64]call{
		unix.SYS_WRITE: byFile("write", opWrite), unix.SYS_PWRITE64: byFile("pwrite64", opWrite),
		unix.SYS_WRITEV: byFile("writev", opWrite), unix.SYS_PWRITEV: byFile("pwritev", opWrite),
		unix.SYS_PWRITEV2: byFile("pwritev2", opWrite), unix.SYS_SENDFILE: byFile("sendfile", opWrite),
		unix.SYS_COPY_FILE_RANGE: {"copy_file_range", opWrite, 2, -1, -1, -1, -1, -1, -1},
		unix.SYS_FSYNC:           byFile("fsync", opSync), unix.SYS_FDATASYNC: byFile("fdatasync", opSync),
		unix.SYS_SYNC_FILE_RANGE: byFile("sync_file_range", opWriteOut),
		unix.SYS_FALLOCATE:       byFile("fallocate", opAllocate), unix.SYS_FTRUNCATE: byFile("ftruncate", opCut),
		unix.SYS_TRUNCATE: byPath("truncate", opCut, -1, 0),
		unix.SYS_RENAME:   twoPaths("rename", -1, 0, -1, 1), unix.SYS_RENAMEAT: twoPaths("renameat", 0, 1, 2, 3),
		unix.SYS_RENAMEAT2: twoPaths("renameat2", 0, 1, 2, 3),
		unix.SYS_LINK:      twoPaths("link", -1, 0, -1, 1), unix.SYS_LINKAT: twoPaths("linkat", 0, 1, 2, 3),
		unix.SYS_UNLINK: byPath("unlink", opRemove, -1, 0), unix.SYS_UNLINKAT: byPath("unlinkat", opRemove, 0, 1),
		unix.SYS_RMDIR: byPath("rmdir", opRemove, -1, 0),
		unix.SYS_MKDIR: byPath("mkdir", opFolder, -1, 0), unix.SYS_MKDIRAT: byPath("mkdirat", opFolder, 0, 1),
		unix.SYS_OPEN: opening("open", -1, 0, 1, -1), unix.SYS_OPENAT: opening("openat", 0, 1, 2, -1),
		unix.SYS_OPENAT2: opening("openat2", 0, 1, -1, 2), unix.SYS_CREAT: opening("creat", -1, 0, -1, -1),
	}
}

// watched are the calls above, and those by which a station reads files and
// looks at the clock on the wall.
func watched() map[uint64]call {
	all := calls()
	for number, name := range map[uint64]string{
		unix.SYS_READ: "read", unix.SYS_PREAD64: "pread64", unix.SYS_READV: "readv", unix.SYS_PREADV: "preadv", unix.SYS_PREADV2: "preadv2",
	} {
		all[number] = call{name, opRead, 0, -1, -1, -1, -1, -1, -1}
	}
	all[unix.SYS_CLOCK_GETTIME] = call{"clock_gettime", opClock, -1, -1, -1, -1, -1, -1, -1}
	return all
}

// operation is one change that the station is about to make, or one look.
type operation struct {
	call string
	kind string
	path string // absolute; what changes
	to   string // the new name of a rename or a link
}

func (o operation) String() string {
	if o.to != "" {
		return fmt.Sprintf("%s %s -> %s", o.call, o.path, o.to)
	}
	return o.call + " " + o.path
}

// decode reads from a stopped thread what it is about to do; ok is false if it
// would change no file.
func (t *tracer) decode(tid int, regs *syscall.PtraceRegs) (o operation, ok bool) {
	c, known := t.calls[regs.Orig_rax]
	if !known {
		return o, false
	}
	args := [6]uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10, regs.R8, regs.R9}
	o = operation{call: c.name, kind: c.kind}
	if c.flags >= 0 && args[c.flags]&(unix.O_CREAT|unix.O_TRUNC) == 0 {
		return o, false
	}
	if c.howFlags >= 0 {
		how := memory(tid, args[c.howFlags], 8)
		if len(how) < 8 || binary.LittleEndian.Uint64(how)&(unix.O_CREAT|unix.O_TRUNC) == 0 {
			return o, false
		}
	}
	if c.file >= 0 {
		o.path = descriptor(tid, int32(args[c.file]))
	} else {
		o.path = place(tid, args, c.dir, c.path)
	}
	if c.toPath >= 0 {
		o.to = place(tid, args, c.toDir, c.toPath)
	}
	return o, filepath.IsAbs(o.path)
}

// place is the absolute path that a directory and a name in it amount to.
func place(tid int, args [6]uint64, dir, path int) string {
	text, _, _ := bytes.Cut(memory(tid, args[path], unix.PathMax), []byte{0})
	if filepath.IsAbs(string(text)) {
		return filepath.Clean(string(text))
	}
	from := int32(unix.AT_FDCWD)
	if dir >= 0 {
		from = int32(args[dir])
	}
	return filepath.Join(descriptor(tid, from), string(text))
}

// descriptor is where an open file of the thread's process lies.
func descriptor(tid int, fd int32) string {
	link := fmt.Sprintf("/proc/%d/fd/%d", tid, fd)
	if fd == unix.AT_FDCWD {
		link = fmt.Sprintf("/proc/%d/cwd", tid)
	}
	path, err := os.Readlink(link)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(path, " (deleted)")
}

// memory reads up to n bytes of the thread's process; fewer where they end.
func memory(tid int, at uint64, n int) []byte {
	buffer := make([]byte, n)
	// Up to the end of the page first: what follows it need not be there.
	first := min(n, 4096-int(at%4096))
	got := peek(tid, buffer[:first], at)
	if got == first && got < n && bytes.IndexByte(buffer[:got], 0) < 0 {
		got += peek(tid, buffer[got:], at+uint64(got))
	}
	return buffer[:got]
}

// peek fills b from the memory of the thread's process and returns how much there was.
func peek(tid int, b []byte, at uint64) int {
	local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
	n, err := unix.ProcessVMReadv(tid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(b)}}, 0)
	if err != nil {
		return 0
	}
	return n
}
