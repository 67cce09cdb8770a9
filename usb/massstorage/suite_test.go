package massstorage_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/cameratest"
	"berth/usb/massstorage"
	"berth/usb/privileged"
	"berth/usb/privileged/fakeport"
)

func TestCameraOnExt4Conforms(t *testing.T) {
	cameratest.Run(t, harness(ext4()))
}

// medium is a filesystem that the kernel mounts.
type medium struct {
	kind  string
	mkfs  []string // without the image
	size  int64    // of the image; 32 MiB if 0
	names []string // that it can carry; nil: all
}

// harness docks cameras whose one disk is a loop device.
func harness(m medium) cameratest.Harness {
	return cameratest.Harness{Names: m.names, Dock: func(t *testing.T, content cameratest.Content) cameratest.Device {
		return m.dock(t, content)
	}}
}

func (m medium) image(t *testing.T) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image")
	file, err := os.Create(image)
	must(t, err)
	size := m.size
	if size == 0 {
		size = 32 << 20
	}
	must(t, file.Truncate(size))
	must(t, file.Close())
	run(t, m.mkfs[0], append(m.mkfs[1:], image)...)
	return image
}

func (m medium) dock(t *testing.T, content cameratest.Content) cameratest.Device {
	t.Helper()
	_, device := m.plug(t, content)
	return device
}

// plug makes a card with this content and docks the camera that has it.
func (m medium) plug(t *testing.T, content cameratest.Content) (*docked, cameratest.Device) {
	t.Helper()
	d := &docked{medium: m, image: m.image(t)}
	d.port = fakeport.New(t, d.image)
	if len(content) > 0 {
		d.change(t, func(dir string) {
			for name, bytes := range content {
				d.put(t, filepath.Join(dir, name), bytes)
			}
		})
	}
	return d, d.device(t, content)
}

// device is the camera in the hands of the suite.
func (d *docked) device(t *testing.T, content cameratest.Content) cameratest.Device {
	t.Helper()
	port := d.port
	driver, err := massstorage.NewDriver(massstorage.Options{Helper: privileged.NewLocal(privileged.Options{Sys: port.Sys})})
	must(t, err)
	return cameratest.Device{
		Driver:     driver,
		Attachment: d.attachment(),
		Holds:      d.holds,
		Write: func(t *testing.T, name string, content []byte) {
			d.change(t, func(dir string) { d.put(t, filepath.Join(dir, name), content) })
		},
		Replace: func(t *testing.T, name string, content []byte) {
			d.change(t, func(dir string) {
				d.put(t, filepath.Join(dir, name+".new"), content)
				must(t, os.Rename(filepath.Join(dir, name+".new"), filepath.Join(dir, name)))
			})
		},
		Remove: func(t *testing.T, name string) {
			d.change(t, func(dir string) { must(t, os.Remove(filepath.Join(dir, name))) })
		},
		Unplug: port.Unplug,
		Redock: func(t *testing.T) dock.Attachment {
			port.Plug(t)
			d.dockings++
			return d.attachment()
		},
		Corrupt: func(t *testing.T, name string, offset int64) { flip(t, d.image, content[name][offset:offset+64]) },
	}
}

// docked is one camera of a test.
type docked struct {
	medium
	image    string
	port     *fakeport.Port
	dockings dock.Generation
	writes   int64
}

func (d *docked) attachment() dock.Attachment {
	return dock.Attachment{
		Bay: "A1", Generation: 1 + d.dockings, Port: string(d.port.Name),
		Device: &dock.Device{Port: d.port.Name, Number: d.port.Number, Vendor: 0x1234, Product: 0x5678, Serial: "CAM-0815-77", Driver: "mass-storage"},
	}
}

func (d *docked) change(t *testing.T, do func(dir string)) {
	t.Helper()
	d.port.Meddle(t, 0, d.kind, do)
}

// put writes a file, with a time that none had before.
func (d *docked) put(t *testing.T, path string, content []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, content, 0o644))
	d.writes++
	when := time.Unix(1_600_000_000+10*d.writes, 0)
	must(t, os.Chtimes(path, when, when))
}

func (d *docked) holds(t *testing.T) cameratest.Content {
	t.Helper()
	content := cameratest.Content{}
	d.change(t, func(dir string) {
		must(t, filepath.WalkDir(dir+"/.", func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			name, err := filepath.Rel(dir, path)
			if err == nil {
				content[name], err = os.ReadFile(path)
			}
			return err
		}))
	})
	return content
}

// flip changes every place of the image that holds content, below the disk.
func flip(t *testing.T, image string, content []byte) {
	t.Helper()
	whole, err := os.ReadFile(image)
	must(t, err)
	file, err := os.OpenFile(image, os.O_WRONLY, 0)
	must(t, err)
	defer file.Close()
	found := false
	for at := 0; ; at++ {
		i := bytes.Index(whole[at:], content)
		if i < 0 {
			break
		}
		at += i
		_, err := file.WriteAt([]byte{whole[at] ^ 0x40}, int64(at))
		must(t, err)
		found = true
	}
	if !found {
		t.Fatal("the content is not on the medium")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, command string, arguments ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), command, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
}

// mounts reports whether this kernel can mount the filesystem.
func mounts(kind string) bool {
	context, err := unix.Fsopen(kind, unix.FSOPEN_CLOEXEC)
	if err == nil {
		unix.Close(context)
	}
	return err == nil
}
