package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"
)

func TestAStationsKeysAreMadeOnceForItsOwnerAlone(t *testing.T) {
	data := t.TempDir()
	first, err := loadOrMakeKeys(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"station.key.pem", "data.key"} {
		if info, err := os.Stat(filepath.Join(keysDir(data), name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if info, err := os.Stat(keysDir(data)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the keys' directory: %v, %v", info, err)
	}
	again, err := loadOrMakeKeys(data)
	if err != nil || !again.signing.Equal(first.signing) || again.data != first.data {
		t.Errorf("a second start has other keys: %v", err)
	}
	if first.data == [32]byte{} {
		t.Error("the data key is no secret")
	}
}

func TestAKeyThatCannotBeReadIsNeverReplaced(t *testing.T) {
	for _, name := range []string{"station.key.pem", "data.key"} {
		for what, spoiled := range map[string][]byte{"empty": {}, "cut": []byte("0123456789abcdef\n"), "rubbish": []byte("rubbish")} {
			data := t.TempDir()
			if _, err := loadOrMakeKeys(data); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(keysDir(data), name)
			if err := os.WriteFile(path, spoiled, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := loadOrMakeKeys(data); err == nil {
				t.Errorf("%s, %s: the station starts", name, what)
			}
			if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, spoiled) {
				t.Errorf("%s, %s: it is replaced: %v", name, what, err)
			}
		}
	}
}

// A station without its keys is another one: it could not read its own journal.
func TestAStationThatHasRunMakesNoNewKeys(t *testing.T) {
	for trace, at := range map[string]func(string) string{"journal": journalPath, "witness": witnessPath} {
		for _, lost := range []string{"station.key.pem", "data.key"} {
			data := t.TempDir()
			if _, err := loadOrMakeKeys(data); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Dir(at(data)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at(data), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := loadOrMakeKeys(data); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(keysDir(data), lost)); err != nil {
				t.Fatal(err)
			}
			if _, err := loadOrMakeKeys(data); err == nil {
				t.Errorf("with its %s and without its %s it starts as another station", trace, lost)
			}
		}
	}
}

func TestReadingMakesNoKey(t *testing.T) {
	data := t.TempDir()
	if _, err := existingDataKey(data); err == nil {
		t.Error("there is a key")
	}
	if left, err := os.ReadDir(data); err != nil || len(left) > 0 {
		t.Errorf("it made %v, %v", left, err)
	}
}

func TestANewFileIsNeverPutInThePlaceOfAnother(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "agency.key.pem")
	if err := createFile(path, []byte("first"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := createFile(path, []byte("second"), 0o600); err == nil {
		t.Error("a key that is in use was replaced")
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "first" {
		t.Errorf("it holds %q, %v", content, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != fs.FileMode(0o644) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A key that recordings are sealed under a minute later must not be gone or
// empty after a power cut.
func TestAKeySurvivesAPowerCut(t *testing.T) {
	image, mount := filepath.Join(t.TempDir(), "disk.img"), t.TempDir()
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 64<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
		t.Skipf("no filesystem of its own: %v %s", err, out)
	}
	on := func() error { return exec.Command("mount", "-o", "loop", image, mount).Run() }
	if err := on(); err != nil {
		t.Skipf("no filesystem of its own: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mount, syscall.MNT_DETACH) })
	path := filepath.Join(mount, "agency.key.pem")
	if err := createFile(path, []byte("the only one"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := os.Open(mount)
	if err != nil {
		t.Fatal(err)
	}
	flags := uint32(2) // EXT4_IOC_SHUTDOWN, without writing out the log
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, dir.Fd(), 0x8004587d, uintptr(unsafe.Pointer(&flags)))
	dir.Close()
	if errno != 0 {
		t.Skipf("cannot cut the power of a filesystem: %v", errno)
	}
	if err := syscall.Unmount(mount, 0); err != nil {
		t.Fatal(err)
	}
	if err := on(); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "the only one" {
		t.Errorf("after a power cut it holds %q, %v", content, err)
	}
}
