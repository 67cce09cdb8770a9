package offload_test

import (
	"strings"
	"testing"

	"berth/offload"
)

func deviceOf(t *testing.T, path string) string {
	t.Helper()
	device, err := offload.DeviceOf(path)
	if err != nil || device == "" {
		t.Fatalf("DeviceOf %s = %q, %v", path, device, err)
	}
	return device
}

func TestStoreOnTheSpoolsDeviceSaysSo(t *testing.T) {
	spool := t.TempDir()
	for _, shares := range []bool{true, false} {
		d := offload.NewDirectory("here", t.TempDir(), shares, deviceOf(t, spool))
		place, err := d.Place(t.Context())
		if err != nil || !place.OnSpool || place.SharesDevice != shares || place.Device != deviceOf(t, spool) {
			t.Errorf("Place = %+v, %v", place, err)
		}
	}
	d := offload.NewDirectory("there", t.TempDir(), false, "disk:elsewhere")
	if place, err := d.Place(t.Context()); err != nil || place.OnSpool {
		t.Errorf("Place = %+v, %v", place, err)
	}
}

// TestLoopDeviceIsTheDiskBelowIt: a filesystem in a file dies with the disk
// that the file is on.
func TestLoopDeviceIsTheDiskBelowIt(t *testing.T) {
	disk := newDisk(t)
	below := deviceOf(t, disk.image)
	if !strings.HasPrefix(below, "disk:") {
		t.Skipf("the image lies on %s", below)
	}
	if got := deviceOf(t, disk.path); got != below {
		t.Errorf("the mounted image is on %s, its file on %s", got, below)
	}
}

func TestFilesystemsWithoutADiskAreTheirOwnDevices(t *testing.T) {
	proc, sys := deviceOf(t, "/proc"), deviceOf(t, "/sys")
	if proc == sys || !strings.HasPrefix(proc, "device:") {
		t.Errorf("/proc is on %s, /sys on %s", proc, sys)
	}
	if device, err := offload.DeviceOf(t.TempDir() + "/missing"); err == nil {
		t.Errorf("a missing path is on %s", device)
	}
}
