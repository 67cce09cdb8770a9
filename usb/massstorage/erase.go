package massstorage

import (
	"context"
	"errors"
	"fmt"

	"berth/dock"
	"berth/usb/privileged"
)

// Erase removes the one file that clearance is for, after the filesystem's own
// checker found nothing wrong with the volume. The volume is mounted for
// writing from then on until the next call that is no Erase.
func (c *camera) Erase(ctx context.Context, e dock.Entry, clearance dock.Clearance) error {
	const tried = "erase object on camera"
	if err := c.start(ctx); err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	defer c.mu.Unlock()
	v, err := c.volumeOf(e)
	if err == nil && v.tree == nil {
		err = errors.New("its volume cannot be mounted")
	}
	if err == nil {
		err = v.tree.Permits(e, clearance)
	}
	if err == nil {
		err = v.writable(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	err = v.tree.Erase(ctx, e, clearance)
	if err != nil && !final(ctx, err) && !errors.Is(err, dock.ErrChanged) && !errors.Is(err, dock.ErrBusy) {
		v.fault = err // a card that turned read-only is not written to again
	}
	return err
}

// writable has the volume mounted for writing, if nothing is wrong with it.
func (v *volume) writable(ctx context.Context) error {
	if v.info.Replay {
		return errors.New("the filesystem was not unmounted and its journal was not replayed")
	}
	if v.fault != nil {
		return fmt.Errorf("writing to it failed before: %w", v.fault)
	}
	if err := v.check(ctx); err != nil {
		return fmt.Errorf("the filesystem is not in order: %w", err)
	}
	return v.ready(ctx, privileged.ReadWrite)
}
