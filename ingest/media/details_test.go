package media

import (
	"encoding/binary"
	"testing"
)

func TestOnlyAPlaceIsTakenForAPlace(t *testing.T) {
	for _, text := range []string{
		"+41.8781-087.6298/", "+41.8781-087.6298+181.000/", "-33.85+151.2/", "+00+000/", "+4852.5-00217.3/",
		"+27.5916+086.5640+8850CRSWGS_84/", "+41.8781-087.6298",
	} {
		if got := iso6709([]byte(text)); got != text {
			t.Errorf("%q is %q", text, got)
		}
	}
	for _, text := range []string{
		"", "41.8,-87.6", "+91.0+000.0/", "+41.0+181.0/", "+41.8781", "+41.8781-087.6298/x", "x+41.8781-087.6298/",
		"+41.8781-087.6298/\n",
		"+123456.123456789+1234567.123456789+123456.123456789CRS1234567890123456/", "+41.8781-087.6298\x00", "+41.87812345678901234567890-087.6298/", "Officer Smith",
	} {
		if got := iso6709([]byte(text)); got != "" {
			t.Errorf("%q is a place: %q", text, got)
		}
	}
}

func TestABoxIsNeverSmallerThanItsHeader(t *testing.T) {
	for _, b := range [][]byte{
		{0, 0, 0, 7, 'f', 'r', 'e', 'e'}, {0, 0, 0, 2, 'f', 'r', 'e', 'e'},
		claim("free", 15), claim("free", 0), claim("free", 1<<63), claim("free", 1<<64-1), {0, 0, 0, 8, 'f', 'r', 'e'}, nil,
	} {
		if h, ok := parseHeader(b); ok {
			t.Errorf("%x is %+v", b, h)
		}
	}
	if h, ok := parseHeader(claim("free", 1<<62)); !ok || h.body != 1<<62-16 || h.length != 16 {
		t.Errorf("a large box is %+v, %v", h, ok)
	}
}

func TestPlacesOf3GPPAreReadInBothEncodings(t *testing.T) {
	numbers := []byte{0xff, 0xa8, 0x80, 0x00, 0x00, 0x29, 0xe0, 0xcb, 0x00, 0xb5, 0x00, 0x00} // -87.5, 41.8781, 181
	for name, place := range map[string]string{
		"without a name": "\x00", "with a name": "Main St\x00", "in UTF-16": "\xfe\xff\x00A\x01\x00\x00\x00",
	} {
		b := append([]byte("\x00\x00\x00\x00\x55\xc4"+place+"\x00"), numbers...)
		if got := loci(b); got != "+41.87810-087.50000+181.000/" {
			t.Errorf("%s: %q", name, got)
		}
		for n := range b {
			if got := loci(b[:n]); got != "" {
				t.Errorf("%s, cut at %d: %q", name, n, got)
			}
		}
	}
}

func TestATableOfKeysThatLiesIsNotFollowed(t *testing.T) {
	entry := func(size uint32, key string) []byte {
		return append(binary.BigEndian.AppendUint32(nil, size), "mdta"+key...)
	}
	table := func(entries ...[]byte) []byte {
		b := make([]byte, 8)
		for _, e := range entries {
			b = append(b, e...)
		}
		return b
	}
	whole := entry(uint32(8+len(appleLocation)), appleLocation)
	if n := keyNumber(table(entry(9, "x"), whole)); n != 2 {
		t.Errorf("the second key is %d", n)
	}
	for name, b := range map[string][]byte{
		"empty": {}, "of size 0": table(entry(0, "x"), whole), "too long": table(entry(1<<31, "x"), whole),
	} {
		if n := keyNumber(b); n != 0 {
			t.Errorf("%s: %d", name, n)
		}
	}
	many := make([][]byte, keysMax)
	for i := range many {
		many[i] = entry(9, "x")
	}
	if n := keyNumber(table(append(many, whole)...)); n != 0 {
		t.Errorf("beyond the bound: %d", n)
	}
}

// chunk is one chunk of a RIFF file, padded to an even place.
func chunk(kind string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	b = append(b, body...)
	return append(b, make([]byte, len(body)%2)...)
}

func list(kind string, parts ...[]byte) []byte {
	b := []byte(kind)
	for _, p := range parts {
		b = append(b, p...)
	}
	return chunk("LIST", b)
}

func TestAnAVIBeyondOneGigabyteTellsItsWholeLength(t *testing.T) {
	avih := make([]byte, 56)
	binary.LittleEndian.PutUint32(avih, 40_000)  // 25 frames a second
	binary.LittleEndian.PutUint32(avih[16:], 25) // the first part only
	total := binary.LittleEndian.AppendUint32(nil, 90_000)
	b := list("hdrl", chunk("avih", avih), chunk("odd!", []byte{1}), list("odml", chunk("dmlh", total)),
		chunk("IDIT", []byte("Fri May 17 21:04:05 2024\n\x00")))
	b = append(append([]byte("RIFF\x00\x00\x00\x00AVI "), b...), list("movi", []byte("00dc"))...)
	info := both(t, b)
	if info.Status != StatusRead || info.DurationMillis == nil || *info.DurationMillis != 3_600_000 {
		t.Fatalf("%+v", info)
	}
	if info.Created == nil || info.Created.Format("2006-01-02 15:04:05") != "2024-05-17 21:04:05" {
		t.Fatalf("created %v", info.Created)
	}
}

func TestAnAVIWithABeginningOfJunkKeepsToItsBound(t *testing.T) {
	b := append([]byte("RIFF\x00\x00\x00\x00AVI "), chunk("JUNK", make([]byte, aviKept))...)
	b = append(b, list("hdrl", chunk("avih", make([]byte, 56)))...)
	if info := both(t, b); info.Status != StatusUnreadable {
		t.Fatalf("%+v", info)
	}
}
