package dock

import (
	"errors"
	"io"

	"berth/hashing"
)

// ErrSync says that the spool's disk did not acknowledge what was done to it.
// The process must end, whoever meets this error.
var ErrSync = errors.New("the spool's disk did not acknowledge a write")

// Sealed is one sealed file on the spool, ready to be forwarded.
type Sealed struct {
	Key       string // name in every store: <station>/<yyyy>/<mm>/<dd>/<sha256>.sealed
	Digest    hashing.Digest
	SizeBytes int64
	// Open opens the sealed bytes for reading from the start; it may be called
	// several times and from several goroutines.
	Open func() (io.ReadSeekCloser, error)
}

// Object is what a store says about a key.
type Object struct {
	Key       string
	Version   Version
	SizeBytes int64
}

// Place is where a store's bytes come to rest, as far as the station can tell.
type Place struct {
	// Device names the disk or the server: receipts count once per Device.
	Device string
	// SharesDevice is IT's word that a store on the device of another store or
	// of the spool counts all the same.
	SharesDevice bool
	// OnSpool says that Device is also the spool's.
	OnSpool bool
}
