package media

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"github.com/abema/go-mp4"
)

const (
	codecsMax     = 16                              // codecs named of one recording
	durationMax   = 100 * 365 * 24 * 3600 * 1000    // milliseconds; beyond it is no recording
	createdMax    = 253_402_300_799 + secondsTo1970 // year 9999, in seconds since 1904
	secondsTo1970 = 2_082_844_800                   // from the epoch of MP4, 1904
)

// describeMovie tells what the boxes say. moov is nil if there was none.
func describeMovie(ftyp, moov []byte) Info {
	info := Info{Status: StatusUnreadable, Container: ContainerMP4}
	if len(ftyp) == 0 || bytes.HasPrefix(ftyp, []byte("qt  ")) {
		info.Container = ContainerMOV // QuickTime of before ftyp was invented
	}
	w := &walker{budget: insideMax}
	found := false
	var whole, fragments *int64
	w.children(moov, func(kind string, body []byte) {
		switch kind {
		case "mvhd":
			var mvhd mp4.Mvhd
			if !unmarshal(body, &mvhd) {
				w.broken = true
				return
			}
			found = true
			info.Created = createdAt(mvhd.GetCreationTime())
			whole = movieMillis(mvhd.GetDuration(), mvhd.Timescale, mvhd.GetVersion())
			w.below(moov, "mvex/mehd", func(body []byte) {
				var mehd mp4.Mehd
				if unmarshal(body, &mehd) {
					fragments = movieMillis(mehd.GetFragmentDuration(), mvhd.Timescale, mehd.GetVersion())
				}
			})
		case "trak":
			w.below(body, "mdia/minf/stbl/stsd", func(stsd []byte) { info.Codecs = w.addSamples(info.Codecs, stsd) })
		case "udta", "meta":
			if info.Location == "" {
				info.Location = w.location(kind, body)
			}
		}
	})
	if !found || w.broken {
		return Info{Status: StatusUnreadable, Container: info.Container}
	}
	info.Status, info.DurationMillis = StatusRead, whole
	if whole == nil {
		info.DurationMillis = fragments
	}
	return info
}

// unmarshal decodes a small box of fixed layout.
func unmarshal(body []byte, box mp4.IBox) bool {
	_, err := mp4.Unmarshal(bytes.NewReader(body), uint64(len(body)), box, mp4.Context{})
	return err == nil
}

// createdAt is nil for a clock that was never set and for times beyond reason.
func createdAt(since1904 uint64) *time.Time {
	if since1904 == 0 || since1904 > createdMax {
		return nil
	}
	t := time.Unix(int64(since1904)-secondsTo1970, 0).UTC()
	return &t
}

// movieMillis is nil where a movie leaves its duration open: 0 or all ones.
func movieMillis(ticks uint64, timescale uint32, version uint8) *int64 {
	if ticks == 0 || ticks == math.MaxUint64 || (version == 0 && ticks == math.MaxUint32) {
		return nil
	}
	return millis(ticks, uint64(timescale))
}

// millis is ticks of a clock in milliseconds, nil if it cannot be true.
func millis(ticks, perSecond uint64) *int64 {
	high, low := bits.Mul64(ticks, 1000)
	if high >= perSecond { // also where perSecond is 0
		return nil
	}
	ms, _ := bits.Div64(high, low, perSecond)
	if ms > durationMax {
		return nil
	}
	n := int64(ms)
	return &n
}

// addSamples adds the codecs of a track: the kinds of the boxes in its stsd,
// behind version, flags and a count.
func (w *walker) addSamples(codecs []string, stsd []byte) []string {
	if len(stsd) < 8 {
		w.broken = true
		return codecs
	}
	w.children(stsd[8:], func(kind string, _ []byte) { codecs = addCodec(codecs, fourCC([]byte(kind))) })
	return codecs
}

func addCodec(codecs []string, codec string) []string {
	if len(codecs) >= codecsMax || slices.Contains(codecs, codec) {
		return codecs
	}
	return append(codecs, codec)
}

// fourCC shows a code of four bytes; as a number where it is no text.
func fourCC(b []byte) string {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return "0x" + strconv.FormatUint(uint64(binary.BigEndian.Uint32(b)), 16)
		}
	}
	return string(b)
}
