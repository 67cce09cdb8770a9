package sim_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/hashing"
	"berth/usb/cameratest"
)

// TestDirectoryCameraOnItsOwnMediumConforms runs the suite on a filesystem
// whose blocks the test can change behind its back.
func TestDirectoryCameraOnItsOwnMediumConforms(t *testing.T) {
	image, mounted := ext4(t)
	cameratest.Run(t, cameratest.Harness{Dock: func(t *testing.T, content cameratest.Content) cameratest.Device {
		dir, err := os.MkdirTemp(mounted, "t")
		if err != nil {
			t.Fatal(err)
		}
		device := dockIn(t, dir, content)
		device.Corrupt = func(t *testing.T, name string, offset int64) {
			pin(t, filepath.Join(dir, "bay", "cam-7", name))
			flip(t, image, mounted, content[name][offset:offset+64])
		}
		return device
	}})
}

// ext4 mounts a fresh filesystem in an image file.
func ext4(t *testing.T) (image, mounted string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("MOUNTING NEEDS ROOT: a camera on a medium of its own was not tried")
	}
	image, mounted = filepath.Join(t.TempDir(), "image"), t.TempDir()
	file, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(128 << 20); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,nodiscard", image}, {"mount", "-o", "loop", image, mounted}} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("NO LOOP DEVICE HERE: a camera on a medium of its own was not tried: %s: %v: %s", command[0], err, out)
		}
	}
	t.Cleanup(func() {
		if err := unix.Unmount(mounted, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return image, mounted
}

// pin maps the whole file, so that no hint makes the cache forget it.
func pin(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := unix.Mmap(int(file.Fd()), 0, int(stat.Size()), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(mapped); err != nil {
			t.Error(err)
		}
	})
}

// flip changes the one place of the image that holds content, below the
// mounted filesystem and its cache.
func flip(t *testing.T, image, mounted string, content []byte) {
	t.Helper()
	dir, err := os.Open(mounted)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(whole, content); n == 0 {
		t.Fatal("the content is not on the medium")
	}
	file, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for at := 0; ; { // files that were removed left their blocks behind: flip them all
		i := bytes.Index(whole[at:], content)
		if i < 0 {
			return
		}
		at += i
		if _, err := file.WriteAt([]byte{whole[at] ^ 0x40}, int64(at)); err != nil {
			t.Fatal(err)
		}
		at++
	}
}

// TestErasedStaysErasedAfterPowerCut cuts the medium off right after Erase
// returned: what was not synced is lost.
func TestErasedStaysErasedAfterPowerCut(t *testing.T) {
	image, mounted := ext4(t)
	content := cameratest.Content{"x/a.mp4": []byte("erased"), "x/b.mp4": []byte("kept")}
	device := dockIn(t, mounted, content)
	mountedDir, err := os.Open(mounted)
	if err != nil {
		t.Fatal(err)
	}
	defer mountedDir.Close()
	if err := unix.Syncfs(int(mountedDir.Fd())); err != nil {
		t.Fatal(err)
	}
	camera, err := device.Driver.Open(t.Context(), device.Attachment)
	if err != nil {
		t.Fatal(err)
	}
	defer camera.Close()
	eraseByName(t, device, camera, "x/a.mp4")
	powerCut(t, mountedDir)
	again := t.TempDir()
	// The mount above lives until its descriptors are closed, so the image is
	// looked at through a copy.
	copied := filepath.Join(t.TempDir(), "copy")
	run(t, "cp", "--sparse=always", image, copied)
	run(t, "mount", "-o", "loop", copied, again)
	defer run(t, "umount", again)
	got := holds(t, filepath.Join(again, "bay", "cam-7"))
	if _, there := got["x/a.mp4"]; there {
		t.Error("what was erased is there again")
	}
	if string(got["x/b.mp4"]) != "kept" {
		t.Error("what was not erased is lost")
	}
}

// powerCut stops the filesystem without writing its journal out
// (EXT4_IOC_SHUTDOWN with NOLOGFLUSH).
func powerCut(t *testing.T, dir *os.File) {
	t.Helper()
	const shutdown, noLogFlush = 0x8004587d, 2
	if err := unix.IoctlSetPointerInt(int(dir.Fd()), shutdown, noLogFlush); err != nil {
		t.Fatalf("cut the power: %v", err)
	}
}

func run(t *testing.T, command string, arguments ...string) {
	t.Helper()
	if out, err := exec.Command(command, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
}

// eraseByName rereads and erases one object.
func eraseByName(t *testing.T, device cameratest.Device, camera dock.Camera, name string) {
	t.Helper()
	listing, err := camera.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range listing.Entries {
		if string(e.Name) != name {
			continue
		}
		r, err := camera.(dock.Rereader).Reread(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		digest, _, err := hashing.Of(r)
		if err != nil {
			t.Fatal(err)
		}
		clearance := cameratest.Clearance(t, device.Attachment, camera.Info().ID, e, digest)
		if err := camera.(dock.Eraser).Erase(t.Context(), e, clearance); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("%s is not listed", name)
}
