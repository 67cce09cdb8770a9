package ingest

import (
	"errors"
	"fmt"

	"berth/dock"
)

// ErrSync says that the spool's disk did not acknowledge a write. The kernel
// forgets such a failure as soon as it has told it once, so nothing that the
// process believes about the disk can be trusted any more: the caller ends the
// process, and the next start verifies from the disk.
var ErrSync = dock.ErrSync

// ErrNoReread says that a camera cannot be read from its medium a second time.
var ErrNoReread = errors.New("camera cannot be read from its medium a second time")

// ErrNotSpooled says that a second read has nothing to be compared with.
var ErrNotSpooled = errors.New("recording is not spooled")

// ErrNoSpace says that a recording does not fit on the spool. Nothing was read
// from the camera for it.
type ErrNoSpace struct {
	NeedBytes int64 // the sealed file and the reserve that is always kept
	FreeBytes int64 // free, without what running pulls are about to use
}

func (e *ErrNoSpace) Error() string {
	return fmt.Sprintf("the spool has no room: %d bytes needed with the reserve, %d bytes free", e.NeedBytes, e.FreeBytes)
}
