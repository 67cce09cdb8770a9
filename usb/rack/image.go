package rack

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// packages are what the guest is made of.
var packages = []string{
	"linux-image-amd64", "udev", "kmod", "busybox-static", "bash", "coreutils", "util-linux", "mount", "findutils", "grep",
	"dosfstools", "exfatprogs", "e2fsprogs", "fdisk", "libudev1", "libusb-1.0-0", "procps", "usbutils", "dmsetup", "strace",
}

// modules are the parts of the kernel that the guest keeps, as directories or
// beginnings of names below /lib/modules/<version>/kernel.
var modules = []string{
	"arch/x86/crypto", "block", "crypto", "fs/crypto", "fs/exfat", "fs/ext4", "fs/fat", "fs/jbd2", "fs/mbcache", "fs/nls", "fs/configfs",
	"fs/overlayfs", "fs/ntfs3", "fs/fuse", "lib",
	"drivers/block/loop", "drivers/block/virtio_blk", "drivers/char/hw_random", "drivers/char/virtio_console", "drivers/cdrom",
	"drivers/hid", "drivers/input", "drivers/md", "drivers/net/mii", "drivers/net/usb", "drivers/scsi/scsi", "drivers/scsi/sd_mod",
	"drivers/scsi/sg", "drivers/scsi/sr_mod", "drivers/scsi/virtio", "drivers/usb", "drivers/virtio", "drivers/net/phy", "drivers/dax",
	"drivers/nvdimm", "drivers/media/usb", "sound/core", "sound/usb", "sound/soundcore",
}

// Image is the guest's kernel and its first root, without anything of Berth.
type Image struct {
	Kernel string // path on the host
	Root   string // path of the archive
}

// Build makes the guest's image below cache, which takes a minute, or finds the
// one that was made of the same packages for the same release before.
func Build(ctx context.Context, cache string) (Image, error) {
	release, err := hostRelease()
	if err != nil {
		return Image{}, err
	}
	hash := sha256.Sum256([]byte(strings.Join(append(append([]string{release}, packages...), modules...), "\n")))
	dir := filepath.Join(cache, "guest-"+release+"-"+hex.EncodeToString(hash[:6]))
	image := Image{Kernel: filepath.Join(dir, "vmlinuz"), Root: filepath.Join(dir, "root.cpio")}
	if _, err := os.Stat(image.Root); err == nil {
		return image, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Image{}, fmt.Errorf("making the guest's image: %w", err)
	}
	tarball := filepath.Join(dir, "root.tar")
	defer os.Remove(tarball)
	hook := `chroot "$1" /sbin/depmod $(ls "$1/lib/modules")`
	command := exec.CommandContext(ctx, "mmdebstrap", "--quiet", "--variant=extract", "--extract-hook="+keepModules(), "--extract-hook="+hook,
		"--include="+strings.Join(packages, ","), release, tarball)
	if out, err := command.CombinedOutput(); err != nil {
		return Image{}, fmt.Errorf("making the guest of Debian packages: %w: %s", err, bytes.TrimSpace(out))
	}
	if err := image.convert(tarball); err != nil {
		return Image{}, fmt.Errorf("packing the guest's root: %w", err)
	}
	return image, nil
}

// keepModules is a shell command that removes the modules which are not kept.
func keepModules() string {
	var patterns []string
	for _, kept := range modules {
		patterns = append(patterns, fmt.Sprintf("! -path './%s*'", kept))
	}
	return `cd "$1"/lib/modules/*/kernel && find . -name '*.ko' ` + strings.Join(patterns, " ") + ` -delete`
}

// hostRelease is the Debian release whose libraries the host links programs
// against, since the station's program is built on the host.
func hostRelease() (string, error) {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", fmt.Errorf("asking for this machine's release: %w", err)
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		fields[key] = strings.Trim(value, `"`)
	}
	if fields["ID"] != "debian" || fields["VERSION_CODENAME"] == "" {
		return "", errors.New("the virtual rack is made of the packages of Debian, and this machine is none")
	}
	return fields["VERSION_CODENAME"], nil
}

// convert writes kernel and archive, both under their names only when whole.
func (image Image) convert(tarball string) error {
	in, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(image.Root + ".part")
	if err != nil {
		return err
	}
	defer out.Close()
	kernel, err := pack(tar.NewReader(in), newArchive(out), image.Kernel)
	if err != nil {
		return err
	}
	if !kernel {
		return errors.New("there is no kernel among the packages")
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(image.Root+".part", image.Root)
}

// pack copies what the guest needs, and takes the kernel aside.
func pack(in *tar.Reader, out *archive, kernelPath string) (kernel bool, err error) {
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return kernel, err
		}
		name := strings.TrimPrefix(path.Clean(header.Name), "/")
		switch {
		case strings.HasPrefix(name, "boot/vmlinuz-"):
			kernel = true
			err = copyTo(kernelPath, in)
		case name == "." || unneeded(name):
		case header.Typeflag == tar.TypeDir:
			out.made[name] = true
			err = out.add(entry{name: name, mode: kindDirectory | header.Mode&0o7777})
		case header.Typeflag == tar.TypeSymlink:
			err = out.add(entry{name: name, mode: kindLink | 0o777, size: int64(len(header.Linkname)), body: strings.NewReader(header.Linkname)})
		case header.Typeflag == tar.TypeReg:
			err = out.add(entry{name: name, mode: kindFile | header.Mode&0o7777, size: header.Size, body: in})
		case header.Typeflag == tar.TypeLink:
			target := "/" + path.Clean(header.Linkname)
			err = out.add(entry{name: name, mode: kindLink | 0o777, size: int64(len(target)), body: strings.NewReader(target)})
		}
		if err != nil {
			return kernel, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := out.add(entry{name: "dev/console", mode: kindCharacter | 0o600, major: 5, minor: 1}); err != nil {
		return kernel, err
	}
	return kernel, out.end()
}

// unneeded is what packages bring along and no scenario looks at.
func unneeded(name string) bool {
	for _, below := range []string{
		"boot", "dev", "proc", "sys", "run", "tmp", "usr/share", "usr/lib/x86_64-linux-gnu/perl", "usr/lib/x86_64-linux-gnu/gconv",
		"usr/lib/udev/hwdb.d", "lib/udev/hwdb.d", "var/lib/dpkg", "var/cache", "usr/lib/x86_64-linux-gnu/perl-base", "usr/lib/initramfs-tools",
	} {
		if name == below && below != "dev" || strings.HasPrefix(name, below+"/") {
			return true
		}
	}
	return false
}

func copyTo(path string, from io.Reader) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(file, from); err != nil {
		return err
	}
	return file.Close()
}
