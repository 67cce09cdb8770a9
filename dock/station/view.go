package station

import (
	"fmt"

	"berth/dock"
)

// securedBytes is how much of the camera is on the station.
func (d *docking) securedBytes() int64 {
	var bytes int64
	for i := range d.view.items {
		if it := &d.view.items[i]; it.spooled {
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
		d.bay.show(func(s *dock.BayStatus) { s.Doing = phrase })
	}
	d.shown()
}

// progress notes how many bytes of the camera are on the station by now.
func (d *docking) progress(bytes int64) {
	now := d.now()
	d.bay.mu.Lock()
	d.bay.shown.BytesDone = bytes
	d.bay.meter.add(now, bytes)
	d.bay.mu.Unlock()
	d.bay.station.changed.beat()
}

// shown brings the bay's status up to date with the view.
func (d *docking) shown() {
	sum := d.sum()
	d.bay.show(func(s *dock.BayStatus) {
		s.RecordingsTotal, s.RecordingsDone = len(d.view.items), sum.spooled
		s.BytesTotal, s.BytesDone = sum.bytes, max(sum.spooledBytes, s.BytesDone)
		s.Stored, s.Reread, s.Erased = sum.stored, sum.reread, sum.erased
		s.State, s.Attention = d.judge(sum)
		if s.State == dock.BayErasing || s.State == dock.BayReading || s.Attention != "" {
			return
		}
		s.Doing = d.waitingFor(sum)
	})
}

type sum struct {
	total, spooled, reread, stored, erased, pending, held, troubled int

	bytes, spooledBytes int64
	trouble             string
}

func (d *docking) sum() sum {
	t := sum{total: len(d.view.items)}
	for i := range d.view.items {
		it := &d.view.items[i]
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
func (d *docking) judge(t sum) (dock.BayState, string) {
	switch {
	case d.listedAt == 0:
		return dock.BayReading, ""
	case t.troubled > 0:
		return dock.BayAttention, fmt.Sprintf("%d of %d recordings: %s", t.troubled, t.total, t.trouble)
	case d.conflict.Load():
		return dock.BayAttention, "two docked cameras claim to be " + string(d.row.Info.ID) + "; both are copied, neither is emptied"
	case d.exception != "":
		return dock.BayAttention, d.exception
	case t.held > 0 && t.spooled == t.total:
		return dock.BayAttention, fmt.Sprintf("%d recordings are held for a person; see `berth recordings --state held`", t.held)
	case d.emptied:
		return dock.BayAttention, "this camera used to have recordings and now lists none"
	case !d.view.settled || t.spooled < t.total:
		return dock.BayReading, ""
	case t.erased == t.total && d.view.erases:
		return dock.BayReady, ""
	case t.erased+t.pending > 0:
		return dock.BayErasing, ""
	case t.stored == t.total:
		return dock.BayStored, ""
	}
	return dock.BaySecured, ""
}

// waitingFor says why a camera that is secured is not done yet.
func (d *docking) waitingFor(t sum) string {
	switch {
	case t.erased == t.total:
		return "done"
	case t.reread < t.total && d.view.erases:
		return "reading the camera a second time"
	case t.stored < t.total:
		return fmt.Sprintf("waiting for the stores: %d of %d", t.stored, t.total)
	case !d.view.erases:
		return "done; recordings stay on the camera"
	case d.refused != "":
		return "not emptied yet: " + d.refused
	}
	return "safe in the stores"
}
