package massstorage_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/hashing"
	"berth/usb/cameratest"
	"berth/usb/filetree"
	"berth/usb/massstorage"
	"berth/usb/privileged"
	"berth/usb/privileged/fakeport"
)

func ext4() medium {
	return medium{kind: "ext4", mkfs: []string{"mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-I", "256", "-U", "5a1f0f5e-0000-4000-8000-00000000000a"}}
}

// helper is a Local of which the test changes some answers.
type helper struct {
	*privileged.Local
	check      func() error
	unfinished []privileged.Unfinished
	mounted    func(*privileged.Mounted, privileged.Access)
}

func (h *helper) Check(ctx context.Context, d privileged.Device, v privileged.Volume) error {
	if h.check != nil {
		return h.check()
	}
	return h.Local.Check(ctx, d, v)
}

func (h *helper) Unfinished(ctx context.Context, d privileged.Device, v privileged.Volume) ([]privileged.Unfinished, error) {
	if h.unfinished != nil {
		return h.unfinished, nil
	}
	return h.Local.Unfinished(ctx, d, v)
}

func (h *helper) Mount(ctx context.Context, d privileged.Device, v privileged.Volume, access privileged.Access) (*privileged.Mounted, error) {
	m, err := h.Local.Mount(ctx, d, v, access)
	if err == nil && h.mounted != nil {
		h.mounted(m, access)
	}
	return m, err
}

// with opens the camera through a helper, with a profile.
func (d *docked) with(t *testing.T, h *helper, profile filetree.Profile, change ...func(*dock.Device)) dock.Camera {
	t.Helper()
	h.Local = privileged.NewLocal(privileged.Options{Sys: d.port.Sys})
	driver, err := massstorage.NewDriver(massstorage.Options{Helper: h, Profiles: []filetree.Profile{profile}})
	must(t, err)
	at := d.attachment()
	at.Device.Profile = profile.Name
	for _, each := range change {
		each(at.Device)
	}
	camera, err := driver.Open(t.Context(), at)
	must(t, err)
	t.Cleanup(func() { camera.Close() })
	return camera
}

// cleared rereads an entry and returns the Clearance for it.
func (d *docked) cleared(t *testing.T, camera dock.Camera, e dock.Entry) dock.Clearance {
	t.Helper()
	r, err := camera.(dock.Rereader).Reread(t.Context(), e)
	must(t, err)
	return cameratest.Clearance(t, d.attachment(), camera.Info().ID, e, hashing.Sum(readAll(t, r)))
}

func TestIdentityRestsOnTheFirstSourceThatSaysSomething(t *testing.T) {
	d, _ := ext4().plug(t, cameratest.Content{"SYS/ID.TXT": []byte("number-5\n")})
	serial := func(s string) func(*dock.Device) { return func(at *dock.Device) { at.Serial = s } }
	for name, try := range map[string]struct {
		profile filetree.Profile
		serial  string
		want    dock.CameraInfo
	}{
		"its file":             {filetree.Profile{Name: "acme", Identity: []string{"file:SYS/ID.TXT", "usb-serial"}}, "S-77", dock.CameraInfo{ID: "number-5", Basis: "file:SYS/ID.TXT", Profile: "acme"}},
		"its serial":           {filetree.Profile{}, "S-77", dock.CameraInfo{ID: "S-77", Basis: "usb-serial"}},
		"a serial of many":     {filetree.Profile{}, "0123456789AB", dock.CameraInfo{ID: "5a1f0f5e-0000-4000-8000-00000000000a", Basis: "volume-id"}},
		"its volume, as asked": {filetree.Profile{Name: "v", Identity: []string{"volume-id"}}, "S-77", dock.CameraInfo{ID: "5a1f0f5e-0000-4000-8000-00000000000a", Basis: "volume-id", Profile: "v"}},
	} {
		camera := d.with(t, &helper{}, try.profile, serial(try.serial))
		if got := camera.Info(); got != try.want {
			t.Errorf("%s: %+v; want %+v", name, got, try.want)
		}
		must(t, camera.Close())
	}
}

func TestEveryVolumeIsWalkedAndWhatNobodyKnowsMayHoldContent(t *testing.T) {
	first, _ := ext4().plug(t, cameratest.Content{"a.mp4": []byte("first")})
	second, _ := ext4().plug(t, cameratest.Content{"a.mp4": []byte("second")})
	d := &docked{port: fakeport.New(t, first.image, second.image, medium{mkfs: []string{"true"}}.image(t))}
	camera := d.with(t, &helper{}, filetree.Profile{})
	listing := list(t, camera)
	for name, want := range map[string]string{"lun0p0/a.mp4": "first", "lun1p0/a.mp4": "second"} {
		r, err := camera.Open(t.Context(), entry(t, listing, name), 0)
		must(t, err)
		if got := string(readAll(t, r)); got != want {
			t.Errorf("%s holds %q", name, got)
		}
	}
	if x := listing.Exceptions; len(x) != 1 || x[0].Name != "lun2p0" || x[0].Kind != dock.ExceptionVolume || !x[0].Kind.MayHoldContent() {
		t.Errorf("exceptions %+v", x)
	}
	e := entry(t, listing, "lun1p0/a.mp4")
	must(t, camera.(dock.Eraser).Erase(t.Context(), e, d.cleared(t, camera, e)))
	if got := list(t, camera).Entries; len(got) != 1 || got[0].Name != "lun0p0/a.mp4" {
		t.Errorf("left are %+v", got)
	}
}

