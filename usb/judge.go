package usb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"berth/dock"
)

// charge is what a judge is given: a device and what is known against it.
type charge struct {
	port      dock.Port
	stay      stay
	site      site
	objection objection
}

// judge decides by the descriptors that the kernel read before any driver saw
// the device, and carries it out. It may wait for the device, and runs without
// the lock. Whatever is not let in is put out, also if it was in before. That
// all this was one device, Admission sees by its number, and the next look.
func (p *Ports) judge(ctx context.Context, c charge) verdict {
	found, raw, err := p.sys.shape(string(c.port))
	v := verdict{device: dock.Device{Port: c.port, Number: c.stay.number, Vendor: found.vendor, Product: found.product}}
	against, signature := p.weigh(c, found, err)
	if against.text != "" {
		v = p.putOut(ctx, c, v, against)
		if err != nil && !errors.Is(err, errDescriptors) && v.state == refused {
			v.state = failed // the device has not been heard yet
		}
		return v
	}
	if err := p.o.Admission.Authorise(ctx, c.port, c.stay.number, true); err != nil {
		return fail(v, "it could not be let in", err)
	}
	if _, again, err := p.sys.shape(string(c.port)); err != nil || !bytes.Equal(raw, again) {
		return p.putOut(ctx, c, v, objection{text: "it became something else when it was let in", alien: true})
	}
	v.hub = c.site.role == roleWay
	v.device.Driver, v.device.Profile = signature.Driver, signature.Profile
	v.device.Serial, v.device.Name = p.sys.text(string(c.port), "serial"), p.sys.text(string(c.port), "product")
	v.state = admitted
	return v
}

// weigh says what speaks against a device; nothing does if the text is empty.
func (p *Ports) weigh(c charge, found shape, err error) (objection, Signature) {
	alien := c.site.role != roleWay // there the bay itself is empty
	switch {
	case c.objection.text != "":
		return c.objection, Signature{}
	case err != nil:
		return objection{text: "it does not describe itself as a USB device must: " + err.Error(), alien: alien}, Signature{}
	case c.site.role == roleWay && found.hub():
		return objection{}, Signature{}
	case c.site.role == roleWay:
		text := fmt.Sprintf("the hub of this bay belongs into port %s, and what is there is %s", c.port, found.describe())
		return objection{text: text}, Signature{}
	}
	i := slices.IndexFunc(p.o.Signatures, func(s Signature) bool { return s.matches(found) })
	if i < 0 {
		return objection{text: "it is " + found.describe(), alien: true}, Signature{}
	}
	return objection{}, p.o.Signatures[i]
}

// putOut takes the drivers away, unless there are none.
func (p *Ports) putOut(ctx context.Context, c charge, v verdict, against objection) verdict {
	v.state, v.text, v.alien = refused, against.text, against.alien
	if in, known := p.sys.authorised(string(c.port)); in || !known {
		if err := p.o.Admission.Authorise(ctx, c.port, c.stay.number, false); err != nil {
			return fail(v, against.text+", and it could not be put out", err)
		}
	}
	return v
}

func fail(v verdict, text string, err error) verdict {
	v.state, v.text = failed, text+": "+err.Error()
	if errors.Is(err, dock.ErrGone) {
		v.state = left
	}
	return v
}

// drivers are those that serve the interfaces of a device now.
func (s sysfs) drivers(p dock.Port) []string {
	names, err := s.names(string(p))
	if err != nil {
		return nil
	}
	var found []string
	for _, name := range names {
		if strings.HasPrefix(name, string(p)+":") {
			if driver := s.link(string(p), name, "driver"); driver != "" {
				found = append(found, driver)
			}
		}
	}
	return found
}

// stray says so if the kernel serves an admitted device with a driver that has
// no business there: some drivers go by the numbers of vendor and product
// alone, which anybody can claim, and come late, when udev loaded their modules.
func stray(drivers []string, v verdict) string {
	for _, driver := range drivers {
		fits := driver == "usbfs"
		switch {
		case v.hub:
			fits = driver == "hub"
		case v.device.Driver == MassStorage:
			fits = driver == "usb-storage" || driver == "uas" || strings.HasPrefix(driver, "ums-")
		}
		if !fits {
			return fmt.Sprintf("the kernel took it for something else and gave it to its driver %q", driver)
		}
	}
	return ""
}
