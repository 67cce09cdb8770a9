package offload

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// DeviceOf names the disk or the server that path is on, so that two stores on
// one of them can be told from two stores on two: "disk:sda" for every
// partition of that disk, also below LVM, encryption and loop devices as long
// as there is one disk at the bottom; "nfs:server" for every export of that
// server; "device:0:42" where neither can be known. The name means something
// until the next boot.
func DeviceOf(path string) (string, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("find the device of %s: %w", path, err)
	}
	defer unix.Close(fd)
	device, err := deviceOf(fd)
	if err != nil {
		return "", fmt.Errorf("find the device of %s: %w", path, err)
	}
	return device, nil
}

func deviceOf(fd int) (string, error) {
	var status unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID, &status); err != nil {
		return "", fmt.Errorf("statx: %w", err)
	}
	number := fmt.Sprintf("%d:%d", status.Dev_major, status.Dev_minor)
	if disk, ok := diskOf(number, 0); ok {
		return disk, nil
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	from, ok := findMount(string(table), status.Mnt_id)
	if !ok {
		return "device:" + number, nil
	}
	if server := serverOf(from); server != "" {
		return server, nil
	}
	// btrfs and its like have a number of their own; the disk is the source's.
	var source unix.Stat_t
	if strings.HasPrefix(from.source, "/dev/") && unix.Stat(from.source, &source) == nil && source.Mode&unix.S_IFMT == unix.S_IFBLK {
		if disk, ok := diskOf(fmt.Sprintf("%d:%d", unix.Major(source.Rdev), unix.Minor(source.Rdev)), 0); ok {
			return disk, nil
		}
	}
	return "device:" + number, nil
}

// mount is what mountinfo says about where a filesystem comes from.
type mount struct{ kind, source string }

// findMount looks a mount up in the text of /proc/self/mountinfo.
func findMount(table string, id uint64) (mount, bool) {
	want := fmt.Sprint(id)
	for line := range strings.Lines(table) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(after)
		if first, _, _ := strings.Cut(before, " "); first == want && len(fields) >= 2 {
			return mount{kind: fields[0], source: unescape.Replace(fields[1])}, true
		}
	}
	return mount{}, false
}

// unescape undoes what the kernel does to spaces in mountinfo.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// serverOf names the server of a network filesystem without the export: two
// exports of one server are one place. Empty if the source names no server.
func serverOf(m mount) string {
	kind := strings.TrimPrefix(m.kind, "fuse.")
	switch kind {
	case "nfs4":
		kind = "nfs"
	case "smb3":
		kind = "cifs"
	}
	if share, ok := strings.CutPrefix(m.source, "//"); ok {
		host, _, _ := strings.Cut(share, "/")
		return kind + ":" + strings.ToLower(host)
	}
	if host, _, ok := strings.Cut(m.source, ":/"); ok && host != "" {
		return kind + ":" + strings.ToLower(host)
	}
	return ""
}

// diskOf follows a block device (as major:minor) down to the whole disk.
func diskOf(number string, depth int) (string, bool) {
	const deepest = 8
	link := "/sys/dev/block/" + number
	folder, err := filepath.EvalSymlinks(link)
	if err != nil || depth > deepest {
		return "", false
	}
	if _, err := os.Stat(filepath.Join(folder, "partition")); err == nil {
		folder = filepath.Dir(folder)
	}
	disk := "disk:" + filepath.Base(folder)
	// A volume on one disk is that disk; one on several has its own name.
	if below, err := os.ReadDir(filepath.Join(folder, "slaves")); err == nil && len(below) == 1 {
		number, err := os.ReadFile(filepath.Join(folder, "slaves", below[0].Name(), "dev"))
		if err == nil {
			if lower, ok := diskOf(strings.TrimSpace(string(number)), depth+1); ok {
				return lower, true
			}
		}
	}
	if file, err := os.ReadFile(filepath.Join(folder, "loop", "backing_file")); err == nil {
		if lower, ok := deviceBelow(strings.TrimSuffix(string(file), "\n"), depth+1); ok {
			return lower, true
		}
	}
	return disk, true
}

// deviceBelow names the disk of the file behind a loop device.
func deviceBelow(file string, depth int) (string, bool) {
	var status unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, file, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &status) != nil {
		return "", false
	}
	return diskOf(fmt.Sprintf("%d:%d", status.Dev_major, status.Dev_minor), depth)
}
