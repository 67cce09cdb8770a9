//go:build linux && amd64

package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	inMemory = "/dev/shm"
	// groundBytes is room for many houses; an image only takes what they use.
	groundBytes = 2 << 30
)

// ground is the directory below which houses are built: an ext4 of its own that
// lies in memory, where one can be had, so that no trial waits for a real disk
// to sync. What a power cut would leave is counted by the watcher, so that
// nothing is checked less. Elsewhere it is the system's directory for scratch.
func ground(t *testing.T) string {
	t.Helper()
	if *flagGround != "" {
		return *flagGround
	}
	shared := groundOfImages()
	if shared == "" {
		return ""
	}
	dir, err := os.MkdirTemp(shared, "berth-ground-")
	if err != nil {
		return ""
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	image, mount := filepath.Join(dir, "image"), filepath.Join(dir, "mount")
	if os.Mkdir(mount, 0o755) != nil || os.WriteFile(image, nil, 0o600) != nil || os.Truncate(image, groundBytes) != nil ||
		exec.Command("mkfs.ext4", "-q", "-F", image).Run() != nil || exec.Command("mount", "-o", "loop", image, mount).Run() != nil {
		t.Log("houses are built on the system's disk, which is slower: no filesystem can be made in memory")
		return ""
	}
	t.Cleanup(func() {
		if err := unix.Unmount(mount, 0); err != nil {
			t.Error(err)
		}
	})
	return mount
}

// groundOfImages is a directory in memory for the images of filesystems; empty
// for the system's directory for scratch.
func groundOfImages() string {
	var st unix.Statfs_t
	if err := unix.Statfs(inMemory, &st); err != nil || st.Type != unix.TMPFS_MAGIC || st.Bavail*uint64(st.Bsize) < groundBytes {
		return ""
	}
	return inMemory
}
