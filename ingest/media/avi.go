package media

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// describeAVI tells what the beginning of an AVI says: the list hdrl with a
// header of the file and of every stream, and the list INFO.
func describeAVI(b []byte) Info {
	a := &avi{info: Info{Status: StatusUnreadable, Container: ContainerAVI}}
	if len(b) < headBytes {
		return a.info
	}
	a.chunks(b[headBytes:], func(kind string, body []byte) {
		switch kind {
		case "LIST hdrl":
			a.header(body)
		case "LIST INFO":
			a.chunks(body, a.date)
		}
	})
	if !a.found || a.broken {
		return Info{Status: StatusUnreadable, Container: ContainerAVI}
	}
	a.info.Status = StatusRead
	return a.info
}

type avi struct {
	info   Info
	found  bool   // the file's header
	broken bool   // a header that is not whole
	frame  uint64 // microseconds
}

// chunks calls visit with every whole chunk in b; a list's kind is "LIST " and
// its own. The one that holds the pictures ends it.
func (a *avi) chunks(b []byte, visit func(kind string, body []byte)) {
	for len(b) >= 8 {
		kind, size := string(b[:4]), uint64(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		if kind == "LIST" && len(b) >= 4 {
			kind += " " + string(b[:4])
		}
		if kind == "LIST movi" || size > uint64(len(b)) {
			a.broken = a.broken || kind == "LIST hdrl"
			return
		}
		body := b[:size]
		if strings.HasPrefix(kind, "LIST ") {
			if size < 4 {
				a.broken = true
				return
			}
			body = body[4:]
		}
		visit(kind, body)
		b = b[min(size+size%2, uint64(len(b))):] // chunks begin at even places
	}
}

func (a *avi) header(b []byte) {
	a.chunks(b, func(kind string, body []byte) {
		switch kind {
		case "avih":
			if len(body) < 20 {
				a.broken = true
				return
			}
			a.found = true
			a.frame = uint64(binary.LittleEndian.Uint32(body))
			a.longer(millis(a.frame*uint64(binary.LittleEndian.Uint32(body[16:])), 1_000_000))
		case "LIST strl":
			a.stream(body)
		case "LIST odml": // files beyond 1 GiB: the first header counts the first part only
			a.chunks(body, func(kind string, body []byte) {
				if kind == "dmlh" && len(body) >= 4 {
					a.longer(millis(a.frame*uint64(binary.LittleEndian.Uint32(body)), 1_000_000))
				}
			})
		default:
			a.date(kind, body)
		}
	})
}

// longer keeps the longest duration that is told: the shorter ones are of a
// part.
func (a *avi) longer(ms *int64) {
	if ms != nil && *ms > 0 && (a.info.DurationMillis == nil || *ms > *a.info.DurationMillis) {
		a.info.DurationMillis = ms
	}
}

// stream reads one stream's header (strh) and format (strf).
func (a *avi) stream(b []byte) {
	medium := ""
	a.chunks(b, func(kind string, body []byte) {
		switch {
		case kind == "strh" && len(body) >= 36:
			medium = string(body[:4])
			scale, rate := binary.LittleEndian.Uint32(body[20:]), binary.LittleEndian.Uint32(body[24:])
			if medium == "vids" {
				a.longer(millis(uint64(binary.LittleEndian.Uint32(body[32:]))*uint64(scale), uint64(rate)))
			}
		case kind == "strf" && medium == "vids" && len(body) >= 20:
			a.info.Codecs = addCodec(a.info.Codecs, fourCC(body[16:20]))
		case kind == "strf" && medium == "auds" && len(body) >= 2:
			a.info.Codecs = addCodec(a.info.Codecs, waveName(binary.LittleEndian.Uint16(body)))
		}
	})
}

// waveName names the formats of sound that cameras use.
func waveName(tag uint16) string {
	switch tag {
	case 0x0001:
		return "pcm"
	case 0x0055:
		return "mp3"
	case 0x00ff, 0x1610:
		return "aac"
	}
	return fmt.Sprintf("wave 0x%04x", tag)
}

// date reads the time of recording: IDIT as C writes a time, ICRD as a date.
// Neither has a zone; it is kept as if it were UTC.
func (a *avi) date(kind string, body []byte) {
	if (kind != "IDIT" && kind != "ICRD") || len(body) > 64 || a.info.Created != nil {
		return
	}
	text := strings.TrimRight(string(body), "\x00\r\n ")
	for _, layout := range []string{time.ANSIC, time.DateTime, time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1904 {
			t = t.UTC()
			a.info.Created = &t
			return
		}
	}
}
