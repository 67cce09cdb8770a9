package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// checkBays: every bay has one place, and no place is two bays. Behind the port
// of a bay there can be no other bay, because what is plugged in there is a hub.
func (w *walk) checkBays(c *Config) {
	for i, b := range c.Bays {
		bay := at("bays", i)
		switch {
		case w.toldBelow(bay):
			continue
		case b.Port == "" && b.Directory == "":
			w.problem(w.line(bay), bay, "has neither a port nor a directory",
				"write for example port: 1-1.4 as 'berth ports' shows it, or directory: "+sample("path"))
		case b.Port != "" && b.Directory != "":
			w.problem(w.line(join(bay, "port")), join(bay, "port"), "stands beside a directory", "a bay is one or the other: remove one of them")
		}
		for j, before := range c.Bays[:i] {
			if b.Port == "" || before.Port == "" {
				continue
			}
			first, key := w.line(join(at("bays", j), "port")), join(bay, "port")
			switch {
			case b.Port == before.Port:
				w.problem(w.line(key), key, fmt.Sprintf("%s is the port of bay %s (line %d)", quote(b.Port), quote(before.Name), first),
					"'berth ports' shows which port is which")
			case strings.HasPrefix(b.Port, before.Port+"."), strings.HasPrefix(before.Port, b.Port+"."):
				w.problem(w.line(key), key, fmt.Sprintf("%s and the port %s of bay %s (line %d) lie behind one another", quote(b.Port), quote(before.Port), quote(before.Name), first),
					"a port with a hub in it is no bay: name the hub's ports")
			}
		}
	}
}

// checkCameras refuses profiles that no camera can match, and sources of an
// identity that the cameras of a profile do not have.
func (w *walk) checkCameras(c *Config) {
	for i, p := range c.Cameras {
		camera := at("cameras", i)
		if p.USB != "" && p.Driver == DriverDirectory {
			w.problem(w.line(join(camera, "usb")), join(camera, "usb"), "stands beside driver: directory, and a folder has no USB vendor",
				"remove usb, or write driver: mass-storage")
		}
		onUSB := p.USB != "" || p.Driver == DriverMassStorage
		for j, source := range p.Identity {
			key := at(join(camera, "identity"), j)
			switch {
			case source == identityFolder && onUSB && p.Driver != DriverDirectory:
				w.problem(w.line(key), key, quote(source)+" is what a camera in a directory bay has, and this profile is for USB bays", "write usb-serial, volume-id or file:NAME")
			case slices.Contains([]string{identitySerial, identityVolume}, source) && p.Driver == DriverDirectory:
				w.problem(w.line(key), key, quote(source)+" is what a camera in a USB bay has, and this profile is for directory bays", "write folder-name or file:NAME")
			}
		}
	}
}

// The bounds of `usb: stall:`. A drive may well need seconds for a bad block.
const (
	stallMin = 10 * time.Second
	stallMax = time.Hour
)

func (w *walk) checkUSB(c *Config) {
	if d := c.USB.Stall.Duration(); !w.told("usb.stall") && (d < stallMin || d > stallMax) {
		w.problem(w.line("usb.stall"), "usb.stall", c.USB.Stall.String()+" is no time that makes sense", "write 10s to 1h, such as 60s")
	}
}

// told reports whether there is a problem with this key already.
func (w *walk) told(key string) bool {
	return slices.ContainsFunc(w.problems, func(p Problem) bool { return p.Key == key })
}

// toldBelow reports whether there is a problem with the section itself or with
// the keys that say what a bay is.
func (w *walk) toldBelow(section string) bool {
	return w.told(section) || w.told(join(section, "port")) || w.told(join(section, "directory"))
}
