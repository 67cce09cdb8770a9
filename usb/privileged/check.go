package privileged

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	checkWithin = 10 * time.Minute
	checkMemory = 2 << 30  // address space of a checker
	checkOutput = 64 << 10 // what is kept of what it says
	nobody      = 65534
)

// Check has the filesystem's own checker look at a volume without repairing
// anything: nil if it found nothing wrong with it but the mark that it was not
// unmounted. The checker runs as nobody, knows no other device, gives up after
// ten minutes and gets two GiB of address space. A journal that waits to be
// replayed is something wrong.
func (l *Local) Check(ctx context.Context, d Device, v Volume) error {
	return l.with(ctx, "check", d, v, func(n *node) error {
		info, err := probe(n.file)
		if err != nil {
			return err
		}
		if info.Replay {
			return errors.New("its journal was not replayed")
		}
		defer l.signs(ctx, n.number)()
		return n.check(ctx, info.Kind)
	})
}

// checkers only read: "-n" is what all three call it.
func checker(kind FilesystemKind) []string {
	switch kind {
	case VFAT:
		return []string{"fsck.fat", "-n"}
	case ExFAT:
		return []string{"fsck.exfat", "-n"}
	case Ext4:
		return []string{"e2fsck", "-f", "-n"}
	}
	return nil
}

func (n *node) check(ctx context.Context, kind FilesystemKind) error {
	command := checker(kind)
	if command == nil {
		return errors.New("nobody knows its filesystem")
	}
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	room, err := n.room()
	if err != nil {
		return fmt.Errorf("make room for its checker: %w", err)
	}
	defer room.Close()
	run := exec.CommandContext(ctx, "prlimit", slices.Concat([]string{fmt.Sprintf("--as=%d", checkMemory)}, command, []string{"/proc/self/fd/3/volume"})...)
	var said limited
	run.Stdout, run.Stderr = &said, &said
	run.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin"}
	run.ExtraFiles = []*os.File{room}
	run.WaitDelay = 10 * time.Second
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		run.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	err = run.Run()
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s did not end: %w", command[0], context.Cause(ctx))
	case err == nil:
		return nil
	case !errors.As(err, &ended):
		return fmt.Errorf("%s cannot be run: %w", command[0], err)
	case ended.ExitCode() == 127:
		return fmt.Errorf("%s is not installed", command[0])
	case kind == VFAT && ended.ExitCode() == 1 && said.Len() < checkOutput && onlyMarks(said.Bytes()):
		return nil
	}
	return fmt.Errorf("%s found something wrong: %w", command[0], err)
}

// room is a filesystem of its own in memory with nothing in it but the volume's
// node, which nobody may read and no one may write.
func (n *node) room() (*os.File, error) {
	context, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return nil, err
	}
	defer unix.Close(context)
	err = errors.Join(unix.FsconfigSetString(context, "mode", "0755"), unix.FsconfigSetString(context, "size", "64k"),
		unix.FsconfigCreate(context))
	if err != nil {
		return nil, err
	}
	fd, err := unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return nil, err
	}
	const name = "volume"
	err = unix.Mknodat(fd, name, unix.S_IFBLK|0o400, int(n.number))
	if err == nil && os.Geteuid() == 0 {
		err = unix.Fchownat(fd, name, nobody, nobody, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "room"), nil
}

// onlyMarks reports whether fsck.fat (dosfstools 4.2) found nothing but the mark
// of a volume that was not unmounted, which it counts as a fault, and what goes
// with it: the count of free clusters, and a boot sector whose copy does not
// have the mark. Any line that is not known here is something wrong.
func onlyMarks(said []byte) bool {
	marked := false
	for line := range strings.Lines(string(said)) {
		switch line = strings.TrimSpace(line); {
		case line == "Dirty bit is set. Fs was not properly unmounted and some data may be corrupt.":
			marked = true
		case strings.HasPrefix(line, "Free cluster summary wrong ("):
			marked = true
		case line == "", strings.HasPrefix(line, "fsck.fat 4."), strings.HasPrefix(line, "/proc/self/fd/3/volume: "):
		case line == "There are differences between boot sector and its backup.":
		case line == "This is mostly harmless. Differences: (offset:original/backup)":
		case line == "65:01/00", line == "Not automatically fixing this.":
		case line == "Automatically removing dirty bit.", line == "Auto-correcting.":
		case line == "Leaving filesystem unchanged.":
		case strings.HasPrefix(line, "Cannot initialize conversion from "), line == "Using internal CP850 conversion table":
		default:
			return false
		}
	}
	return marked
}

// limited keeps the beginning of what is written to it.
type limited struct{ bytes.Buffer }

var _ io.Writer = (*limited)(nil)

func (l *limited) Write(p []byte) (int, error) {
	l.Buffer.Write(p[:min(len(p), checkOutput-l.Len())])
	return len(p), nil
}
