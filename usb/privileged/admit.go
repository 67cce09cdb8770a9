package privileged

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Authorise lets the device's drivers bind, or takes them away again. What
// happened is read back. With admit, interfaces that the controller keeps back
// by a rule of its own are let in as well.
func (l *Local) Authorise(ctx context.Context, d Device, admit bool) error {
	tried, word := fmt.Sprintf("admit the device in port %s", d.Port), "1"
	if !admit {
		tried, word = fmt.Sprintf("shut out the device in port %s", d.Port), "0"
	}
	p, err := l.find(ctx, d)
	if err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	defer p.close()
	if err := p.write("authorized", word); err != nil {
		return goneOr(tried, err)
	}
	if admit {
		if err := l.authoriseInterfaces(p); err != nil {
			return goneOr(tried, err)
		}
	}
	if err := l.still(p); err != nil {
		return fmt.Errorf("%s: %w", tried, err)
	}
	now, err := p.text("authorized")
	if err != nil {
		return goneOr(tried, err)
	}
	if now != word {
		return fmt.Errorf("%s: the kernel says %q afterwards", tried, now)
	}
	return nil
}

func (l *Local) authoriseInterfaces(p *place) error {
	names, err := p.interfaces()
	if err != nil {
		return err
	}
	var wrong []error
	for _, name := range names {
		if now, err := p.text(name + "/authorized"); err != nil || now != "0" {
			continue
		}
		if err := p.write(name+"/authorized", "1"); err != nil {
			wrong = append(wrong, err)
			continue
		}
		// The kernel leaves it to us to look for a driver (sysfs-bus-usb).
		wrong = append(wrong, writeFile(l.sys+"/bus/usb/drivers_probe", name))
	}
	return errors.Join(wrong...)
}

// interfaces are the names of the device's interfaces, such as "1-1.4:1.0".
func (p *place) interfaces() ([]string, error) {
	names, err := p.names(".")
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		if strings.HasPrefix(name, string(p.device.Port)+":") {
			found = append(found, name)
		}
	}
	return found, nil
}
