package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"berth/usb/rack/call"
)

// vhci is the kernel's controller for devices that come over USB/IP. Its first
// fifteen ports are those of its USB 2 root hub.
const vhci = "/sys/devices/platform/vhci_hcd.0/"

// emulate plugs a device into a port of that controller which has nothing but
// descriptors: it answers what an attacker's firmware wants it to answer. With
// Absent it pulls the device out again.
func emulate(q call.Request) error {
	if q.Absent {
		return os.WriteFile(vhci+"detach", []byte(strconv.Itoa(q.Number)), 0o200)
	}
	if len(q.Data) < deviceDescriptor {
		return errors.New("an emulated device wants at least a device descriptor")
	}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("making a device's line: %w", err)
	}
	ours := os.NewFile(uintptr(ends[0]), "device")
	const deviceID, highSpeed = 0x10001, 3
	attach := fmt.Sprintf("%d %d %d %d", q.Number, ends[1], deviceID+q.Number, highSpeed)
	err = os.WriteFile(vhci+"attach", []byte(attach), 0o200)
	if closed := unix.Close(ends[1]); err == nil { // the controller has its own hold on it
		err = closed
	}
	if err != nil {
		return errors.Join(fmt.Errorf("attaching a device: %w", err), ours.Close())
	}
	go func() {
		defer ours.Close()
		for {
			if err := answerOne(ours, q.Data); err != nil {
				return // pulled out
			}
		}
	}()
	return nil
}

// The parts of USB/IP that a device of mere descriptors needs (the kernel's
// Documentation/usb/usbip_protocol.rst), and of the USB specification.
const (
	headerSize       = 48
	commandSubmit    = 1
	commandUnlink    = 2
	answerSubmit     = 3
	answerUnlink     = 4
	stalled          = -int32(unix.EPIPE)
	deviceDescriptor = 18
	mostOut          = 1 << 20

	getDescriptor    = 6
	typeDevice       = 1
	typeConfig       = 2
	requestDirection = 0x80
)

// answerOne reads one request and answers it.
func answerOne(line io.ReadWriter, descriptors []byte) error {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(line, header); err != nil {
		return err
	}
	word := func(n int) uint32 { return binary.BigEndian.Uint32(header[4*n:]) }
	length, setup := word(6), header[40:48]
	answer := make([]byte, headerSize)
	put := func(n int, value uint32) { binary.BigEndian.PutUint32(answer[4*n:], value) }
	put(1, word(1))
	if word(0) == commandUnlink {
		put(0, answerUnlink)
		_, err := line.Write(answer)
		return err
	}
	if word(0) != commandSubmit || length > mostOut {
		return fmt.Errorf("request %d is none", word(0))
	}
	put(0, answerSubmit)
	const out = 0
	if word(3) == out {
		if _, err := io.CopyN(io.Discard, line, int64(length)); err != nil {
			return err
		}
		put(6, length)
		_, err := line.Write(answer)
		return err
	}
	body, known := describe(setup, descriptors)
	status := stalled
	if word(4) == 0 && known {
		status = 0
	}
	body = body[:min(len(body), int(length))]
	if status != 0 {
		body = nil
	}
	put(5, uint32(status))
	put(6, uint32(len(body)))
	_, err := line.Write(append(answer, body...))
	return err
}

// describe is what the device says to a request on its control pipe.
func describe(setup, descriptors []byte) (body []byte, known bool) {
	if setup[0] != requestDirection {
		return nil, setup[0]&requestDirection == 0
	}
	if setup[1] != getDescriptor {
		return make([]byte, 2), true // its status
	}
	switch setup[3] {
	case typeDevice:
		return descriptors[:deviceDescriptor], true
	case typeConfig:
		return descriptors[deviceDescriptor:], true
	}
	return nil, false
}
