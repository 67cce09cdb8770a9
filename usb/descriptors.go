package usb

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// What is read of one device, at the most. The kernel keeps 8 configurations
// with 32 interfaces each; a device that offers more is refused and not cut.
const (
	maxDescriptors    = 64 << 10 // bytes of all configurations together
	maxConfigurations = 8
	maxInterfaces     = 32 // of one configuration
	maxSettings       = 64 // alternate settings of one interface
	maxEndpoints      = 30 // of one alternate setting: 15 in each direction
)

// Descriptor types (USB 2.0, table 9-5; USB 3.2, table 9-6).
const (
	typeDevice        = 1
	typeConfiguration = 2
	typeString        = 3
	typeInterface     = 4
	typeEndpoint      = 5
	typeQualifier     = 6
	typeOtherSpeed    = 7
	typeAssociation   = 11
	typeBOS           = 15
	typeCapability    = 16
)

// shape is what a device says it is made of.
type shape struct {
	class           Interface // bDeviceClass, bDeviceSubClass, bDeviceProtocol
	vendor, product uint16
	configurations  []configuration
}

// configuration has its interfaces by number.
type configuration struct {
	value      uint8 // bConfigurationValue
	interfaces []settings
}

// settings are what one interface can be, by alternate setting.
type settings []Interface

// errDescriptors is a device that does not describe itself as USB asks.
var errDescriptors = errors.New("malformed descriptors")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errDescriptors}, args...)...)
}

// parseDescriptors reads what the kernel's file `descriptors` says: the device
// descriptor and behind it every configuration whole, as the device sent them
// (USB 2.0 and USB 3.2, section 9.6). It is strict, since what cannot be
// understood may be understood differently by a driver: a length that lies, a
// number that is missing or there twice, a byte too few or too many is an
// error, which names places and numbers but nothing that the device wrote.
func parseDescriptors(b []byte) (shape, error) {
	if len(b) > maxDescriptors {
		return shape{}, malformed("more than %d bytes", maxDescriptors)
	}
	if len(b) < 18 || b[0] != 18 || b[1] != typeDevice {
		return shape{}, malformed("no device descriptor")
	}
	device := shape{
		class:  Interface{Class: b[4], SubClass: b[5], Protocol: b[6]},
		vendor: binary.LittleEndian.Uint16(b[8:]), product: binary.LittleEndian.Uint16(b[10:]),
	}
	count := int(b[17])
	if count < 1 || count > maxConfigurations {
		return shape{}, malformed("%d configurations", count)
	}
	rest := b[18:]
	values := map[uint8]bool{}
	for i := range count {
		if len(rest) < 9 || rest[0] != 9 || rest[1] != typeConfiguration {
			return shape{}, malformed("configuration %d of %d is missing", i+1, count)
		}
		total := int(binary.LittleEndian.Uint16(rest[2:]))
		if total < 9 || total > len(rest) {
			return shape{}, malformed("configuration %d claims %d bytes of %d", i+1, total, len(rest))
		}
		c, err := parseConfiguration(rest[:total])
		if err != nil {
			return shape{}, fmt.Errorf("configuration %d: %w", i+1, err)
		}
		if values[c.value] {
			return shape{}, malformed("two configurations of value %d", c.value)
		}
		values[c.value] = true
		device.configurations = append(device.configurations, c)
		rest = rest[total:]
	}
	if len(rest) > 0 {
		return shape{}, malformed("%d bytes behind the last configuration", len(rest))
	}
	return device, nil
}

// builder collects one configuration. Interfaces may come in any order.
type builder struct {
	interfaces []map[uint8]Interface // by number, then by alternate setting
	associated []bool                // by number: an association holds it
	open       bool                  // an interface was seen
	endpoints  int                   // that the last interface still owes
	addresses  map[uint8]bool        // endpoints of the last interface
}

