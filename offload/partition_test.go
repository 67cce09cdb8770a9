package offload

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// partitioned is an empty image with two partitions on a loop device: the name
// of that device. The kernel is told of them, so no table is needed.
func partitioned(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("attaching a disk needs root")
	}
	image := filepath.Join(t.TempDir(), "image")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 8<<20)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "--find", "--show", image).CombinedOutput()
	if err != nil {
		t.Skipf("no disk could be attached: %v: %s", err, out)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() { tell(t, "losetup", "--detach", device) })
	for number, first := range map[string]string{"1": "2048", "2": "8192"} {
		if out, err := exec.Command("addpart", device, number, first, "4096").CombinedOutput(); err != nil {
			t.Skipf("no partition could be made: %v: %s", err, out)
		}
		t.Cleanup(func() { tell(t, "delpart", device, number) })
	}
	return filepath.Base(device)
}

func tell(t *testing.T, name string, arguments ...string) {
	if out, err := exec.Command(name, arguments...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", name, err, out)
	}
}

// Two stores on two partitions of one disk are on one disk.
func TestPartitionIsItsDisk(t *testing.T) {
	name := partitioned(t)
	on := func(device string) string {
		number, err := os.ReadFile(filepath.Join("/sys/class/block", device, "dev"))
		if err != nil {
			t.Fatal(err)
		}
		disk, ok := diskOf(strings.TrimSpace(string(number)), 0)
		if !ok {
			t.Fatalf("%s is on no disk", device)
		}
		return disk
	}
	whole := on(name)
	for _, part := range []string{name + "p1", name + "p2"} {
		if got := on(part); got != whole {
			t.Errorf("partition %s is on %s, its disk is %s", part, got, whole)
		}
	}
}
