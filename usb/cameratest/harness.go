package cameratest

import (
	"io"
	"maps"
	"os"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"berth/dock"
)

// Content is what a camera holds: bytes by raw name, slashes between folders.
type Content map[string][]byte

// Harness makes cameras for one driver.
type Harness struct {
	// Dock docks a camera that holds exactly content. What it starts ends with
	// the test.
	Dock func(t *testing.T, content Content) Device
	// Names are hostile names that the camera's medium can carry; nil stands for
	// HostileNames.
	Names []string
}

// Device is a docked camera as the test holds it in its hands. Every change
// that it makes can be told from the object's metadata, except Corrupt.
type Device struct {
	Driver     dock.Driver
	Attachment dock.Attachment
	// Holds returns everything that the medium holds, past the driver.
	Holds func(t *testing.T) Content
	// Write gives the same object other bytes, and more or fewer of them.
	Write func(t *testing.T, name string, content []byte)
	// Replace puts another object under the name.
	Replace func(t *testing.T, name string, content []byte)
	// Remove removes the object.
	Remove func(t *testing.T, name string)
	// Unplug takes the camera out of its bay; safe in any goroutine.
	Unplug func() error
	// Redock plugs the unplugged camera into the same bay again.
	Redock func(t *testing.T) dock.Attachment
	// Corrupt flips bits of one byte on the medium, so that no metadata and no
	// cache knows. Nil where that cannot be done.
	Corrupt func(t *testing.T, name string, offset int64)
}

// HostileNames are names of files that a filesystem of raw bytes can carry.
func HostileNames() []string {
	long := make([]byte, 255)
	for i := range long {
		long[i] = 'n'
	}
	return []string{
		string(long), "-rf", "--", "line\nbreak", "tab\tand\x01control\x7f", "not\xff\xfeutf8", "MOV.MP4", "mov.mp4",
		" ", "trailing ", "..x", "...", "x/..y/z", "..\\x", "$(reboot)", "'; DROP TABLE recordings; --", "%s%n", "*", "[a-z]",
		"\u202emp4.exe", "a\\b", "C:", "nul", ".hidden", ".dir/.file", "x/-/-", "\xc3", "e\u0301", "\u00e9",
	}
}

// Run tries everything that a camera promises.
func Run(t *testing.T, h Harness) {
	warmUp(t)
	try := func(name string, test func(*testing.T, Harness)) {
		t.Run(name, func(t *testing.T) {
			watchLeaks(t)
			test(t, h)
		})
	}
	try("Identified", testIdentified)
	try("EverythingIsListed", testListed)
	try("HostileNamesAreBytes", testNames)
	try("ListingEndsWithItsContext", testContext)
	try("EveryByteFromEveryOffset", testContent)
	try("ChangedBeforeOpening", testChangedBefore)
	try("ChangedWhileReading", testChangedWhile)
	try("GoneForEveryMethod", testGone)
	try("GoneWhileReading", testGoneWhileReading)
	try("GoneAtAnyMoment", testGoneAtAnyMoment)
	try("BackIsAnotherAttachment", testBack)
	try("RereadGivesTheContent", testReread)
	try("RereadSeesTheMedium", testRereadMedium)
	try("EraseRefusesWhatDoesNotFit", testEraseRefused)
	try("EraseRefusesWhatChanged", testEraseChanged)
	try("EraseRemovesOneObject", testEraseOne)
	try("EraseEverythingOneByOne", testEraseAll)
}

// warmUp makes the runtime open the descriptors that it keeps.
func warmUp(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if _, err := io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	r.Close()
}

// watchLeaks fails the test if it leaves goroutines or descriptors behind. It
// comes before everything that the test cleans up.
func watchLeaks(t *testing.T) {
	running := goleak.IgnoreCurrent()
	before := descriptors(t)
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			return
		}
		if err := goleak.Find(running); err != nil {
			t.Error(err)
		}
		if after := descriptors(t); after > before {
			t.Errorf("%d descriptors are open, %d were before", after, before)
		}
	})
}

func descriptors(t *testing.T) int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// open opens the camera and closes it with the test.
func (d Device) open(t *testing.T) dock.Camera {
	t.Helper()
	return d.openAt(t, d.Attachment)
}

func (d Device) openAt(t *testing.T, at dock.Attachment) dock.Camera {
	t.Helper()
	camera, err := d.Driver.Open(t.Context(), at)
	if err != nil {
		t.Fatalf("open camera: %v", err)
	}
	t.Cleanup(func() { camera.Close() })
	return camera
}

// list lists the camera and returns its entries by name.
func list(t *testing.T, camera dock.Camera) map[string]dock.Entry {
	t.Helper()
	listing, err := camera.List(t.Context())
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	entries := map[string]dock.Entry{}
	for _, e := range listing.Entries {
		if _, twice := entries[string(e.Name)]; twice {
			t.Fatalf("%v is listed twice", e.Name)
		}
		entries[string(e.Name)] = e
	}
	return entries
}

// read reads what is left of an object with a buffer of the given size.
func read(r io.Reader, bufferBytes int) ([]byte, error) {
	var all []byte
	buffer := make([]byte, bufferBytes)
	for {
		n, err := r.Read(buffer)
		all = append(all, buffer[:n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// sameContent fails unless the medium holds exactly want.
func sameContent(t *testing.T, d Device, want Content) {
	t.Helper()
	got := d.Holds(t)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		have, ok := got[name]
		if !ok {
			t.Errorf("%q is gone from the camera", name)
		} else if string(have) != string(want[name]) {
			t.Errorf("%q has other bytes on the camera", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			t.Errorf("%q is on the camera and should not be", name)
		}
	}
}

func without(content Content, name string) Content {
	rest := maps.Clone(content)
	delete(rest, name)
	return rest
}

// pattern is content in which every place differs from its neighbours.
func pattern(sizeBytes int, seed byte) []byte {
	b := make([]byte, sizeBytes)
	state := uint32(seed) + 1
	for i := range b {
		state = state*1664525 + 1013904223
		b[i] = byte(state >> 24)
	}
	return b
}
