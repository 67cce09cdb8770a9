package privileged

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// option is one mount option; a flag if value is empty.
type option struct {
	name, value string
	optional    bool // older kernels do not know it
}

// mountOptions say how a filesystem is mounted (Documentation/filesystems:
// vfat.rst, ext4; fs/exfat/super.c). Names are raw bytes and must not be
// folded: where the kernel can, it compares them exactly. Times without a zone
// are taken for UTC. Nothing makes the kernel panic, whatever the superblock
// asks for: ours comes last and wins.
func mountOptions(kind FilesystemKind, access Access) []option {
	options := []option{{name: "ro"}, {name: "errors", value: "continue"}}
	if access == ReadWrite {
		options = []option{{name: "rw"}, {name: "errors", value: "remount-ro"}}
	}
	ours := []option{
		{name: "uid", value: strconv.Itoa(os.Geteuid())},
		{name: "gid", value: strconv.Itoa(os.Getegid())},
		{name: "umask", value: "0077"},
	}
	switch kind {
	case VFAT:
		return append(append(options, ours...),
			option{name: "check", value: "s"},           // A.MP4 is not a.mp4
			option{name: "utf8"},                        // long names in UTF-8
			option{name: "iocharset", value: "default"}, // built in; not used beside utf8
			option{name: "codepage", value: "437"},      // short names; any page that knows all bytes would do
			option{name: "shortname", value: "mixed"},
			option{name: "tz", value: "UTC"})
	case ExFAT:
		return append(append(options, ours...),
			option{name: "iocharset", value: "utf8"},
			option{name: "keep_last_dots", optional: true}) // "a.mp4." is not "a.mp4"; Linux 5.19
	case Ext4:
		if access == ReadOnly {
			options = append(options, option{name: "noload"}) // or a read-only mount replays the journal
		}
	}
	return options
}

func set(context int, o option) error {
	var err error
	if o.value == "" {
		err = unix.FsconfigSetFlag(context, o.name)
	} else {
		err = unix.FsconfigSetString(context, o.name, o.value)
	}
	if err != nil && o.optional {
		return nil
	}
	return err
}
