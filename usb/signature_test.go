package usb

import "testing"

func shapeOf(t *testing.T, b []byte) shape {
	t.Helper()
	d, err := parseDescriptors(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestASignatureMatchesExactly(t *testing.T) {
	vendor, product, other := uint16(0x1234), uint16(0x5678), uint16(1)
	is, uas := bulkOnly(), attachedSCSI()
	own := Interface{Class: 0xff, SubClass: 1, Protocol: 2}
	disk, fits := Signature{Interfaces: []Interface{is}}, device(Interface{}, vendor, product, config(1, 1, face(0, 0, is)))
	named := Signature{Vendor: &vendor, Product: &product, Interfaces: []Interface{is}}
	pair := Signature{Interfaces: []Interface{own, is}}
	one := func(class Interface, parts ...[]byte) []byte {
		return device(class, vendor, product, config(1, 1, parts...))
	}
	for name, c := range map[string]struct {
		signature Signature
		bytes     []byte
		want      bool
	}{
		"a disk":                       {disk, fits, true},
		"with UAS beside":              {disk, diskWithUAS(), true},
		"by associations":              {disk, one(Interface{Class: 0xef, SubClass: 2, Protocol: 1}, face(0, 0, is)), true},
		"two alike configurations":     {disk, device(Interface{}, 1, 2, many(1), config(2, 1, face(0, 0, is))), true},
		"another configuration":        {disk, device(Interface{}, 1, 2, many(1), config(2, 1, face(0, 0, own))), false},
		"another setting":              {disk, one(Interface{}, face(0, 0, is), face(0, 1, own)), false},
		"UAS first":                    {disk, one(Interface{}, face(0, 0, uas), face(0, 1, is)), false},
		"one more":                     {disk, simple(is, own), false},
		"twice":                        {disk, simple(is, is), false},
		"device class":                 {disk, one(Interface{Class: 8}, face(0, 0, is)), false},
		"device class, named":          {named, one(Interface{Class: 0xff}, face(0, 0, is)), true},
		"hub class, named":             {named, one(Interface{Class: 9}, face(0, 0, is)), false},
		"vendor":                       {Signature{Vendor: &vendor, Interfaces: []Interface{is}}, fits, true},
		"another vendor":               {Signature{Vendor: &other, Interfaces: []Interface{is}}, fits, false},
		"another product":              {Signature{Vendor: &vendor, Product: &other, Interfaces: []Interface{is}}, fits, false},
		"two, in any order":            {pair, simple(is, own), true},
		"one of two":                   {pair, simple(is), false},
		"two of one":                   {pair, simple(is, is), false},
		"no interfaces match nothing":  {Signature{Vendor: &vendor, Product: &product}, fits, false},
		"a subclass that differs":      {disk, simple(Interface{Class: 8, SubClass: 5, Protocol: 0x50}), false},
		"a UAS setting beside another": {pair, one(Interface{}, face(0, 0, own), face(0, 1, uas)), false},
	} {
		if got := c.signature.matches(shapeOf(t, c.bytes)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if (Signature{Interfaces: []Interface{is}}).matches(shape{}) {
		t.Error("a device of which nothing is known")
	}
}

func TestAHubIsNothingElse(t *testing.T) {
	is := Interface{Class: classHub}
	for name, c := range map[string]struct {
		bytes []byte
		want  bool
	}{
		"hub":                  {hub(4).descriptors, true},
		"two ways of one":      {device(is, 1, 2, config(1, 1, face(0, 0, is, 0x81), face(0, 1, Interface{Class: classHub, Protocol: 2}, 0x81))), true},
		"only the device says": {falseHub().descriptors, false},
		"only the interface":   {simple(is), false},
		"and a keyboard":       {device(is, 1, 2, config(1, 2, face(0, 0, is), face(1, 0, hid()))), false},
		"or a keyboard":        {device(is, 1, 2, config(1, 1, face(0, 0, is)), config(2, 1, face(0, 0, hid()))), false},
		"hidden keyboard":      {device(is, 1, 2, config(1, 1, face(0, 0, is), face(0, 1, hid()))), false},
	} {
		if got := shapeOf(t, c.bytes).hub(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestADeviceIsToldInPlainWords(t *testing.T) {
	for want, b := range map[string][]byte{
		"a keyboard, a mouse or the like":             simple(hid()),
		"a disk with a keyboard, a mouse or the like": simple(bulkOnly(), hid()),
		"a disk, several in one":                      simple(bulkOnly(), bulkOnly()),
		"a disk":                                      diskWithUAS(),
		"a disk that speaks UAS alone":                simple(attachedSCSI()),
		"a device of class dc":                        simple(Interface{Class: 0xdc}),
		"a hub with a keyboard, a mouse or the like":  falseHub().descriptors,
		"an audio device with a network or serial adapter with a printer with a disk and more": simple(Interface{Class: 1}, Interface{Class: 2}, Interface{Class: 7}, Interface{Class: 8}, Interface{Class: 0xe0}),
	} {
		if got := shapeOf(t, b).describe(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
