package massstorage_test

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"berth/dock"
	"berth/hashing"
	"berth/usb/cameratest"
	"berth/usb/filetree"
	"berth/usb/massstorage"
	"berth/usb/privileged"
)

// TestRealPort reads and empties the device in the USB port that BERTH_TRY_PORT
// names, which then has to be one that may be emptied.
func TestRealPort(t *testing.T) {
	port := dock.Port(os.Getenv("BERTH_TRY_PORT"))
	if port == "" {
		t.Skip("NO USB PORT WAS NAMED: only loop devices were tried")
	}
	number, err := os.ReadFile("/sys/bus/usb/devices/" + string(port) + "/devnum")
	must(t, err)
	at := dock.Attachment{Bay: "A1", Generation: 1, Device: &dock.Device{Port: port, Driver: "mass-storage", Serial: "CAM-0815-77"}}
	at.Device.Number, err = strconv.Atoi(strings.TrimSpace(string(number)))
	must(t, err)
	driver, err := massstorage.NewDriver(massstorage.Options{Helper: privileged.NewLocal(privileged.Options{})})
	must(t, err)
	other := *at.Device
	other.Number++
	if camera, err := driver.Open(t.Context(), dock.Attachment{Bay: "A1", Generation: 1, Device: &other}); !errors.Is(err, dock.ErrGone) {
		if err == nil {
			camera.Close()
		}
		t.Errorf("open another device of that port: %v", err)
	}
	camera, err := driver.Open(t.Context(), at)
	must(t, err)
	defer camera.Close()
	listing := list(t, camera)
	t.Logf("%+v: %d entries, exceptions %+v, %d bytes used, clean %v", camera.Info(), len(listing.Entries), listing.Exceptions, listing.UsedBytes, listing.Clean)
	if len(listing.Entries) == 0 {
		t.Fatal("there is nothing on it to try")
	}
	for _, e := range listing.Entries {
		r, err := camera.Open(t.Context(), e, 0)
		must(t, err)
		first := readAll(t, r)
		r, err = camera.(dock.Rereader).Reread(t.Context(), e)
		must(t, err)
		honest := r.(filetree.Medium).FromMedium()
		if second := readAll(t, r); !bytes.Equal(first, second) || !honest {
			t.Errorf("%d bytes, then %d; from the medium: %v", len(first), len(second), honest)
		}
		must(t, camera.(dock.Eraser).Erase(t.Context(), e, cameratest.Clearance(t, at, camera.Info().ID, e, hashing.Sum(first))))
	}
	if left := list(t, camera).Entries; len(left) != 0 {
		t.Errorf("left are %+v", left)
	}
}
