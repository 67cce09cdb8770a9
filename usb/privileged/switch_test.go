package privileged_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth/dock"
	"berth/usb/privileged"
)

// sysfs makes files of a tree that stands in for sysfs.
func sysfs(t *testing.T, files map[string]string) (root string, local *privileged.Local) {
	t.Helper()
	root = t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, "bus/usb", name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
	}
	return root, privileged.NewLocal(privileged.Options{Sys: root})
}

func holds(t *testing.T, root, name, want string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "bus/usb", name))
	must(t, err)
	if got := strings.TrimSpace(string(content)); got != want {
		t.Errorf("%s holds %q; want %q", name, got, want)
	}
}

func TestAdmissionIsForThatDeviceAndItsInterfaces(t *testing.T) {
	root, local := sysfs(t, map[string]string{
		"devices/1-1.4/devnum": "7\n", "devices/1-1.4/authorized": "0\n",
		"devices/1-1.4/1-1.4:1.0/authorized": "0\n", "devices/1-1.4/1-1.4:1.1/authorized": "1\n",
		"devices/1-1.4/1-1.4.1/authorized": "0\n", "drivers_probe": "",
	})
	other := privileged.Device{Port: "1-1.4", Number: 8}
	wantError(t, "another device", local.Authorise(t.Context(), other, true), dock.ErrGone)
	wantError(t, "an empty port", local.Authorise(t.Context(), privileged.Device{Port: "1-1.5", Number: 7}, true), dock.ErrGone)
	holds(t, root, "devices/1-1.4/authorized", "0")
	if err := local.Authorise(t.Context(), privileged.Device{Port: "../1-1.4", Number: 7}, true); err == nil {
		t.Error("a port that is a path was taken")
	}
	device := privileged.Device{Port: "1-1.4", Number: 7}
	must(t, local.Authorise(t.Context(), device, true))
	holds(t, root, "devices/1-1.4/authorized", "1")
	holds(t, root, "devices/1-1.4/1-1.4:1.0/authorized", "1")
	holds(t, root, "devices/1-1.4/1-1.4.1/authorized", "0") // another device, behind this one
	holds(t, root, "drivers_probe", "1-1.4:1.0")
	must(t, local.Authorise(t.Context(), device, false))
	holds(t, root, "devices/1-1.4/authorized", "0")
}

// What the kernel says afterwards counts, and not that it took the word.
func TestAdmissionIsReadBack(t *testing.T) {
	root, local := sysfs(t, map[string]string{"devices/1-1.4/devnum": "7\n"})
	must(t, os.Symlink(os.DevNull, filepath.Join(root, "bus/usb/devices/1-1.4/authorized")))
	err := local.Authorise(t.Context(), privileged.Device{Port: "1-1.4", Number: 7}, true)
	if err == nil || errors.Is(err, dock.ErrGone) {
		t.Errorf("admitted: %v", err)
	}
}

func TestPowerIsSwitchedOnBothNamesOfASlotAndReadBack(t *testing.T) {
	const usb2, usb3 = "devices/1-0:1.0/usb1-port4", "devices/2-0:1.0/usb2-port4"
	root, local := sysfs(t, map[string]string{usb2 + "/disable": "0\n", usb3 + "/disable": "0\n", usb3 + "/device/devnum": "3"})
	must(t, os.Symlink(filepath.Join(root, "bus/usb", usb3), filepath.Join(root, "bus/usb", usb2, "peer")))
	off, err := local.Power(t.Context(), "1-4", false)
	must(t, err)
	holds(t, root, usb2+"/disable", "1")
	holds(t, root, usb3+"/disable", "1")
	if want := (privileged.Power{On: false, Attached: true, Method: "sysfs"}); off != want {
		t.Errorf("off: %+v; want %+v", off, want)
	}
	must(t, os.RemoveAll(filepath.Join(root, "bus/usb", usb3, "device")))
	on, err := local.Power(t.Context(), "1-4", true)
	must(t, err)
	if want := (privileged.Power{On: true, Method: "sysfs"}); on != want {
		t.Errorf("on: %+v; want %+v", on, want)
	}
}

func TestPowerOfAPortBehindAHub(t *testing.T) {
	root, local := sysfs(t, map[string]string{"devices/1-1.4:1.0/1-1.4-port2/disable": "0\n", "devices/1-1:1.0/1-1-port4/disable": "0\n"})
	_, err := local.Power(t.Context(), "1-1.4.2", false)
	must(t, err)
	holds(t, root, "devices/1-1.4:1.0/1-1.4-port2/disable", "1")
	holds(t, root, "devices/1-1:1.0/1-1-port4/disable", "0")
}

// A hub that does not cut the power says so when it is asked.
func TestPowerThatDidNotGoIsSaid(t *testing.T) {
	root, local := sysfs(t, map[string]string{"devices/1-0:1.0/usb1-port4/device/devnum": "3"})
	_, err := local.Power(t.Context(), "1-4", false)
	wantError(t, "a kernel without the switch", err, errors.ErrUnsupported)
	if _, err := os.Stat(filepath.Join(root, "bus/usb/devices/1-0:1.0/usb1-port4/disable")); err == nil {
		t.Error("a switch was made")
	}
	// Takes the word, and does not say that it did.
	must(t, os.Symlink(os.DevNull, filepath.Join(root, "bus/usb/devices/1-0:1.0/usb1-port4/disable")))
	now, err := local.Power(t.Context(), "1-4", false)
	must(t, err)
	if want := (privileged.Power{On: true, Attached: true, Method: "sysfs"}); now != want {
		t.Errorf("%+v; want %+v", now, want)
	}
}
