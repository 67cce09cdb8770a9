package usb

import (
	"fmt"
	"slices"
	"strings"
)

// describe says in plain words what a device is, by the classes of its
// interfaces (the USB-IF's list of class codes). No word of it is the device's.
func (d shape) describe() string {
	var kinds []string
	disks, alone := 0, false
	note := func(i Interface) {
		if kind := i.kind(); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	if d.class.Class == classHub {
		note(d.class)
	}
	for _, c := range d.configurations {
		for _, settings := range c.interfaces {
			for _, i := range settings {
				note(i)
			}
			switch settings[0] {
			case bulkOnly():
				disks++
			case attachedSCSI():
				alone = true
			}
		}
	}
	const most = 4
	text := strings.Join(kinds[:min(len(kinds), most)], " with ")
	if len(kinds) > most {
		text += " and more"
	}
	switch {
	case len(kinds) == 1 && disks > len(d.configurations):
		text += ", several in one"
	case len(kinds) == 1 && alone:
		text += " that speaks UAS alone"
	}
	return text
}

func (i Interface) kind() string {
	switch i.Class {
	case 0x01:
		return "an audio device"
	case 0x02, 0x0a:
		return "a network or serial adapter"
	case 0x03:
		return "a keyboard, a mouse or the like"
	case 0x05:
		return "a force-feedback device"
	case 0x06:
		return "a still-image camera (PTP)"
	case 0x07:
		return "a printer"
	case 0x08:
		return "a disk"
	case classHub:
		return "a hub"
	case 0x0b:
		return "a smart-card reader"
	case 0x0e:
		return "a video device"
	case 0xe0:
		return "a wireless adapter"
	case 0xfe:
		return "a device for its maker's service (such as firmware)"
	case 0xff:
		return "a device with its maker's own protocol"
	}
	return fmt.Sprintf("a device of class %02x", i.Class)
}
