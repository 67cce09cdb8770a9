package media

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
)

const (
	appleLocation = "com.apple.quicktime.location.ISO6709"
	keysMax       = 256 // entries of a table of keys that are looked at
	locationMax   = 64  // bytes
)

// location reads a place from the user data or the metadata of a movie:
// QuickTime's text, 3GPP's loci, or Apple's table of keys.
func (w *walker) location(kind string, body []byte) (found string) {
	if kind == "meta" {
		return w.keyedLocation(body)
	}
	w.children(body, func(kind string, body []byte) {
		place := ""
		switch kind {
		case "\xa9xyz":
			place = quickTimeText(body)
		case "loci":
			place = loci(body)
		case "meta":
			place = w.keyedLocation(body)
		}
		if found == "" {
			found = place
		}
	})
	return found
}

// quickTimeText is length, language and text.
func quickTimeText(b []byte) string {
	if len(b) < 4 {
		return ""
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(b)-4 {
		return ""
	}
	return iso6709(b[4 : 4+n])
}

// loci is version, flags, language, a name that ends with a zero, a role, and
// longitude, latitude and altitude as 16.16 fixed point.
func loci(b []byte) string {
	if len(b) < 6 {
		return ""
	}
	b = b[6:]
	end := bytes.IndexByte(b, 0) + 1
	if bytes.HasPrefix(b, []byte{0xfe, 0xff}) || bytes.HasPrefix(b, []byte{0xff, 0xfe}) {
		end = 2
		for end+2 <= len(b) && (b[end] != 0 || b[end+1] != 0) {
			end += 2
		}
		end += 2
	}
	const role, numbers = 1, 12
	if end < 1 || len(b)-end < role+numbers {
		return ""
	}
	fixed := func(i int) float64 {
		return float64(int32(binary.BigEndian.Uint32(b[end+role+4*i:]))) / (1 << 16)
	}
	text := fmt.Sprintf("%+09.5f%+010.5f", fixed(1), fixed(0))
	if altitude := fixed(2); altitude != 0 {
		text += fmt.Sprintf("%+.3f", altitude)
	}
	return iso6709([]byte(text + "/"))
}

// keyedLocation reads a meta box with a table of keys and a list of values by
// their number in it.
func (w *walker) keyedLocation(b []byte) (found string) {
	if len(b) >= 8 && string(b[4:8]) != "hdlr" {
		b = b[4:] // MP4's meta has version and flags, QuickTime's has not
	}
	number := 0
	w.children(b, func(kind string, body []byte) {
		switch kind {
		case "keys":
			number = keyNumber(body)
		case "ilst":
			w.children(body, func(kind string, item []byte) {
				if number > 0 && binary.BigEndian.Uint32([]byte(kind)) == uint32(number) {
					w.below(item, "data", func(data []byte) { found = dataText(data) })
				}
			})
		}
	})
	return found
}

// keyNumber is the place of Apple's key for a location in a table of keys,
// from 1; 0 if it is not there.
func keyNumber(b []byte) int {
	if len(b) < 8 {
		return 0
	}
	b = b[8:] // version, flags, count: the table itself says where it ends
	for i := 1; len(b) >= 8 && i <= keysMax; i++ {
		size := binary.BigEndian.Uint32(b)
		if size < 8 || uint64(size) > uint64(len(b)) {
			return 0
		}
		if string(b[8:size]) == appleLocation {
			return i
		}
		b = b[size:]
	}
	return 0
}

// dataText is the value of a data box that holds text: kind, locale, value.
func dataText(b []byte) string {
	if len(b) < 8 {
		return ""
	}
	return iso6709(b[8:])
}

// iso6709 accepts a place only in the form that the standard has, so that no
// other text of a camera gets through here.
func iso6709(b []byte) string {
	if len(b) > locationMax {
		return ""
	}
	m := regexp.MustCompile(`^([+-]\d{1,6}(?:\.\d{1,9})?)([+-]\d{1,7}(?:\.\d{1,9})?)([+-]\d{1,6}(?:\.\d{1,9})?)?(CRS[A-Z0-9_]{1,16})?/?$`).FindSubmatch(b)
	if m == nil || !within(m[1], 90) || !within(m[2], 180) {
		return ""
	}
	return string(b)
}

// within checks whole degrees; with minutes and seconds, only that they are
// digits.
func within(b []byte, degrees float64) bool {
	whole, _, _ := bytes.Cut(b[1:], []byte("."))
	f, err := strconv.ParseFloat(string(b[1:]), 64)
	return err == nil && (len(whole) > 3 || f <= degrees)
}
