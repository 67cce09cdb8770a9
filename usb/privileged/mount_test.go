package privileged_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/usb/privileged"
	"berth/usb/privileged/fakeport"
)

// dirty is an ext4 that lost its power: its journal has what nobody wrote to
// its place yet.
func dirty(t *testing.T) string {
	t.Helper()
	image := filled(t, map[string]string{"DCIM/a.mp4": "first"})
	dir := t.TempDir()
	run(t, "mount", "-o", "loop", image, dir)
	must(t, os.WriteFile(filepath.Join(dir, "DCIM/b.mp4"), bytes.Repeat([]byte("second"), 1000), 0o600))
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(t, err)
	const shutdown, flushLog = 0x8004587d, 1
	must(t, unix.IoctlSetPointerInt(fd, shutdown, flushLog))
	must(t, unix.Close(fd))
	run(t, "umount", dir)
	return image
}

func TestReadingLeavesADirtyExt4ByteForByteAsItIs(t *testing.T) {
	image := dirty(t)
	before := digest(t, image)
	t.Run("read", func(t *testing.T) { // the loop device ends with it
		port, local, device := plugged(t, image)
		volumes, err := local.Volumes(t.Context(), device)
		must(t, err)
		if !readOnly(t, port.Node(0)) {
			t.Error("the disk can be written to")
		}
		if len(volumes) != 1 || !volumes[0].Dirty || !volumes[0].Replay || volumes[0].Kind != privileged.Ext4 {
			t.Fatalf("volumes %+v; want one dirty ext4", volumes)
		}
		m := mount(t, local, device, whole, privileged.ReadOnly)
		fd := root(t, m)
		if got := read(t, fd, "DCIM/a.mp4"); got != "first" {
			t.Errorf("read %q", got)
		}
		if err := unix.Mkdirat(fd, "new", 0o755); err != unix.EROFS {
			t.Errorf("make a folder: %v", err)
		}
		must(t, unix.Close(fd))
		must(t, m.Close())
		if err := local.Check(t.Context(), device, whole); err == nil {
			t.Error("a journal that waits was found to be in order")
		}
		if m, err := local.Mount(t.Context(), device, whole, privileged.ReadWrite); err == nil {
			m.Close()
			t.Error("mounted for writing, which replays the journal")
		}
	})
	if digest(t, image) != before {
		t.Error("reading changed the device")
	}
}

