package offload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"berth/dock"
)

// What Berth keeps for itself in a store, out of the way of the sealed files:
// no station id begins with a dot.
const (
	ownFolder    = ".berth"
	identityName = "store-id"
	tempFolder   = "tmp"
)

// ErrCommissioned: the store has a UUID already, and keeps it.
var ErrCommissioned = errors.New("store is commissioned already")

// identity reads the UUID. Whatever is there instead of one, the store counts
// as not commissioned.
func (r *root) identity() (dock.StoreID, error) {
	fd, err := r.openAt(ownFolder+"/"+identityName, unix.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		// Not wrapped: see Directory.open.
		return "", fmt.Errorf("%w: store %s: %s holds no %s/%s; is the right disk mounted?",
			ErrNotCommissioned, r.store, r.path, ownFolder, identityName)
	}
	if err != nil {
		return "", err
	}
	file := os.NewFile(uintptr(fd), identityName)
	defer file.Close()
	const line = 37 // a UUID and the end of the line
	text, err := io.ReadAll(io.LimitReader(file, line+1))
	if err != nil {
		return "", fmt.Errorf("read the identity of store %s: %w", r.store, err)
	}
	id, err := uuid.Parse(string(text[:min(len(text), line-1)]))
	if err != nil || string(text) != id.String()+"\n" {
		return "", fmt.Errorf("%w: store %s: %s/%s in %s is not a UUID", ErrNotCommissioned, r.store, ownFolder, identityName, r.path)
	}
	return dock.StoreID(id.String()), nil
}

// Commission makes the directory a store of Berth by writing a new UUID into
// it, durably. It never replaces one: a store that has a UUID is left alone,
// and that UUID comes back with ErrCommissioned. The directory must exist; an
// IT person vouches that the right disk is mounted there.
func (d *Directory) Commission(ctx context.Context) (dock.StoreID, error) {
	root, err := d.open(ctx)
	if err != nil {
		return "", err
	}
	defer root.close()
	if existing, err := root.identity(); !errors.Is(err, ErrNotCommissioned) {
		if err != nil {
			return "", err
		}
		return existing, fmt.Errorf("commission store %s: %w as %s", d.name, ErrCommissioned, existing)
	}
	random, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("commission store %s: %w", d.name, err)
	}
	if err := root.makeFolders([]string{ownFolder, tempFolder}); err != nil {
		return "", err
	}
	temp, err := root.newTemp("identity")
	if err != nil {
		return "", err
	}
	defer temp.discard()
	if _, err := temp.file.WriteString(random.String() + "\n"); err != nil {
		return "", fmt.Errorf("commission store %s: %w", d.name, err)
	}
	if err := temp.publish([]string{ownFolder}, identityName); err != nil {
		if errors.Is(err, fs.ErrExist) { // another one came first, or rubbish lies there
			existing, _ := root.identity()
			return existing, fmt.Errorf("commission store %s: %w: %s/%s exists in %s", d.name, ErrCommissioned, ownFolder, identityName, d.path)
		}
		return "", err
	}
	return dock.StoreID(random.String()), nil
}