func TestUnfinishedFileIsAnExceptionAndNoRecordingOfNothing(t *testing.T) {
	d, _ := ext4().plug(t, cameratest.Content{"x/lost.mp4": nil, "x/empty.mp4": nil, "part.mp4": []byte("part")})
	camera := d.with(t, &helper{unfinished: []privileged.Unfinished{
		{Name: "x/lost.mp4", Clusters: 5, Reason: "lost"}, {Name: "part.mp4", SizeBytes: 4, Reason: "part"}, {Name: "..", SizeBytes: 5, Reason: "hidden"},
	}}, filetree.Profile{})
	listing := list(t, camera)
	var names, exceptions []string
	for _, e := range listing.Entries {
		names = append(names, string(e.Name))
	}
	for _, x := range listing.Exceptions {
		exceptions = append(exceptions, string(x.Name))
		if x.Kind != dock.ExceptionUnfinished || !x.Kind.MayHoldContent() {
			t.Errorf("exception %+v", x)
		}
	}
	if !slices.Equal(names, []string{"part.mp4", "x/empty.mp4"}) || !slices.Equal(exceptions, []string{"..", "part.mp4", "x/lost.mp4"}) {
		t.Errorf("entries %q, exceptions %q", names, exceptions)
	}
}

func TestNothingIsErasedFromAVolumeThatIsNotInOrder(t *testing.T) {
	d, device := ext4().plug(t, cameratest.Content{"a.mp4": []byte("a")})
	damaged := errors.New("damaged")
	wrote := false
	camera := d.with(t, &helper{
		check:   func() error { return damaged },
		mounted: func(_ *privileged.Mounted, access privileged.Access) { wrote = wrote || access == privileged.ReadWrite },
	}, filetree.Profile{})
	listing := list(t, camera)
	e := entry(t, listing, "a.mp4")
	if err := camera.(dock.Eraser).Erase(t.Context(), e, d.cleared(t, camera, e)); !errors.Is(err, damaged) {
		t.Errorf("erase: %v", err)
	}
	if wrote {
		t.Error("it was mounted for writing")
	}
	if listing := list(t, camera); listing.Clean || len(listing.Entries) != 1 {
		t.Errorf("listed as %+v; want it all, and not clean", listing)
	}
	must(t, camera.Close())
	if got := device.Holds(t); string(got["a.mp4"]) != "a" {
		t.Errorf("the card holds %q", got)
	}
}

func TestDirtyVolumeIsCleanOnceItsCheckPassed(t *testing.T) {
	for _, outcome := range []error{nil, errors.New("damaged")} {
		// Without checksums, so that the state can be written by hand.
		m := medium{kind: "ext4", mkfs: []string{"mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal,^metadata_csum"}}
		d, _ := m.plug(t, cameratest.Content{"a.mp4": []byte("a")})
		file, err := os.OpenFile(d.image, os.O_RDWR, 0)
		must(t, err)
		_, err = file.WriteAt([]byte{0}, 1024+0x3a) // not unmounted
		must(t, err)
		must(t, file.Close())
		camera := d.with(t, &helper{check: func() error { return outcome }}, filetree.Profile{})
		if listing := list(t, camera); listing.Clean != (outcome == nil) || len(listing.Entries) != 1 {
			t.Errorf("after %v: %+v", outcome, listing)
		}
	}
}

// The kernel lists of a broken folder what is left, and says nothing.
func TestDamagedExt4MayHoldMoreThanItLists(t *testing.T) {
	m := medium{kind: "ext4", mkfs: []string{"mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal,^metadata_csum"}}
	d, _ := m.plug(t, cameratest.Content{"DCIM/recording.mp4": []byte("a"), "b": []byte("b")})
	content, err := os.ReadFile(d.image)
	must(t, err)
	at := bytes.Index(content, []byte("recording.mp4"))
	file, err := os.OpenFile(d.image, os.O_RDWR, 0)
	must(t, err)
	_, err = file.WriteAt([]byte{3, 0}, int64(at)-4) // the length of the folder's entry
	must(t, err)
	must(t, file.Close())
	listing := list(t, d.with(t, &helper{}, filetree.Profile{}))
	entry(t, listing, "b")
	if listing.Clean || !listing.Hides()("DCIM/recording.mp4") {
		t.Errorf("listed as %+v", listing)
	}
}

