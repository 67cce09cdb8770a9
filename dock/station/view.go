package station

import (
	"fmt"

	"berth/dock"
)

// attentionAfter is the number of failures in a row after which a person is asked.
const attentionAfter = 3

// securedBytes is how much of the camera is on the station.
func (s *state) securedBytes() int64 {
	var bytes int64
	for i := range s.items {
		if it := &s.items[i]; it.spooled {
			bytes += it.Entry.SizeBytes
		}
	}
	return bytes
}

// doing says in one phrase what happens now.
func (d *docking) doing(phrase string) {
	d.bay.mu.Lock()
	same := d.bay.shown.Doing == phrase
	d.bay.mu.Unlock()
	if !same {
		d.stay.show(func(s *dock.BayStatus) { s.Doing = phrase })
	}
	d.shown()
}

// progress notes how many bytes of the camera are on the station by now.
func (d *docking) progress(bytes int64) {
	now := d.now()
	d.stay.show(func(s *dock.BayStatus) {
		s.BytesDone = bytes
		d.bay.meter.add(now, bytes)
	})
}

// shown brings the bay's status up to date with the view.
func (d *docking) shown() {
	sum := d.state.sum()
	d.stay.show(func(s *dock.BayStatus) {
		s.RecordingsTotal, s.RecordingsDone = sum.total, sum.spooled
		s.BytesTotal, s.BytesDone = sum.bytes, max(sum.spooledBytes, s.BytesDone)
		s.Stored, s.Reread, s.Erased = sum.stored, sum.reread, sum.erased
		s.State, s.Attention = d.state.judge(sum)
		if s.State == dock.BayErasing || s.State == dock.BayReading || s.Attention != "" {
			return
		}
		s.Doing = d.state.waitingFor(sum)
	})
}

type sum struct {
	total, spooled, reread, stored, erased, pending, held, troubled int

	bytes, spooledBytes int64
	trouble             string
}

func (s *state) sum() sum {
	t := sum{total: len(s.items)}
	for i := range s.items {
		it := &s.items[i]
		t.bytes += it.Entry.SizeBytes
		if it.spooled {
			t.spooled++
			t.spooledBytes += it.Entry.SizeBytes
		}
		t.reread += count(it.reread)
		t.stored += count(it.stored)
		t.erased += count(it.erased)
		t.pending += count(it.pending)
		t.held += count(it.held && !it.erased)
		if it.failures >= attentionAfter {
			t.troubled++
			t.trouble = it.problem
		}
	}
	return t
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// judge says what an officer may believe, and why a person is needed.
func (s *state) judge(t sum) (dock.BayState, string) {
	switch {
	case s.listedAt == 0:
		return dock.BayReading, ""
	case t.troubled > 0:
		return dock.BayAttention, fmt.Sprintf("%d of %d recordings: %s", t.troubled, t.total, t.trouble)
	case s.conflict:
		return dock.BayAttention, "two docked cameras claim to be " + string(s.camera) + "; both are copied, neither is emptied"
	case s.exception != "":
		return dock.BayAttention, s.exception
	case t.held > 0 && t.spooled == t.total:
		return dock.BayAttention, fmt.Sprintf("%d recordings are held for a person; see `berth recordings --state held`", t.held)
	case s.emptied:
		return dock.BayAttention, "this camera used to have recordings and now lists none"
	case !s.settled || t.spooled < t.total:
		return dock.BayReading, ""
	case t.erased == t.total && s.erases:
		return dock.BayReady, ""
	case t.erased+t.pending > 0:
		return dock.BayErasing, ""
	case t.stored == t.total:
		return dock.BayStored, ""
	}
	return dock.BaySecured, ""
}

// waitingFor says why a camera that is secured is not done yet.
func (s *state) waitingFor(t sum) string {
	switch {
	case t.erased == t.total:
		return "done"
	case t.reread < t.total && s.erases:
		return "reading the camera a second time"
	case t.stored < t.total:
		return fmt.Sprintf("waiting for the stores: %d of %d", t.stored, t.total)
	case !s.erases:
		return "done; recordings stay on the camera"
	case s.refused != "":
		return "not emptied yet: " + s.refused
	}
	return "safe in the stores"
}
