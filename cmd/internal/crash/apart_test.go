package crash

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// apart is set, to the mounts of whoever started them, in the environment of
// tests that run with mounts of their own.
const apart = "BERTH_CRASH_APART"

// TestMain runs the tests once more, with mounts of their own where that is
// allowed. A container or a test elsewhere that starts meanwhile would take
// copies of all mounts along, and a filesystem without power lives for as long
// as there is a copy: to mount it again would be to get the dead one.
func TestMain(m *testing.M) {
	if before := os.Getenv(apart); before != "" {
		if before != mounts() {
			letGo()
		}
		os.Exit(m.Run())
	}
	again := exec.Command(os.Args[0], os.Args[1:]...)
	again.Env = append(os.Environ(), apart+"="+mounts())
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := again.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &ended):
		os.Exit(1)
	}
	os.Exit(m.Run()) // not allowed here: with the mounts that all have
}

// mounts names the set of mounts that this process sees.
func mounts() string {
	name, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return "unknown"
	}
	return name
}

// letGo drops the copies of what other tests have mounted, for the same reason.
func letGo() {
	list, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if len(fields) > 1 && strings.HasPrefix(fields[0], "/dev/loop") && strings.HasPrefix(fields[1], os.TempDir()+"/") {
			_ = unix.Unmount(fields[1], unix.MNT_DETACH)
		}
	}
}
