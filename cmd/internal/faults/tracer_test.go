//go:build linux && amd64

package faults

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// verdict is what becomes of an operation.
type verdict struct {
	crash crash
	errno syscall.Errno // what the station is told instead of the truth, 0 for the truth
	skip  bool          // it is not done; only with an errno
	park  bool          // it hangs until parks says no; every other thread goes on
}

// crash says when the station is killed.
type crash uint8

const (
	crashNever crash = iota
	crashBefore
	crashAfter
)

// director sees every operation of a station, one at a time: the station's
// other threads may run, but none changes a file meanwhile.
type director interface {
	before(o operation) verdict
	// after is told how it really ended, whatever the station is told.
	after(o operation, ok bool)
	// cut is called with the station stopped, right before it is killed.
	cut()
	// parks reports whether what was parked still stands still.
	parks() bool
	// clock is by how much the wall clock is to be wrong.
	clock() time.Duration
}

// ending is how a station's process ended.
type ending struct {
	killed bool // by us
	code   int  // its exit code unless killed; 128 and more for a signal
}

// tracer runs one process. It belongs to one thread of ours, as ptrace wants.
type tracer struct {
	pid    int
	watch  director
	calls  map[uint64]call
	known  map[int]bool
	put    []report // what came for follow while finish waited
	parked []int    // threads that stand before a system call
	end    ending
}

// report is what became of one thread.
type report struct {
	tid    int
	status unix.WaitStatus
}

// traced is a program to run.
type traced struct {
	args    []string // the program first
	env     []string
	log     *os.File      // its standard output and error
	started func(pid int) // told once; nil for nobody
}

// trace runs the program until it ends.
func trace(p traced, watch director) (ending, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, err := syscall.ForkExec(p.args[0], p.args, &syscall.ProcAttr{
		Env: p.env, Files: []uintptr{p.log.Fd(), p.log.Fd(), p.log.Fd()}, Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true},
	})
	if err != nil {
		return ending{}, fmt.Errorf("start the station's process: %w", err)
	}
	if p.started != nil {
		p.started(pid)
	}
	t := &tracer{pid: pid, watch: watch, calls: watched(), known: map[int]bool{pid: true}}
	if _, _, err := t.wait(pid); err != nil { // stopped at its own execve
		return ending{}, err
	}
	const options = unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC |
		unix.PTRACE_O_TRACESECCOMP | unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return ending{}, fmt.Errorf("trace the station's process: %w", err)
	}
	if err := unix.PtraceCont(pid, 0); err != nil {
		return ending{}, err
	}
	err = t.follow()
	return t.end, err
}

// wait waits for one thread, or with -pid for any of the process, which is a
// group of its own: other children of this thread of ours have other owners.
func (t *tracer) wait(tid int) (int, unix.WaitStatus, error) {
	for {
		var status unix.WaitStatus
		got, err := unix.Wait4(tid, &status, unix.WALL|unix.WNOTHREAD, nil)
		if !errors.Is(err, unix.EINTR) {
			return got, status, err
		}
	}
}

// next is what was put back, or else what comes.
func (t *tracer) next() (int, unix.WaitStatus, error) {
	if len(t.put) == 0 {
		return t.wait(-t.pid)
	}
	first := t.put[0]
	t.put = t.put[1:]
	return first.tid, first.status, nil
}

func (t *tracer) follow() error {
	for {
		tid, status, err := t.next()
		if err != nil {
			return fmt.Errorf("wait for the station's process: %w", err)
		}
		if !status.Stopped() {
			if tid == t.pid {
				t.ended(status)
				return nil
			}
			continue
		}
		if err := t.stopped(tid, status); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
		if err := t.unpark(); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
}

func (t *tracer) ended(status unix.WaitStatus) {
	t.end.code = status.ExitStatus()
	if status.Signaled() {
		t.end.code = 128 + int(status.Signal())
	}
}

// stopped decides how a stopped thread goes on. ESRCH: it was killed meanwhile.
func (t *tracer) stopped(tid int, status unix.WaitStatus) error {
	first := !t.known[tid]
	t.known[tid] = true
	switch signal := status.StopSignal(); {
	case signal == unix.SIGTRAP && status.TrapCause() == unix.PTRACE_EVENT_SECCOMP:
		return t.operation(tid)
	case signal == unix.SIGTRAP && status.TrapCause() == unix.PTRACE_EVENT_EXEC:
		return errors.Join(hideClock(tid), unix.PtraceCont(tid, 0))
	case signal == unix.SIGTRAP && status.TrapCause() > 0, signal == unix.SIGTRAP|0x80, first && signal == unix.SIGSTOP:
		return unix.PtraceCont(tid, 0)
	default:
		return unix.PtraceCont(tid, int(signal))
	}
}

// operation lets one system call happen, or not.
func (t *tracer) operation(tid int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	if regs.Orig_rax == unix.SYS_CLOCK_GETTIME && !t.end.killed {
		return t.tellTime(tid, &regs)
	}
	o, changes := t.decode(tid, &regs)
	if !changes || t.end.killed {
		return unix.PtraceCont(tid, 0)
	}
	v := t.watch.before(o)
	if v.park {
		t.parked = append(t.parked, tid)
		return nil
	}
	if v.crash == crashBefore {
		return t.kill()
	}
	if v.skip {
		regs.Orig_rax, regs.Rax = ^uint64(0), uint64(-int64(v.errno))
		if err := syscall.PtraceSetRegs(tid, &regs); err != nil {
			return err
		}
		return unix.PtraceCont(tid, 0)
	}
	alive, err := t.finish(tid, &regs)
	if err != nil || !alive {
		return err
	}
	t.watch.after(o, int64(regs.Rax) >= 0)
	if v.crash == crashAfter {
		return t.kill()
	}
	if v.errno != 0 {
		regs.Rax = uint64(-int64(v.errno))
		if err := syscall.PtraceSetRegs(tid, &regs); err != nil {
			return err
		}
	}
	return unix.PtraceCont(tid, 0)
}

// finish lets a thread do its system call and stops it before it knows the
// outcome, which is then in regs.
func (t *tracer) finish(tid int, regs *syscall.PtraceRegs) (alive bool, err error) {
	if err := unix.PtraceSyscall(tid, 0); err != nil {
		return false, err
	}
	// The process may end meanwhile, and its first thread is only reported when
	// all others were waited for: so whatever comes is taken.
	var status unix.WaitStatus
	for got := 0; got != tid; {
		if got, status, err = t.wait(-t.pid); err != nil {
			return false, err
		}
		if got != tid || !status.Stopped() {
			t.put = append(t.put, report{got, status})
		}
	}
	if !status.Stopped() {
		return false, nil
	}
	if status.StopSignal() != unix.SIGTRAP|0x80 {
		return false, fmt.Errorf("thread %d stopped with %v where its system call should end", tid, status.StopSignal())
	}
	return true, syscall.PtraceGetRegs(tid, regs)
}

// unpark lets what was parked do what it was about to.
func (t *tracer) unpark() error {
	if len(t.parked) == 0 || t.watch.parks() {
		return nil
	}
	tid := t.parked[0]
	t.parked = t.parked[1:]
	return unix.PtraceCont(tid, 0)
}

func (t *tracer) kill() error {
	t.watch.cut()
	t.end.killed = true
	return unix.Kill(t.pid, unix.SIGKILL)
}
