//go:build linux && amd64

package faults

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Entries of the auxiliary vector that the kernel gives to a new program.
const (
	auxEnd    = 0
	auxIgnore = 1
	auxVDSO   = 33
)

// hideClock takes the kernel's page of fast clocks away from a program that was
// just executed, so that it has to ask by system calls.
func hideClock(tid int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	word := func(at uint64) (uint64, error) {
		var b [8]byte
		if peek(tid, b[:], at) != len(b) {
			return 0, fmt.Errorf("read a new program's stack at %#x", at)
		}
		return binary.LittleEndian.Uint64(b[:]), nil
	}
	// The number of arguments, the arguments, nil, the environment, nil, the vector.
	arguments, err := word(regs.Rsp)
	at := regs.Rsp + 8*(arguments+2)
	for end := false; err == nil && !end; at += 8 {
		var variable uint64
		variable, err = word(at)
		end = variable == 0
	}
	for err == nil {
		var kind uint64
		switch kind, err = word(at); {
		case err != nil || kind == auxEnd:
			return err
		case kind == auxVDSO:
			return poke(tid, binary.LittleEndian.AppendUint64(nil, auxIgnore), at)
		}
		at += 16
	}
	return err
}

// tellTime lets a thread look at the clock on the wall, and moves what it sees.
func (t *tracer) tellTime(tid int, regs *syscall.PtraceRegs) error {
	at, by := regs.Rsi, t.watch.clock()
	if by == 0 {
		return unix.PtraceCont(tid, 0)
	}
	alive, err := t.finish(tid, regs)
	if err != nil || !alive {
		return err
	}
	var now [16]byte
	if peek(tid, now[:], at) != len(now) {
		return errors.New("read what the clock said")
	}
	seconds := int64(binary.LittleEndian.Uint64(now[:])) + int64(by/time.Second)
	if err := poke(tid, binary.LittleEndian.AppendUint64(nil, uint64(seconds)), at); err != nil {
		return err
	}
	return unix.PtraceCont(tid, 0)
}

// poke writes b into the memory of the thread's process.
func poke(tid int, b []byte, at uint64) error {
	local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
	n, err := unix.ProcessVMWritev(tid, local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(b)}}, 0)
	if err == nil && n != len(b) {
		err = fmt.Errorf("wrote %d of %d bytes", n, len(b))
	}
	return err
}
