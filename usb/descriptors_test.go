package usb

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func association(first, count byte) []byte {
	return []byte{8, typeAssociation, first, count, 8, 6, 0x50, 0}
}

// superSpeed is an endpoint with its companion (USB 3.2, section 9.6.7).
func superSpeed(address byte) []byte {
	return []byte{7, typeEndpoint, address, 2, 0, 4, 0, 6, 0x30, 15, 0, 0, 0}
}

// diskWithUAS is a disk as most are today: SuperSpeed, Bulk-Only as setting 0
// and USB Attached SCSI with its pipes as setting 1.
func diskWithUAS() []byte {
	bulk := face(0, 0, bulkOnly())
	bulk[4] = 2
	uas := face(0, 1, attachedSCSI())
	uas[4] = 4
	parts := [][]byte{bulk, superSpeed(0x81), superSpeed(0x02), uas}
	for i, address := range []byte{0x81, 0x02, 0x83, 0x04} {
		parts = append(parts, superSpeed(address), []byte{4, 0x24, byte(i + 1), 0})
	}
	return device(Interface{}, 0x1234, 0x5678, config(1, 1, parts...))
}

func TestDescriptorsAreUnderstood(t *testing.T) {
	video := Interface{Class: 0x0e, SubClass: 1}
	for name, c := range map[string]struct {
		bytes []byte
		want  []configuration
	}{
		"stick": {simple(bulkOnly()), []configuration{{value: 1, interfaces: []settings{{bulkOnly()}}}}},
		"UAS":   {diskWithUAS(), []configuration{{value: 1, interfaces: []settings{{bulkOnly(), attachedSCSI()}}}}},
		"two configurations, interfaces out of order": {
			device(Interface{Class: 0xef, SubClass: 2, Protocol: 1}, 1, 2,
				config(3, 2, face(1, 0, hid(), 0x81), association(0, 2), face(0, 0, video)), config(1, 1, face(0, 0, bulkOnly(), 0x81, 0x02))),
			[]configuration{{value: 3, interfaces: []settings{{video}, {hid()}}}, {value: 1, interfaces: []settings{{bulkOnly()}}}},
		},
		"audio endpoint": {
			device(Interface{}, 1, 2, config(1, 1, func() []byte {
				f := face(0, 0, Interface{Class: 1, SubClass: 3})
				f[4] = 1
				return append(f, 9, typeEndpoint, 0x81, 2, 64, 0, 0, 0, 0)
			}())),
			[]configuration{{value: 1, interfaces: []settings{{{Class: 1, SubClass: 3}}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseDescriptors(c.bytes)
			if err != nil {
				t.Fatal(err)
			}
			same := slices.EqualFunc(got.configurations, c.want, func(a, b configuration) bool {
				return a.value == b.value && slices.EqualFunc(a.interfaces, b.interfaces, func(a, b settings) bool { return slices.Equal(a, b) })
			})
			if !same {
				t.Fatalf("%+v", got)
			}
		})
	}
	d, err := parseDescriptors(simple(bulkOnly()))
	if err != nil || d.vendor != 0x1234 || d.product != 0x5678 {
		t.Fatalf("%+v %v", d, err)
	}
}

// many is a configuration of n interfaces.
func many(n int) []byte {
	var parts [][]byte
	for i := range n {
		parts = append(parts, face(byte(i), 0, bulkOnly()))
	}
	return config(1, n, parts...)
}

// altered is a stick with one byte changed: at offset i of its only
// configuration, which has the interface at 9 and its endpoint at 18.
func altered(i int, b byte) []byte {
	d := simple(bulkOnly())
	d[18+i] = b
	return d
}

func TestMalformedDescriptorsAreRefusedWithAReason(t *testing.T) {
	ep := []byte{7, typeEndpoint, 0x81, 2, 0, 2, 0}
	var settings [][]byte
	for i := range 65 {
		settings = append(settings, face(0, byte(i), bulkOnly()))
	}
	one := func(parts ...[]byte) []byte { return device(Interface{}, 1, 2, config(1, 1, parts...)) }
	two := func(parts ...[]byte) []byte { return device(Interface{}, 1, 2, config(1, 2, parts...)) }
	is := bulkOnly()
	nine := make([][]byte, 9)
	for i := range nine {
		nine[i] = config(byte(i+1), 1, face(0, 0, is))
	}
	for name, c := range map[string]struct {
		bytes []byte
		why   string
	}{
		"empty":                         {nil, "no device descriptor"},
		"too short a device descriptor": {simple(is)[:17], "no device descriptor"},
		"lying device length":           {append([]byte{17}, simple(is)[1:]...), "no device descriptor"},
		"no configuration":              {device(Interface{}, 1, 2), "0 configurations"},
		"nine configurations":           {device(Interface{}, 1, 2, nine...), "9 configurations"},
		"a configuration too few":       {append(device(Interface{}, 1, 2, many(1), nil), 0)[:18+len(many(1))], "configuration 2 of 2 is missing"},
		"truncated":                     {simple(is)[:18+20], "claims 25 bytes of 20"},
		"total of nothing":              {altered(2, 8), "claims 8 bytes"},
		"bytes behind":                  {append(simple(is), 0, 0), "2 bytes behind"},
		"two of one value":              {device(Interface{}, 1, 2, many(1), many(1)), "two configurations of value 1"},
		"value 0":                       {altered(5, 0), "value 0"},
		"no interfaces":                 {altered(4, 0), "0 interfaces"},
		"a hundred interfaces":          {device(Interface{}, 1, 2, many(100)), "100 interfaces"},
		"length 0":                      {altered(9, 0), "length does not fit"},
		"length 1":                      {altered(9, 1), "length does not fit"},
		"length over the end":           {altered(18, 8), "length does not fit"},
		"device in a configuration":     {one(face(0, 0, is), []byte{18, typeDevice, 0, 2, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), "type 1 inside"},
		"configuration in another":      {one(face(0, 0, is), config(2, 1)), "type 2 inside"},
		"string":                        {one(face(0, 0, is), []byte{4, typeString, 65, 0}), "type 3 inside"},
		"interface of ten bytes":        {one(append([]byte{10}, append(face(0, 0, is)[1:], 0)...)), "interface descriptor of 10"},
		"interface beyond the count":    {one(face(1, 0, is)), "interface 1 of 1"},
		"a number is missing":           {two(face(0, 0, is)), "interface 1 of 2 is missing"},
		"numbers with a gap":            {two(face(0, 0, is), face(2, 0, is)), "interface 2 of 2"},
		"an interface twice":            {one(face(0, 0, is), face(0, 0, hid())), "twice"},
		"a setting is missing":          {one(face(0, 0, is), face(0, 2, is)), "no alternate setting 1"},
		"no setting 0":                  {one(face(0, 1, is)), "no alternate setting 0"},
		"too many settings":             {one(settings...), "one too many"},
		"endpoints are missing":         {one(append([]byte{9, typeInterface, 0, 0, 2}, append(face(0, 0, is)[5:], ep...)...)), "1 endpoints are missing"},
		"missing before the next":       {two(append([]byte{9, typeInterface, 0, 0, 1}, face(0, 0, is)[5:]...), face(1, 0, is)), "1 endpoints are missing"},
		"31 endpoints":                  {one(append([]byte{9, typeInterface, 0, 0, 31}, face(0, 0, is)[5:]...)), "31 endpoints"},
		"an endpoint too many":          {one(face(0, 0, is), ep), "belongs to no interface"},
		"an endpoint before":            {one(ep, face(0, 0, is)), "belongs to no interface"},
		"an endpoint of 6 bytes":        {one(append([]byte{9, typeInterface, 0, 0, 1}, append(face(0, 0, is)[5:], 6, typeEndpoint, 0x81, 2, 0, 2)...)), "endpoint descriptor of 6"},
		"endpoint 0":                    {one(face(0, 0, is, 0x80)), "reserved or there twice"},
		"an endpoint twice":             {one(face(0, 0, is, 0x81, 0x81)), "reserved or there twice"},
		"association of 9 bytes":        {one(append([]byte{9}, append(association(0, 1)[1:], 0)...), face(0, 0, is)), "association of 9"},
		"association of nothing":        {one(association(0, 0), face(0, 0, is)), "association of 0"},
		"association beyond":            {one(association(0, 2), face(0, 0, is)), "association of 2"},
		"two associations":              {one(association(0, 1), association(0, 1), face(0, 0, is)), "two associations"},
		"endless":                       {append(simple(is), make([]byte, maxDescriptors)...), "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := parseDescriptors(c.bytes)
			if !errors.Is(err, errDescriptors) || !strings.Contains(err.Error(), c.why) || len(d.configurations) != 0 {
				t.Fatalf("%v, %+v", err, d)
			}
		})
	}
}

// Whatever a device sends: what is believed is whole, and one byte less or more
// would not be.
func FuzzDescriptors(f *testing.F) {
	for _, seed := range [][]byte{
		simple(bulkOnly()), simple(bulkOnly(), hid()), diskWithUAS(), hub(4).descriptors, falseHub().descriptors, broken().descriptors,
		device(Interface{}, 1, 2, many(32)), device(Interface{}, 1, 2, many(33)), device(Interface{}, 1, 2, many(1), config(2, 1, face(0, 0, hid(), 0x81))),
		device(Interface{}, 1, 2, config(1, 2, association(0, 2), face(0, 0, hid()), face(1, 0, hid()))),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDescriptors(bytes.Clone(b))
		if err != nil {
			if !errors.Is(err, errDescriptors) || len(d.configurations) != 0 {
				t.Fatalf("%v, %+v", err, d)
			}
			return
		}
		if len(d.configurations) < 1 || len(d.configurations) > maxConfigurations {
			t.Fatalf("%d configurations", len(d.configurations))
		}
		for _, c := range d.configurations {
			if c.value == 0 || len(c.interfaces) < 1 || len(c.interfaces) > maxInterfaces || slices.ContainsFunc(c.interfaces, func(s settings) bool { return len(s) < 1 || len(s) > maxSettings }) {
				t.Fatalf("%+v", c)
			}
		}
		if text := d.describe(); text == "" || len(text) > 300 {
			t.Fatalf("%q", text)
		}
		if _, err := parseDescriptors(b[:len(b)-1]); err == nil {
			t.Fatal("believed with a byte less")
		}
		if _, err := parseDescriptors(append(bytes.Clone(b), 0)); err == nil {
			t.Fatal("believed with a byte more")
		}
	})
}
