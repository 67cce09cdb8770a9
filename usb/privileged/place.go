package privileged

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// place is the directory in sysfs of one stay of one device. Its descriptor
// leads to that stay alone: after the device left, what was below it is gone,
// whatever has the same name by then.
type place struct {
	fd     int
	device Device
}

// find opens the device's directory and checks its number.
func (l *Local) find(ctx context.Context, d Device) (*place, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := d.Port.Validate(); err != nil {
		return nil, err
	}
	path := l.sys + "/bus/usb/devices/" + string(d.Port)
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, goneOr(fmt.Sprintf("look for the device in port %s", d.Port), err)
	}
	p := &place{fd: fd, device: d}
	if err := p.check(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *place) close() { unix.Close(p.fd) }

// check compares the number of the device that the descriptor leads to.
func (p *place) check() error {
	number, err := p.number("devnum")
	if err != nil {
		return goneOr(fmt.Sprintf("read the number of the device in port %s", p.device.Port), err)
	}
	if number != int64(p.device.Number) {
		return fmt.Errorf("%w: port %s has device %d and not %d", dock.ErrGone, p.device.Port, number, p.device.Number)
	}
	return nil
}

// still is check for the port's name: the device may have left and another one
// may have come, while the descriptor is of no use any more or still answers.
func (l *Local) still(p *place) error {
	now, err := l.find(context.Background(), p.device)
	if err != nil {
		return err
	}
	now.close()
	return p.check()
}

// attributeBytes is what is read of a file in sysfs.
const attributeBytes = 256

// text reads a small file below the device.
func (p *place) text(name string) (string, error) {
	fd, err := unix.Openat(p.fd, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	file := os.NewFile(uintptr(fd), "attribute")
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, attributeBytes))
	return string(bytes.TrimSpace(content)), err
}

func (p *place) number(name string) (int64, error) {
	text, err := p.text(name)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}

// write gives a small file below the device another content.
func (p *place) write(name, content string) error {
	fd, err := unix.Openat(p.fd, name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte(content))
	return err
}

// goneOr turns the errors that mean "no such device any more" into dock.ErrGone.
func goneOr(tried string, err error) error {
	if errors.Is(err, dock.ErrGone) {
		return err
	}
	for _, gone := range []error{unix.ENOENT, unix.ENODEV, unix.ENXIO, unix.ENOTDIR} {
		if errors.Is(err, gone) {
			return fmt.Errorf("%s: %w: %w", tried, dock.ErrGone, err)
		}
	}
	return fmt.Errorf("%s: %w", tried, err)
}

// portDirectory is where the hub shows the port: for "1-1.4" below the hub
// "1-1", for "1-4" below the root hub "usb1".
func (l *Local) portDirectory(port dock.Port) string {
	name := string(port)
	dot := strings.LastIndexByte(name, '.')
	hub, of := name[:max(dot, 0)], name[:max(dot, 0)]
	number := name[dot+1:]
	if dot < 0 {
		bus, rest, _ := strings.Cut(name, "-")
		hub, of, number = bus+"-0", "usb"+bus, rest
	}
	return fmt.Sprintf("%s/bus/usb/devices/%s:1.0/%s-port%s", l.sys, hub, of, number)
}
