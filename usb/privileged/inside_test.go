package privileged

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// OptionsOf gives a mount a name for a moment and returns the line that the
// kernel shows of it then.
func (m *Mounted) OptionsOf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.MoveMount(int(m.root.Fd()), "", unix.AT_FDCWD, dir, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, " "+dir+" ") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatal("the mount is not shown")
	return ""
}
