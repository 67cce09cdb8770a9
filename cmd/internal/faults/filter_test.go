//go:build linux && amd64

package faults

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets into struct seccomp_data, whose words are little-endian here.
const (
	offsetNumber   = 0
	offsetArch     = 4
	offsetArgument = 16 // six of 8 bytes each
)

// stopAt makes the kernel stop every thread of this process before any
// of these system calls (opens only if they could change a file), for whoever
// traces it; all others run at full speed, and it stays so through an execve. Without a tracer such calls would fail with ENOSYS from here on.
func stopAt(which map[uint64]call) error {
	program := filter(which)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return fmt.Errorf("install the system call filter: %w", errno)
	}
	return nil
}

// filter passes everything but these calls, opens unless they could create or
// cut a file, and all clocks but the one on the wall.
func filter(which map[uint64]call) []unix.SockFilter {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	leave := func(action uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action}
	}
	skipUnless := func(test uint16, value uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, K: value, Jf: skip}
	}
	program := []unix.SockFilter{
		load(offsetArch), {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.AUDIT_ARCH_X86_64, Jt: 1},
		leave(unix.SECCOMP_RET_ALLOW),
		load(offsetNumber),
	}
	for number := range which {
		switch number {
		case unix.SYS_OPEN, unix.SYS_OPENAT:
			flags := uint32(offsetArgument + 8)
			if number == unix.SYS_OPENAT {
				flags += 8
			}
			program = append(program, skipUnless(unix.BPF_JEQ, uint32(number), 4),
				load(flags), skipUnless(unix.BPF_JSET, unix.O_CREAT|unix.O_TRUNC, 1), leave(unix.SECCOMP_RET_TRACE),
				leave(unix.SECCOMP_RET_ALLOW))
		case unix.SYS_CLOCK_GETTIME:
			program = append(program, skipUnless(unix.BPF_JEQ, uint32(number), 4),
				load(offsetArgument), skipUnless(unix.BPF_JEQ, unix.CLOCK_REALTIME, 1), leave(unix.SECCOMP_RET_TRACE),
				leave(unix.SECCOMP_RET_ALLOW))
		default:
			program = append(program, skipUnless(unix.BPF_JEQ, uint32(number), 1), leave(unix.SECCOMP_RET_TRACE))
		}
	}
	return append(program, leave(unix.SECCOMP_RET_ALLOW))
}