func TestMountIsConfined(t *testing.T) {
	_, local, device := plugged(t, filled(t, map[string]string{"a": "a"}))
	fd := root(t, mount(t, local, device, whole, privileged.ReadOnly))
	defer unix.Close(fd)
	var st unix.Statfs_t
	must(t, unix.Fstatfs(fd, &st))
	const noSymFollow = 0x2000
	const want = unix.ST_RDONLY | unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOEXEC | unix.ST_NOATIME | noSymFollow
	if st.Flags&want != want {
		t.Errorf("flags %#x; want %#x", st.Flags, want)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	must(t, err)
	var of unix.Stat_t
	must(t, unix.Fstat(fd, &of))
	if device := " " + fmt.Sprintf("%d:%d", unix.Major(of.Dev), unix.Minor(of.Dev)) + " "; strings.Contains(string(mounts), device) {
		t.Error("the mount has a name")
	}
}

// What the superblock wants to happen on an error is not what happens. Read
// from the mount's own options, since trying would take the machine down.
func TestSuperblockThatAsksForAPanicIsOverruled(t *testing.T) {
	for access, want := range map[privileged.Access]string{privileged.ReadOnly: "errors=continue", privileged.ReadWrite: "errors=remount-ro"} {
		_, local, device := plugged(t, filled(t, map[string]string{"a": "a"}, "-e", "panic"))
		m := mount(t, local, device, whole, access)
		fd := root(t, m)
		must(t, unix.Close(fd))
		options := m.OptionsOf(t)
		if !strings.Contains(options, want) {
			t.Errorf("mounted with %q; want %s", options, want)
		}
	}
}

// The same by trying it, where a panic costs nobody anything: in a virtual
// machine that is started with BERTH_MAY_PANIC set.
func TestDamagedExt4ThatAsksForAPanicIsReadAsFarAsItGoes(t *testing.T) {
	if os.Getenv("BERTH_MAY_PANIC") == "" {
		t.Skip("THIS MACHINE WOULD PANIC IF IT FAILED: only its mount options were looked at")
	}
	image := filled(t, map[string]string{"DCIM/recording.mp4": "a", "b": "b"}, "-e", "panic", "-O", "^metadata_csum")
	content, err := os.ReadFile(image)
	must(t, err)
	at := bytes.Index(content, []byte("recording.mp4"))
	poke(t, image, int64(at)-4, 3, 0) // the length of the folder's entry
	_, local, device := plugged(t, image)
	fd := root(t, mount(t, local, device, whole, privileged.ReadOnly))
	defer unix.Close(fd)
	if entries, err := os.ReadDir(fmt.Sprintf("/proc/self/fd/%d/DCIM", fd)); err == nil && len(entries) > 0 {
		t.Errorf("the folder was not damaged: %v", entries)
	}
	if got := read(t, fd, "b"); got != "b" {
		t.Errorf("read %q", got)
	}
}

func TestErasingReachesTheMediumAndTheDiskIsReadOnlyAgain(t *testing.T) {
	port, local, device := plugged(t, filled(t, map[string]string{"a": "a", "b": "b"}))
	m := mount(t, local, device, whole, privileged.ReadWrite)
	fd := root(t, m)
	must(t, unix.Unlinkat(fd, "a", 0))
	must(t, unix.Close(fd))
	must(t, m.Close())
	if !readOnly(t, port.Node(0)) {
		t.Error("the disk can be written to after the window was closed")
	}
	fd = root(t, mount(t, local, device, whole, privileged.ReadOnly))
	defer unix.Close(fd)
	if _, err := unix.Openat(fd, "a", unix.O_PATH, 0); err != unix.ENOENT {
		t.Errorf("look for what was erased: %v", err)
	}
	if got := read(t, fd, "b"); got != "b" {
		t.Errorf("what was not erased is %q", got)
	}
}

func readOnly(t *testing.T, node string) bool {
	t.Helper()
	file, err := os.Open(node)
	must(t, err)
	defer file.Close()
	const blkROGet = 0x125e
	is, err := unix.IoctlGetInt(int(file.Fd()), blkROGet)
	must(t, err)
	return is != 0
}

// A mount that lives on would be joined by the next one, with its memory.
func TestMountIsNeverShared(t *testing.T) {
	for _, access := range []privileged.Access{privileged.ReadOnly, privileged.ReadWrite} {
		_, local, device := plugged(t, filled(t, map[string]string{"a": "a"}))
		m := mount(t, local, device, whole, access)
		fd := root(t, m)
		closing := m.Close()
		if access == privileged.ReadWrite {
			wantError(t, "close while a descriptor is open", closing, unix.EBUSY)
		}
		if again, err := local.Mount(t.Context(), device, whole, privileged.ReadOnly); err == nil {
			again.Close()
			t.Error("mounted beside a mount that lives")
		} else {
			wantError(t, "mount", err, unix.EBUSY)
		}
		wantError(t, "flush", local.Flush(t.Context(), device, whole), unix.EBUSY)
		must(t, unix.Close(fd))
		must(t, local.Flush(t.Context(), device, whole))
		if _, err := m.Open(); err == nil {
			t.Error("a closed mount was opened")
		}
	}
}

func TestNewMountReadsTheMedium(t *testing.T) {
	content := strings.Repeat("recording ", 1000)
	image := filled(t, map[string]string{"a": content})
	_, local, device := plugged(t, image)
	m := mount(t, local, device, whole, privileged.ReadOnly)
	fd := root(t, m)
	if read(t, fd, "a") != content {
		t.Fatal("read something else")
	}
	must(t, unix.Close(fd))
	must(t, m.Close())
	replaceInImage(t, image, "recording ", "Recording ")
	fd = root(t, mount(t, local, device, whole, privileged.ReadOnly))
	defer unix.Close(fd)
	if got := read(t, fd, "a"); !strings.HasPrefix(got, "Recording ") {
		t.Errorf("the new mount still reads %.10q", got)
	}
}

// replaceInImage changes the first place with these bytes below the disk.
func replaceInImage(t *testing.T, image, old, now string) {
	t.Helper()
	file, err := os.OpenFile(image, os.O_RDWR, 0)
	must(t, err)
	defer file.Close()
	all, err := io.ReadAll(file)
	must(t, err)
	at := bytes.Index(all, []byte(old))
	if at < 0 {
		t.Fatal("the content is not on the medium")
	}
	_, err = file.WriteAt([]byte(now), int64(at))
	must(t, err)
}

func TestUsedBytesAreTheFilesystems(t *testing.T) {
	_, local, device := plugged(t, filled(t, map[string]string{"a": strings.Repeat("x", 5<<20)}))
	if used := mount(t, local, device, whole, privileged.ReadOnly).UsedBytes(); used < 5<<20 || used > 31<<20 {
		t.Errorf("%d bytes are used", used)
	}
}

func TestAnotherDeviceIsNeverTouchedInPlaceOfTheOneThatWasMeant(t *testing.T) {
	first, second := filled(t, map[string]string{"a": "first"}), filled(t, map[string]string{"a": "second"})
	port, local, device := plugged(t, first)
	_, err := local.Volumes(t.Context(), device)
	must(t, err)
	refused := func(what string, device privileged.Device) {
		t.Helper()
		_, err := local.Volumes(t.Context(), device)
		wantError(t, what+": volumes", err, dock.ErrGone)
		for _, access := range []privileged.Access{privileged.ReadOnly, privileged.ReadWrite} {
			m, err := local.Mount(t.Context(), device, whole, access)
			if err == nil {
				m.Close()
			}
			wantError(t, what+": mount", err, dock.ErrGone)
		}
		wantError(t, what+": check", local.Check(t.Context(), device, whole), dock.ErrGone)
		wantError(t, what+": flush", local.Flush(t.Context(), device, whole), dock.ErrGone)
		_, err = local.Unfinished(t.Context(), device, whole)
		wantError(t, what+": unfinished", err, dock.ErrGone)
	}
	other := device
	other.Number++
	refused("another number", other)
	wantError(t, "attached", local.Attached(other), dock.ErrGone)
	port.Exchange(t, 0, second)
	refused("another disk with the same number", device)
	must(t, port.Unplug())
	refused("unplugged", device)
	wantError(t, "attached", local.Attached(device), dock.ErrGone)
	port.Plug(t)
	refused("plugged in again", device)
}

// A node that leads elsewhere is looked at and not opened.
func TestNodeOfAnotherDeviceIsNotOpened(t *testing.T) {
	port, _, device := plugged(t, filled(t, map[string]string{"a": "a"}))
	other := fakeport.New(t, filled(t, map[string]string{"b": "b"}))
	dev := t.TempDir()
	local := privileged.NewLocal(privileged.Options{Sys: port.Sys, Dev: dev})
	node := filepath.Join(dev, filepath.Base(port.Node(0)))
	for what, make := range map[string]func() error{
		"a pipe":         func() error { return unix.Mkfifo(node, 0o600) },
		"another device": func() error { return unix.Mknod(node, unix.S_IFBLK|0o600, int(of(t, other.Node(0)))) },
		"a link":         func() error { return os.Symlink(port.Node(0), node) },
	} {
		must(t, make())
		if m, err := local.Mount(t.Context(), device, whole, privileged.ReadOnly); err == nil {
			m.Close()
			t.Errorf("%s was mounted", what)
		}
		must(t, os.Remove(node))
	}
}

// of is the number of a device by its node.
func of(t *testing.T, node string) uint64 {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Stat(node, &st))
	return st.Rdev
}
