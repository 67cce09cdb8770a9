package filetree

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// identityOf tells an object from any other and from itself after a write:
// device, inode, size and both times in nanoseconds. The change time cannot be
// set back by a program that writes and restores the modification time.
func identityOf(st unix.Stat_t) dock.ObjectIdentity {
	return dock.ObjectIdentity(fmt.Sprintf("%d,%d,%d,%d,%d",
		uint64(st.Dev), st.Ino, st.Size, st.Mtim.Nano(), st.Ctim.Nano()))
}

// identity is identityOf the object name below at, or of at itself if name is
// empty. Where inode numbers mean nothing, the time of birth stands in for them.
func (t *Tree) identity(at int, name string, st unix.Stat_t) dock.ObjectIdentity {
	if t.volume == "" {
		return identityOf(st)
	}
	born := "?"
	var more unix.Statx_t
	err := again(func() error {
		return unix.Statx(at, name, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &more)
	})
	if err == nil && more.Mask&unix.STATX_BTIME != 0 {
		born = strconv.FormatInt(more.Btime.Sec, 10) + "." + strconv.FormatUint(uint64(more.Btime.Nsec), 10)
	}
	return dock.ObjectIdentity(fmt.Sprintf("%s,%s,%d,%d,%d", t.volume, born, st.Size, st.Mtim.Nano(), st.Ctim.Nano()))
}
