package usb

import "encoding/binary"

// device builds descriptors as the kernel shows them: a device of one or more
// configurations.
func device(class Interface, vendor, product uint16, configurations ...[]byte) []byte {
	d := []byte{18, typeDevice, 0, 2, class.Class, class.SubClass, class.Protocol, 64, 0, 0, 0, 0, 0, 1, 1, 2, 3, byte(len(configurations))}
	binary.LittleEndian.PutUint16(d[8:], vendor)
	binary.LittleEndian.PutUint16(d[10:], product)
	for _, c := range configurations {
		d = append(d, c...)
	}
	return d
}

// config builds a configuration of count interfaces from their descriptors.
func config(value byte, count int, parts ...[]byte) []byte {
	c := []byte{9, typeConfiguration, 0, 0, byte(count), value, 0, 0x80, 50}
	for _, p := range parts {
		c = append(c, p...)
	}
	binary.LittleEndian.PutUint16(c[2:], uint16(len(c)))
	return c
}

// face builds an interface descriptor with its endpoints.
func face(number, alternate byte, is Interface, endpoints ...byte) []byte {
	d := []byte{9, typeInterface, number, alternate, byte(len(endpoints)), is.Class, is.SubClass, is.Protocol, 0}
	for _, address := range endpoints {
		d = append(d, 7, typeEndpoint, address, 2, 0, 2, 0)
	}
	return d
}

func hid() Interface { return Interface{Class: 3, SubClass: 1, Protocol: 1} }

// simple builds a device of one configuration with these interfaces.
func simple(faces ...Interface) []byte {
	var parts [][]byte
	for i, f := range faces {
		parts = append(parts, face(byte(i), 0, f, 0x81+byte(i)))
	}
	return device(Interface{}, 0x1234, 0x5678, config(1, len(faces), parts...))
}

// stick is a camera that is a disk.
func stick() gadget {
	return gadget{descriptors: simple(bulkOnly()), serial: "SER1", name: "Body Cam", drivers: []string{"usb-storage"}, disks: []int64{1 << 20}}
}

func keyboard() gadget {
	return gadget{descriptors: simple(hid()), drivers: []string{"usbhid"}}
}

// composite is a stick with a keyboard in it.
func composite() gadget {
	return gadget{descriptors: simple(bulkOnly(), hid()), drivers: []string{"usb-storage", "usbhid"}}
}

func hub(ports int) gadget {
	is := Interface{Class: classHub}
	return gadget{descriptors: device(is, 0x1d6b, 2, config(1, 1, face(0, 0, is, 0x81))), ports: ports, drivers: []string{"hub"}}
}

// falseHub is a keyboard that claims to be a hub as a whole.
func falseHub() gadget {
	return gadget{descriptors: device(Interface{Class: classHub}, 1, 2, config(1, 1, face(0, 0, hid(), 0x81))), drivers: []string{"usbhid"}}
}

// broken claims an interface that it does not have.
func broken() gadget {
	return gadget{descriptors: device(Interface{}, 1, 2, config(1, 2, face(0, 0, bulkOnly(), 0x81))), drivers: []string{"usb-storage"}}
}
