// Package offload is the contract of the stores that sealed recordings are
// forwarded to, the directory store, and what can be wrapped around any store:
// retry and rate.
//
// It promises that nothing in a store is ever replaced or removed: the
// interface has no way to say it. It never opens a sealed file's content and
// holds no key.
package offload

import (
	"context"
	"errors"
	"io"

	"berth/dock"
)

// Store holds sealed files under keys. All methods are safe for concurrent use
// and end soon after ctx does.
type Store interface {
	// Identity returns the UUID that the store was commissioned with, read from
	// the store itself at every call. ErrNotCommissioned if it has none.
	Identity(ctx context.Context) (dock.StoreID, error)
	// Place says where the store's bytes come to rest.
	Place(ctx context.Context) (dock.Place, error)
	// Put stores the sealed file under its key, durably when it returns nil.
	// Create-only: a key that exists with the same bytes is success, with other
	// bytes ErrDifferent, and what exists is left as it is in either case.
	// Repeating a Put whose outcome is unknown is safe. A nil error is no proof:
	// that comes from reading back.
	Put(ctx context.Context, sealed dock.Sealed) (dock.Version, error)
	// Stat describes the object. fs.ErrNotExist if there is none.
	Stat(ctx context.Context, key string, v dock.Version) (dock.Object, error)
	// Open reads the object back from the medium, on a connection or descriptor
	// of its own, past any cache that the store can avoid. fs.ErrNotExist if
	// there is none.
	Open(ctx context.Context, key string, v dock.Version) (io.ReadCloser, error)
}

// The ways in which a store can refuse for good. Everything else is worth
// another attempt later.
var (
	// ErrNotCommissioned: `berth stores commission NAME` was never run on it,
	// or it is not the disk that it used to be.
	ErrNotCommissioned = errors.New("store is not commissioned")
	// ErrDifferent: the key is taken by other bytes.
	ErrDifferent = errors.New("store holds other bytes under this key")
	// ErrBadKey: the key is not one that Berth makes.
	ErrBadKey = errors.New("not a key of a sealed recording")
)
