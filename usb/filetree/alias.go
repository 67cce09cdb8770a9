package filetree

import (
	"cmp"
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// heldAlike is how many objects of one folder that look alike are kept open at
// once while they are compared.
const heldAlike = 256

// alikes are the names of one folder by what their objects look like: kind,
// size and times. FAT and exFAT find a name without regard to case or by its
// short form, so that one object can stand in front of another: both names then
// lead to the same one, and the other's content is out of reach.
type alikes map[looks][]string

type looks struct {
	identity dock.ObjectIdentity
	mode     uint32
}

// note keeps what name looks like, on volumes without inode numbers.
func (a *alikes) note(t *Tree, fd int, name string, st unix.Stat_t) {
	if t.volume == "" {
		return
	}
	if *a == nil {
		*a = alikes{}
	}
	like := looks{t.identity(fd, "", st), st.Mode}
	(*a)[like] = append((*a)[like], name)
}

// tellAliases makes exceptions of the names that lead to an object which was
// listed under another name already. Inode numbers differ for certain only
// between objects that are in use, so that all are held open meanwhile.
func (w *walk) tellAliases(f *frame) error {
	hidden := map[dock.Handle]bool{}
	for _, names := range f.alike {
		if len(names) < 2 {
			continue
		}
		same, err := sameObjects(int(f.folder.Fd()), names)
		if err != nil {
			return err
		}
		for _, name := range same {
			w.except(dock.ExceptionUnreadable, f.path+name, 0, "its name leads to another object of the folder")
			hidden[dock.Handle(w.tree.prefix+f.path+name)] = true
		}
	}
	if len(hidden) > 0 {
		w.found.Entries = slices.DeleteFunc(w.found.Entries, func(e dock.Entry) bool { return hidden[e.Handle] })
	}
	return nil
}

// sameObjects returns the names that lead where an earlier one leads.
func sameObjects(folder int, names []string) (same []string, err error) {
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(a, b) })
	known := map[uint64]bool{}
	for i, name := range names {
		fd, err := openat2(folder, name, unix.O_PATH, confined)
		if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
			return nil, err
		}
		if err != nil { // it was found a moment ago: nobody can tell
			same = append(same, name)
			continue
		}
		st, err := fstat(fd)
		if err == nil && known[st.Ino] {
			same = append(same, name)
		}
		known[st.Ino] = true
		if i >= heldAlike {
			unix.Close(fd)
		} else {
			defer unix.Close(fd)
		}
	}
	return same, nil
}
