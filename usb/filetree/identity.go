package filetree

import (
	"fmt"

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
