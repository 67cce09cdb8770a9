package offload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/hashing"
)

// Put writes the sealed file into a temporary one beside its place, hashing
// what it writes, and gives it its name by link(2), which never replaces
// anything. Bytes that do not hash to sealed.Digest never get that name. On a
// nil error file and folders are fsynced. ctx is looked at between chunks.
func (d *Directory) Put(ctx context.Context, sealed dock.Sealed) (dock.Version, error) {
	name, err := parseSealed(sealed)
	if err != nil {
		return "", err
	}
	root, err := d.open(ctx)
	if err != nil {
		return "", err
	}
	defer root.close()
	if _, err := root.identity(); err != nil {
		return "", err
	}
	// What a crash or a lost reply left under the key is not sent again.
	err = d.same(ctx, root, name, sealed)
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := d.create(ctx, root, name, sealed); err != nil {
		return "", err
	}
	return "", nil
}

// create puts the file under a key that was free a moment ago.
func (d *Directory) create(ctx context.Context, root *root, name key, sealed dock.Sealed) error {
	for _, folders := range [][]string{name.folders, {ownFolder, tempFolder}} {
		if err := root.makeFolders(folders); err != nil {
			return err
		}
	}
	if err := d.sweepOnce(root, name.station); err != nil {
		return err
	}
	temp, err := root.newTemp(name.station)
	if err != nil {
		return err
	}
	defer temp.discard()
	if err := d.fill(ctx, temp, sealed); err != nil {
		return fmt.Errorf("put %s into store %s: %w", sealed.Key, d.name, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err = temp.publish(name.folders, name.name)
	if errors.Is(err, fs.ErrExist) {
		return d.same(ctx, root, name, sealed)
	}
	return err
}

// sweepOnce clears away what an earlier run of this station left, before the
// first new file: later ones would be this run's own.
func (d *Directory) sweepOnce(root *root, station string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.swept[station] {
		return nil
	}
	if err := root.sweep(station); err != nil {
		return err
	}
	d.swept[station] = true
	return nil
}

// fill writes all of the sealed bytes and checks that they are those.
func (d *Directory) fill(ctx context.Context, temp *temp, sealed dock.Sealed) error {
	source, err := sealed.Open()
	if err != nil {
		return fmt.Errorf("open the sealed file: %w", err)
	}
	defer source.Close()
	fd := int(temp.file.Fd())
	// A store that is full says so before anything was sent.
	err = unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, 0, max(sealed.SizeBytes, 1))
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return err
	}
	direct := hasDirect(fd)
	if direct {
		if err := setDirect(fd, true); err != nil {
			return err
		}
	}
	buffer := d.buffers.get()
	defer d.buffers.put(buffer)
	flow := hashing.NewFlow()
	// One byte more than expected is enough to know that there is too much.
	limited := io.LimitReader(source, sealed.SizeBytes+1)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(limited, buffer)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return fmt.Errorf("read the sealed file: %w", err)
		}
		flow.Write(buffer[:n])
		if direct && n%pageBytes != 0 { // the end of a file that is not whole pages
			if err := setDirect(fd, false); err != nil {
				return err
			}
		}
		if _, err := temp.file.Write(buffer[:n]); err != nil {
			return err
		}
		if err != nil {
			return flow.Check("the sealed file", sealed.Digest, sealed.SizeBytes)
		}
	}
}

// same compares what is under the key with the sealed file by hashing it from
// the medium: nil and durable if it is the same, ErrDifferent if not,
// fs.ErrNotExist if there is nothing.
func (d *Directory) same(ctx context.Context, root *root, name key, sealed dock.Sealed) error {
	object, err := root.object(name)
	switch {
	case errors.Is(err, unix.ELOOP) || errors.Is(err, errIrregular):
		return fmt.Errorf("%w: store %s: %s: %w", ErrDifferent, d.name, sealed.Key, err)
	case err != nil:
		return err
	}
	reader, err := newMediumReader(ctx, object, &d.buffers)
	if err != nil {
		return err
	}
	defer reader.Close()
	flow := hashing.NewFlow()
	if object.sizeBytes == sealed.SizeBytes {
		if _, err := io.Copy(flow, reader); err != nil {
			return fmt.Errorf("compare %s in store %s: %w", sealed.Key, d.name, err)
		}
	}
	if flow.Check("the stored file", sealed.Digest, sealed.SizeBytes) != nil {
		return fmt.Errorf("%w: store %s: %s has %d bytes that are not those of the sealed file", ErrDifferent, d.name, sealed.Key, object.sizeBytes)
	}
	return root.syncFolders(name.folders)
}
