//go:build linux && amd64

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The ioctl that cuts a filesystem's power (EXT4_IOC_SHUTDOWN) and its way of
// doing it without writing out what its own log still holds.
const (
	shutdownIoctl = 0x8004587d
	noLogFlush    = 2
)

// powerCuts is about how many places of a docking the power is cut at where not
// all of them are asked for.
const powerCuts = 10

// power is the supply of a house: journal, spool and stores each lie on a
// filesystem of their own, so that what is synced on one says nothing of the
// others. The cameras have theirs elsewhere, and keep what happened to them.
type power struct {
	house  *house
	images string
	off    bool
}

// connect puts the house's parts on filesystems of their own; they must be
// empty. The caller must disconnect it.
func connect(h *house, images string) (*power, error) {
	p := &power{house: h, images: images}
	for _, part := range p.parts() {
		if err := os.MkdirAll(h.path(part), 0o755); err != nil {
			return p, err
		}
		image := p.image(part)
		err := os.WriteFile(image, nil, 0o600)
		if err == nil {
			err = os.Truncate(image, 64<<20)
		}
		if err != nil {
			return p, err
		}
		if out, err := exec.Command("mkfs.ext4", "-q", "-F", image).CombinedOutput(); err != nil {
			return p, fmt.Errorf("make a filesystem: %w %s", err, out)
		}
	}
	return p, p.on()
}

func (p *power) parts() []string {
	return []string{"data/journal", "data/spool", "stores/one", "stores/two"}
}

func (p *power) image(part string) string {
	return filepath.Join(p.images, filepath.Base(part)+".img")
}

func (p *power) on() error {
	for _, part := range p.parts() {
		if out, err := exec.Command("mount", "-o", "loop", p.image(part), p.house.path(part)).CombinedOutput(); err != nil {
			return fmt.Errorf("mount a filesystem of its own: %w %s", err, out)
		}
	}
	return nil
}

// cut takes everything away that was not synced. What the journal has
// acknowledged is read before: it must be there when the power is back.
func (p *power) cut(ctx context.Context) error {
	var errs []error
	if !p.house.disks.content[p.house.path("data/journal/journal.db-wal")] {
		errs = append(errs, p.house.journal.follow(ctx, p.house.path("data", "journal")))
	}
	p.off = true
	for _, part := range p.parts() {
		dir, err := os.Open(p.house.path(part))
		if err != nil {
			return err
		}
		flags := uint32(noLogFlush)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, dir.Fd(), shutdownIoctl, uintptr(unsafe.Pointer(&flags))); errno != 0 {
			errs = append(errs, fmt.Errorf("cut the power of %s: %w", part, errno))
		}
		errs = append(errs, dir.Close())
	}
	return errors.Join(errs...)
}

// back brings the disks up again after a cut, with what was synced and nothing
// else. Whoever has a namespace of mounts of their own may keep a dead
// filesystem from ending: a copy of its image has no such past.
func (p *power) back() error {
	if !p.off {
		return nil
	}
	p.off = false
	p.house.disks = newDisks()
	if err := errors.Join(p.disconnect(), p.on()); err != nil {
		return err
	}
	if p.alive() {
		return nil
	}
	if err := p.disconnect(); err != nil {
		return err
	}
	for _, part := range p.parts() {
		image := p.image(part)
		if out, err := exec.Command("cp", "--sparse=always", image, image+".copy").CombinedOutput(); err != nil {
			return fmt.Errorf("copy a filesystem: %w %s", err, out)
		}
		if err := os.Rename(image+".copy", image); err != nil {
			return err
		}
	}
	return p.on()
}

// alive reports whether all filesystems can still acknowledge.
func (p *power) alive() bool {
	for _, part := range p.parts() {
		dir, err := os.Open(p.house.path(part))
		if err != nil {
			return false
		}
		if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
			return false
		}
	}
	return true
}

func (p *power) disconnect() error {
	var errs []error
	for _, part := range p.parts() {
		if err := unix.Unmount(p.house.path(part), 0); err != nil && !errors.Is(err, unix.EINVAL) {
			errs = append(errs, fmt.Errorf("unmount %s: %w", part, err))
		}
	}
	return errors.Join(errs...)
}

// newPoweredHouse is a house whose power can be cut.
func newPoweredHouse(ctx context.Context, dir string, a agency) (*house, error) {
	h, err := furnish(filepath.Join(dir, "house"), a)
	if err != nil {
		return h, err
	}
	if h.power, err = connect(h, dir); err != nil {
		return h, err
	}
	if err := h.commission(ctx); err != nil {
		return h, err
	}
	h.disks = newDisks()
	return h, nil
}

func TestNothingIsLostWhereverThePowerFails(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some hundred stations")
	}
	t.Parallel()
	a := newAgency(t)
	needsPower(t, a)
	s := sweep{
		name: "power", agency: a, base: groundOfImages(), build: newPoweredHouse, patience: restTime, atOnce: (atOnce() + 1) / 2,
		total: countOperations(t, a, ground(t)), modes: []string{modeBefore, modeAfter}, about: powerCuts,
	}
	s.run(t)
}

// needsPower skips the test where no power can be cut.
func needsPower(t *testing.T, a agency) {
	t.Helper()
	h, err := newPoweredHouse(t.Context(), t.TempDir(), a)
	if err == nil {
		err = h.power.cut(t.Context())
	}
	if h != nil && h.power != nil {
		err = errors.Join(err, h.power.disconnect())
	}
	if err != nil {
		t.Skipf("power cuts are not tried: they need root, loop devices and ext4 here: %v", err)
	}
}
