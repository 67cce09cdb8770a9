package view

import (
	"fmt"
	"strings"

	"berth/dock"
)

// look is how a state shows: a shape and a colour beside its word, so that no
// two states differ in colour alone.
type look struct {
	shape string // where Unicode is shown
	ascii string
	style style
}

func lookOf(state dock.BayState) look {
	switch state {
	case dock.BayEmpty:
		return look{"○", ".", dim}
	case dock.BayReading:
		return look{"◔", ">", blue}
	case dock.BaySecured:
		return look{"◑", "-", cyan}
	case dock.BayStored:
		return look{"◕", "=", green}
	case dock.BayErasing:
		return look{"◎", "x", purple}
	case dock.BayReady:
		return look{"●", "*", bright}
	case dock.BayNotACamera:
		return look{"□", "?", yellow}
	}
	return look{"▲", "!", red} // attention, and whatever a newer station may say
}

// progress is how far a bay is on the way to its next state.
type progress struct {
	part, whole int64
	notes       []string // what is counted, where that is not bytes secured; the first matters most
}

// progressOf tells how far a bay is, if it is on the way: a bar always speaks
// of the step that its note names, never of one that is done. A camera whose
// bytes are all here and which is still being read has something to say instead.
func progressOf(b dock.BayStatus) (progress, bool) {
	p := progress{whole: int64(b.RecordingsTotal)}
	count := func(n int, what string) {
		if len(p.notes) == 0 {
			p.part = int64(n)
		}
		p.notes = append(p.notes, fmt.Sprintf("%d/%d %s", n, b.RecordingsTotal, what))
	}
	switch b.State {
	case dock.BayReading:
		p.part, p.whole = b.BytesDone, b.BytesTotal
		return p, p.part < p.whole
	case dock.BaySecured:
		count(b.Stored, "stored")
		if b.Reread > 0 {
			count(b.Reread, "re-read")
		}
	case dock.BayStored:
		count(b.Reread, "re-read")
		return p, 0 < b.Reread && b.Reread < b.RecordingsTotal
	case dock.BayErasing:
		count(b.Erased, "erased")
	default:
		return p, false
	}
	return p, p.whole > 0
}

// sentence says what goes on in a bay, for where there is no bar.
func sentence(b dock.BayStatus) string {
	var parts []string
	if b.RecordingsTotal > 0 {
		parts = append(parts, Count(b.RecordingsTotal, "recording")+", "+Size(b.BytesTotal))
	}
	if b.Doing != "" {
		parts = append(parts, b.Doing)
	}
	return strings.Join(parts, " · ")
}
