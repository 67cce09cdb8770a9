package sim

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// maxNames bounds what is looked at in one bay's directory.
const maxNames = 10_000

// bay is one directory bay and what is docked in it. Guarded by Bus.mu.
type bay struct {
	name      dock.BayName
	directory string
	docked    *docked
}

type docked struct {
	folder     folder
	attachment dock.Attachment
}

// folder is a folder in a bay, told from a later one of the same name and with
// a reused inode by the time of its birth.
type folder struct {
	name   string
	device uint64
	inode  uint64
	born   unix.StatxTimestamp
}

var errTooMany = errors.New("too many names")

// leave ends the stay of what is docked if it is among the names that left,
// even if it is there again.
func (b *bay) leave(left map[string]bool) {
	if b.docked != nil && (left[anything] || left[b.docked.folder.name]) {
		b.docked = nil
	}
}

// look brings docked up to date with the directory and returns what a person
// must see to.
func (b *bay) look(next func() dock.Generation) []string {
	folders, files, err := readBay(b.directory)
	if err != nil {
		b.docked = nil
		return []string{bayProblem(err)}
	}
	if b.docked != nil && !slices.Contains(folders, b.docked.folder) {
		b.docked = nil
	}
	if b.docked == nil && len(folders) > 0 {
		first := folders[0]
		b.docked = &docked{folder: first, attachment: dock.Attachment{
			Bay: b.name, Generation: next(), Port: b.directory,
			Folder: &dock.Folder{Bay: b.directory, Name: first.name, Device: first.device, Inode: first.inode},
		}}
	}
	var texts []string
	if len(folders) > 1 {
		texts = append(texts, fmt.Sprintf("more than one folder in this bay; %s is being read first", shown(b.docked.folder.name)))
	}
	if files > 0 {
		texts = append(texts, "there are files in this bay that belong to no camera; put them into a folder")
	}
	return texts
}

// shown bounds a folder's name for a sentence.
func shown(name string) string {
	const longest = 60
	text := []rune(dock.RawName(name).Display())
	if len(text) > longest {
		return string(text[:longest]) + "..."
	}
	return string(text)
}

func bayProblem(err error) string {
	switch {
	case errors.Is(err, unix.ENOENT):
		return "the bay's directory does not exist"
	case errors.Is(err, unix.ENOTDIR):
		return "the bay's directory is not a directory"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "the bay's directory may not be read by the station"
	case errors.Is(err, errTooMany):
		return fmt.Sprintf("there are more than %d names in the bay's directory", maxNames)
	}
	var number unix.Errno
	if errors.As(err, &number) {
		return "the bay's directory cannot be read: " + number.Error()
	}
	return "the bay's directory cannot be read"
}

// readBay returns the folders in order of their names and the number of plain
// files. Links, other kinds of things and hidden names are passed over.
func readBay(directory string) (folders []folder, files int, err error) {
	fd, err := unix.Open(directory, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, 0, err
	}
	dir := os.NewFile(uintptr(fd), "bay")
	defer dir.Close()
	names, err := dir.Readdirnames(maxNames + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if len(names) > maxNames {
		return nil, 0, errTooMany
	}
	slices.Sort(names)
	for _, name := range names {
		if strings.HasPrefix(name, ".") {
			continue
		}
		var st unix.Statx_t
		err := unix.Statx(int(dir.Fd()), name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st)
		if errors.Is(err, unix.ENOENT) { // left while we looked
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFDIR:
			folders = append(folders, folder{name: name, device: unix.Mkdev(st.Dev_major, st.Dev_minor), inode: st.Ino, born: st.Btime})
		case unix.S_IFREG:
			files++
		}
	}
	return folders, files, nil
}