func parseConfiguration(b []byte) (configuration, error) {
	count, value := int(b[4]), b[5]
	if count < 1 || count > maxInterfaces {
		return configuration{}, malformed("%d interfaces", count)
	}
	if value == 0 {
		return configuration{}, malformed("value 0, which means not configured")
	}
	parts := &builder{interfaces: make([]map[uint8]Interface, count), associated: make([]bool, count)}
	for rest := b[9:]; len(rest) > 0; {
		if len(rest) < 2 || rest[0] < 2 || int(rest[0]) > len(rest) {
			return configuration{}, malformed("a descriptor's length does not fit, %d bytes before the end", len(rest))
		}
		if err := parts.take(rest[:rest[0]]); err != nil {
			return configuration{}, err
		}
		rest = rest[rest[0]:]
	}
	all, err := parts.finish()
	return configuration{value: value, interfaces: all}, err
}

// take adds one descriptor. Types that are unknown here belong to a class or a
// vendor and change nothing about what the device is.
func (p *builder) take(d []byte) error {
	switch d[1] {
	case typeInterface:
		return p.takeInterface(d)
	case typeEndpoint:
		return p.takeEndpoint(d)
	case typeAssociation:
		return p.takeAssociation(d)
	case typeDevice, typeConfiguration, typeString, typeQualifier, typeOtherSpeed, typeBOS, typeCapability:
		return malformed("a descriptor of type %d inside a configuration", d[1])
	}
	return nil
}

func (p *builder) takeInterface(d []byte) error {
	if len(d) != 9 {
		return malformed("an interface descriptor of %d bytes", len(d))
	}
	if err := p.closeInterface(); err != nil {
		return err
	}
	number, alternate := int(d[2]), d[3]
	if number >= len(p.interfaces) {
		return malformed("interface %d of %d", number, len(p.interfaces))
	}
	if p.interfaces[number] == nil {
		p.interfaces[number] = map[uint8]Interface{}
	}
	if _, twice := p.interfaces[number][alternate]; twice || len(p.interfaces[number]) == maxSettings {
		return malformed("interface %d: alternate setting %d is there twice or one too many", number, alternate)
	}
	if d[4] > maxEndpoints {
		return malformed("interface %d: %d endpoints", number, d[4])
	}
	p.interfaces[number][alternate] = Interface{Class: d[5], SubClass: d[6], Protocol: d[7]}
	p.open, p.endpoints, p.addresses = true, int(d[4]), map[uint8]bool{}
	return nil
}

// takeEndpoint knows the endpoints of USB 2.0 (7 bytes) and those of audio (9).
func (p *builder) takeEndpoint(d []byte) error {
	switch {
	case len(d) != 7 && len(d) != 9:
		return malformed("an endpoint descriptor of %d bytes", len(d))
	case !p.open || p.endpoints == 0:
		return malformed("an endpoint that belongs to no interface")
	case d[2]&0x0f == 0 || p.addresses[d[2]]:
		return malformed("endpoint address %#02x is reserved or there twice", d[2])
	}
	p.endpoints--
	p.addresses[d[2]] = true
	return nil
}

// takeAssociation checks the range of interfaces that belong together (USB
// 3.2, section 9.6.4); what they are together says nothing that their classes
// do not say.
func (p *builder) takeAssociation(d []byte) error {
	if len(d) != 8 {
		return malformed("an interface association of %d bytes", len(d))
	}
	first, count := int(d[2]), int(d[3])
	if count < 1 || first+count > len(p.interfaces) {
		return malformed("an association of %d interfaces from %d on, of %d", count, first, len(p.interfaces))
	}
	for i := first; i < first+count; i++ {
		if p.associated[i] {
			return malformed("interface %d is in two associations", i)
		}
		p.associated[i] = true
	}
	return nil
}

func (p *builder) closeInterface() error {
	if p.endpoints > 0 {
		return malformed("%d endpoints are missing", p.endpoints)
	}
	return nil
}

// finish wants every number from 0 on, of interfaces and of settings.
func (p *builder) finish() ([]settings, error) {
	if err := p.closeInterface(); err != nil {
		return nil, err
	}
	all := make([]settings, len(p.interfaces))
	for number, byAlternate := range p.interfaces {
		for alternate := range len(byAlternate) {
			setting, found := byAlternate[uint8(alternate)]
			if !found {
				return nil, malformed("interface %d has no alternate setting %d", number, alternate)
			}
			all[number] = append(all[number], setting)
		}
		if len(all[number]) == 0 {
			return nil, malformed("interface %d of %d is missing", number, len(all))
		}
	}
	return all, nil
}
