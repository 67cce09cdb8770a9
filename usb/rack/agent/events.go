package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"berth/usb/rack/call"
)

// The groups of NETLINK_KOBJECT_UEVENT: what the kernel says, and what udev says
// after its rules ran.
const (
	kernelGroup = 1
	udevGroup   = 2
	mostEvents  = 20000 // older ones are forgotten
)

// events is what was heard of devices since the start.
type events struct {
	mu     sync.Mutex
	heard  []call.Event  // guarded by mu
	number int           // of the last one; guarded by mu
	next   chan struct{} // closed at the next event; guarded by mu
}

// listen opens the socket of device events; a goroutine reads it for as long as
// the agent lives.
func listen() (*events, error) {
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("opening a socket for device events: %w", err)
	}
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20); err != nil {
		return nil, fmt.Errorf("enlarging the buffer for device events: %w", err)
	}
	if err := unix.Bind(socket, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup | udevGroup}); err != nil {
		return nil, fmt.Errorf("joining the groups of device events: %w", err)
	}
	e := &events{next: make(chan struct{})}
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, from, err := unix.Recvfrom(socket, buffer, 0)
			if err != nil && err != unix.EINTR && err != unix.ENOBUFS {
				fmt.Fprintln(os.Stderr, "agent: no device events any more:", err)
				return
			}
			if sender, ok := from.(*unix.SockaddrNetlink); err == nil && ok {
				e.hear(sender.Groups, buffer[:n])
			}
		}
	}()
	return e, nil
}

func (e *events) hear(groups uint32, message []byte) {
	event := call.Event{At: uptime(), Source: "kernel"}
	if groups&udevGroup != 0 {
		event.Source = "udev"
		const offsetOfProperties = 16 // in struct udev_monitor_netlink_header, host byte order
		if len(message) < offsetOfProperties+4 {
			return
		}
		start := int(message[offsetOfProperties]) | int(message[offsetOfProperties+1])<<8
		message = message[min(start, len(message)):]
	}
	for _, field := range bytes.Split(bytes.TrimRight(message, "\x00"), []byte{0}) {
		event.Fields = append(event.Fields, string(field))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.number++
	event.Number = e.number
	e.heard = append(e.heard, event)
	if len(e.heard) > mostEvents {
		e.heard = e.heard[len(e.heard)-mostEvents:]
	}
	close(e.next)
	e.next = make(chan struct{})
}

// news is closed at the next event.
func (e *events) news() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.next
}

// after gives the events with a higher number.
func (e *events) after(number int) []call.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	first := len(e.heard) - min(len(e.heard), max(0, e.number-number))
	return append([]call.Event(nil), e.heard[first:]...)
}
