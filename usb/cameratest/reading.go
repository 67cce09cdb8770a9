package cameratest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"berth/dock"
)

func checkRead(t *testing.T, camera dock.Camera, e dock.Entry, offset int64, content []byte) {
	t.Helper()
	for _, bufferBytes := range []int{1 << 20, 100_000, 777} {
		if len(content) > 100*bufferBytes { // would take long and show nothing new
			continue
		}
		r, err := camera.Open(t.Context(), e, offset)
		if err != nil {
			t.Errorf("open %v at %d: %v", e.Name, offset, err)
			return
		}
		got, err := read(r, bufferBytes)
		if err != nil || !bytes.Equal(got, content[offset:]) {
			t.Errorf("read %v at %d: %d bytes, %v; want %d", e.Name, offset, len(got), err, int64(len(content))-offset)
		}
		if err := r.Close(); err != nil {
			t.Errorf("close %v: %v", e.Name, err)
		}
	}
}

// sizes lie around the sizes of pages, of what devices give at once and of buffers.
func sizes() Content {
	content := Content{}
	for i, n := range []int{0, 1, 511, 512, 513, 4095, 4096, 4097, 1<<20 - 1, 1 << 20, 1<<20 + 1, 3<<20 + 5} {
		content[fmt.Sprintf("size-%d", n)] = pattern(n, byte(i))
	}
	return content
}

func testContent(t *testing.T, h Harness) {
	content := sizes()
	camera := h.Dock(t, content).open(t)
	for name, e := range list(t, camera) {
		size := e.SizeBytes
		for _, offset := range []int64{0, 1, 511, 4096, 4097, 1 << 20, size - 1, size} {
			if 0 <= offset && offset <= size {
				checkRead(t, camera, e, offset, content[name])
			}
		}
		for _, offset := range []int64{-1, size + 1} {
			if r, err := camera.Open(t.Context(), e, offset); err == nil {
				r.Close()
				t.Errorf("open %s at %d of %d bytes succeeded", name, offset, size)
			}
		}
	}
}

// change is one way in which an object stops being the one that was listed.
type change struct {
	name string
	do   func(*testing.T, Device, string, []byte)
}

func changes() []change {
	return []change{
		{"grown", func(t *testing.T, d Device, name string, old []byte) {
			d.Write(t, name, append(bytes.Clone(old), pattern(5000, 99)...))
		}},
		{"shrunk", func(t *testing.T, d Device, name string, old []byte) { d.Write(t, name, old[:len(old)/2]) }},
		{"emptied", func(t *testing.T, d Device, name string, _ []byte) { d.Write(t, name, nil) }},
		{"rewritten", func(t *testing.T, d Device, name string, old []byte) { d.Write(t, name, pattern(len(old), 98)) }},
		{"replaced", func(t *testing.T, d Device, name string, old []byte) { d.Replace(t, name, pattern(len(old), 97)) }},
		{"replaced by the same bytes", func(t *testing.T, d Device, name string, old []byte) { d.Replace(t, name, old) }},
		{"removed", func(t *testing.T, d Device, name string, _ []byte) { d.Remove(t, name) }},
	}
}

func testChangedBefore(t *testing.T, h Harness) {
	for _, c := range changes() {
		t.Run(c.name, func(t *testing.T) {
			old := pattern(9000, 1)
			d := h.Dock(t, Content{"x/a.mp4": old})
			camera := d.open(t)
			e := list(t, camera)["x/a.mp4"]
			c.do(t, d, "x/a.mp4", old)
			if r, err := camera.Open(t.Context(), e, 0); !errors.Is(err, dock.ErrChanged) {
				closeIf(r)
				t.Errorf("open: %v", err)
			}
			if rereader, ok := camera.(dock.Rereader); ok {
				if r, err := rereader.Reread(t.Context(), e); !errors.Is(err, dock.ErrChanged) {
					closeIf(r)
					t.Errorf("reread: %v", err)
				}
			}
		})
	}
}

func closeIf(r io.Closer) {
	if r != nil {
		r.Close()
	}
}

// testChangedWhile: whatever is changed after part of it was read, the reader
// never ends as if the object had been whole.
func testChangedWhile(t *testing.T, h Harness) {
	for _, c := range changes() {
		for _, part := range []int{0, 4096, 1 << 20, 3 << 19} {
			t.Run(fmt.Sprintf("%s after %d", c.name, part), func(t *testing.T) {
				old := pattern(3<<19, 1)
				d := h.Dock(t, Content{"a.mp4": old})
				camera := d.open(t)
				e := list(t, camera)["a.mp4"]
				open := readers(t, camera, e)
				for _, r := range open {
					readPart(t, r, part)
				}
				c.do(t, d, "a.mp4", old)
				for name, r := range open {
					got, err := read(r, 1<<20)
					if !errors.Is(err, dock.ErrChanged) || part+len(got) > len(old) {
						t.Errorf("%s: %d of %d bytes, %v", name, part+len(got), len(old), err)
					}
					if _, err := r.Read(make([]byte, 10)); !errors.Is(err, dock.ErrChanged) {
						t.Errorf("%s: then %v", name, err)
					}
				}
			})
		}
	}
}

// readers opens the entry in every way that the camera has.
func readers(t *testing.T, camera dock.Camera, e dock.Entry) map[string]io.ReadCloser {
	t.Helper()
	open := map[string]io.ReadCloser{}
	r, err := camera.Open(t.Context(), e, 0)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	open["open"] = r
	if rereader, ok := camera.(dock.Rereader); ok {
		r, err := rereader.Reread(t.Context(), e)
		if err != nil {
			t.Fatalf("reread: %v", err)
		}
		open["reread"] = r
	}
	for _, r := range open {
		t.Cleanup(func() { r.Close() })
	}
	return open
}

func readPart(t *testing.T, r io.Reader, sizeBytes int) {
	t.Helper()
	if _, err := io.ReadFull(r, make([]byte, sizeBytes)); err != nil {
		t.Fatalf("read the first %d bytes: %v", sizeBytes, err)
	}
}