// A journal that waits may hold the names of recordings: nobody can say that
// the camera was read in full.
func TestJournalThatWaitsIsAnExceptionAndNeverReplayed(t *testing.T) {
	m := medium{kind: "ext4", mkfs: []string{"mke2fs", "-q", "-F", "-t", "ext4"}}
	image := m.image(t)
	dir := t.TempDir()
	run(t, "mount", "-o", "loop", image, dir)
	must(t, os.WriteFile(filepath.Join(dir, "a.mp4"), []byte("a"), 0o600))
	shutdown(t, dir)
	run(t, "umount", dir)
	d := &docked{medium: m, image: image, port: fakeport.New(t, image)}
	before := digest(t, image)
	camera := d.with(t, &helper{}, filetree.Profile{})
	listing := list(t, camera)
	if listing.Clean || !slices.ContainsFunc(listing.Exceptions, func(x dock.Exception) bool { return x.Kind == dock.ExceptionVolume && x.Name == "." }) {
		t.Errorf("listed as %+v", listing)
	}
	if !listing.Hides()("a.mp4") {
		t.Error("the listing claims to know what is there")
	}
	must(t, camera.Close())
	if digest(t, image) != before {
		t.Error("the device changed")
	}
}

// shutdown cuts a filesystem off, after its journal was written.
func shutdown(t *testing.T, dir string) {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(fd)
	const request, flushLog = 0x8004587d, 1
	must(t, unix.IoctlSetPointerInt(fd, request, flushLog))
}

// A card that fails while it is emptied: the erase is an error, and what a
// listing says afterwards is read anew from the card.
func TestCardThatTurnsReadOnlyIsNotBelieved(t *testing.T) {
	d, device := ext4().plug(t, cameratest.Content{"a.mp4": []byte("a"), "b.mp4": []byte("b")})
	var window *privileged.Mounted
	camera := d.with(t, &helper{mounted: func(m *privileged.Mounted, access privileged.Access) {
		if access == privileged.ReadWrite {
			window = m
		}
	}}, filetree.Profile{})
	listing := list(t, camera)
	a, b := entry(t, listing, "a.mp4"), entry(t, listing, "b.mp4")
	clearA, clearB := d.cleared(t, camera, a), d.cleared(t, camera, b)
	must(t, camera.(dock.Eraser).Erase(t.Context(), a, clearA))
	root, err := window.Open()
	must(t, err)
	shutdown(t, "/proc/self/fd/"+strconv.Itoa(root))
	must(t, unix.Close(root))
	if err := camera.(dock.Eraser).Erase(t.Context(), b, clearB); err == nil {
		t.Error("the camera says that it erased what it could not")
	}
	// Newer kernels also say so when the window is closed: once.
	if listing, err = camera.List(t.Context()); err != nil {
		listing = list(t, camera)
	}
	if listing.Clean || len(listing.Entries) != 1 || listing.Entries[0].Name != "b.mp4" {
		t.Errorf("listed as %+v; want b.mp4, and not clean", listing)
	}
	if err := camera.(dock.Eraser).Erase(t.Context(), b, clearB); err == nil {
		t.Error("the card is written to again")
	}
	must(t, camera.Close())
	if got := device.Holds(t); len(got) != 1 || string(got["b.mp4"]) != "b" {
		t.Errorf("the card holds %q", got)
	}
}

// The window for writing opens with an erase and closes with whatever is next.
func TestVolumeIsWritableOnlyWhileItIsEmptied(t *testing.T) {
	d, _ := ext4().plug(t, cameratest.Content{"a.mp4": []byte("a"), "b.mp4": []byte("b")})
	camera := d.with(t, &helper{}, filetree.Profile{})
	listing := list(t, camera)
	a, b := entry(t, listing, "a.mp4"), entry(t, listing, "b.mp4")
	clearA := d.cleared(t, camera, a)
	expect := func(when string, want bool) {
		t.Helper()
		state, err := os.ReadFile("/sys/class/block/" + filepath.Base(d.port.Node(0)) + "/ro")
		must(t, err)
		if readOnly := strings.TrimSpace(string(state)) == "1"; readOnly != want {
			t.Errorf("%s: read-only %v", when, readOnly)
		}
	}
	expect("before", true)
	if err := camera.(dock.Eraser).Erase(t.Context(), a, dock.Clearance{}); !errors.Is(err, dock.ErrNoClear) {
		t.Errorf("erase without a clearance: %v", err)
	}
	expect("after an erase that was refused", true)
	must(t, camera.(dock.Eraser).Erase(t.Context(), a, clearA))
	expect("while it is emptied", false)
	r, err := camera.Open(t.Context(), b, 0)
	must(t, err)
	expect("when something is read", true)
	if string(readAll(t, r)) != "b" {
		t.Error("read something else")
	}
}
