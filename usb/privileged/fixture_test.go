package privileged_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"berth/usb/privileged"
	"berth/usb/privileged/fakeport"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v; want %v", what, got, want)
	}
}

func run(t *testing.T, command string, arguments ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), command, arguments...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
}

// blank makes an image file of a size.
func blank(t *testing.T, sizeBytes int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	file, err := os.Create(path)
	must(t, err)
	must(t, file.Truncate(sizeBytes))
	must(t, file.Close())
	return path
}

// formatted makes an image with a filesystem: the last argument of mkfs is the image.
func formatted(t *testing.T, sizeBytes int64, mkfs ...string) string {
	t.Helper()
	image := blank(t, sizeBytes)
	run(t, mkfs[0], append(mkfs[1:], image)...)
	return image
}

func ext4(t *testing.T, options ...string) string {
	t.Helper()
	return formatted(t, 32<<20, append([]string{"mke2fs", "-q", "-F", "-t", "ext4"}, options...)...)
}

// filled is a clean ext4 with the given files, made by mounting it.
func filled(t *testing.T, files map[string]string, options ...string) string {
	t.Helper()
	source := t.TempDir()
	for name, content := range files {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(source, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(source, name), []byte(content), 0o600))
	}
	return ext4(t, append(options, "-d", source)...)
}

func digest(t *testing.T, path string) [32]byte {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	must(t, err)
	return [32]byte(sum.Sum(nil))
}

// plugged is a device with these images, and the Local that sees it.
func plugged(t *testing.T, images ...string) (*fakeport.Port, *privileged.Local, privileged.Device) {
	t.Helper()
	port := fakeport.New(t, images...)
	return port, privileged.NewLocal(privileged.Options{Sys: port.Sys}), privileged.Device{Port: port.Name, Number: port.Number}
}

func mount(t *testing.T, l *privileged.Local, d privileged.Device, v privileged.Volume, access privileged.Access) *privileged.Mounted {
	t.Helper()
	m, err := l.Mount(t.Context(), d, v, access)
	must(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

// root opens the root of a mount for the length of the test.
func root(t *testing.T, m *privileged.Mounted) int {
	t.Helper()
	fd, err := m.Open()
	must(t, err)
	return fd
}

// read reads a file below a root.
func read(t *testing.T, root int, name string) string {
	t.Helper()
	fd, err := unix.Openat(root, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(t, err)
	file := os.NewFile(uintptr(fd), name)
	defer file.Close()
	content, err := io.ReadAll(file)
	must(t, err)
	return string(content)
}

var whole = privileged.Volume{}
