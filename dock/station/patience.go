package station

import (
	"time"

	"berth/dock"
)

const (
	// forgives is how long a camera must be served without hanging for earlier
	// times to be forgotten.
	forgives = 15 * time.Minute
	// returns is how soon after its port was switched a camera is the same stay,
	// however often it comes and goes: one that hangs often does that too.
	returns = 30 * time.Second
)

// backoff is how long a camera that hung is left alone before it is tried
// again; after the last, a person is asked.
func backoff() []time.Duration {
	return []time.Duration{5 * time.Second, 30 * time.Second, 5 * time.Minute}
}

// patience decides what is done about cameras of one bay that hang: pure, by
// the boot clock, owned by the bay's goroutine.
type patience struct {
	limit time.Duration // of silence; 0 for ever

	device   stayed        // who hung last
	hung     int           // so often in a row
	hungAt   time.Duration // boot time of the last, or of its end
	expected bool          // its port was switched, and nothing was plugged in since
	notNow   time.Duration // boot time before which it is not tried again
}

// stayed tells one USB device from another across a plug, as far as it can be
// told.
type stayed struct {
	vendor, product uint16
	serial          string
}

func whoIs(at dock.Attachment) stayed {
	if at.Device == nil {
		return stayed{}
	}
	return stayed{at.Device.Vendor, at.Device.Product, at.Device.Serial}
}

// due reports whether a camera that is silent is to be cut off now, or else how
// long to wait before looking again; 0 is for ever.
func (p *patience) due(now time.Duration, s silence) (yes bool, again time.Duration) {
	switch {
	case p.limit <= 0 || p.exhausted():
		return false, 0
	case now < p.notNow:
		return false, p.notNow - now
	case s.doing == "":
		return false, p.limit
	case s.lasts >= p.limit:
		return true, 0
	}
	return false, p.limit - s.lasts
}

// hangs takes in that the attachment was silent for too long.
func (p *patience) hangs(now time.Duration, at dock.Attachment) {
	if who := whoIs(at); who != p.device || now >= p.notNow+p.limit+forgives {
		p.device, p.hung = who, 0
	}
	p.hung++
	p.hungAt, p.notNow = now, now
	if waits := backoff(); p.hung <= len(waits) {
		p.notNow += waits[p.hung-1]
	}
}

// cut takes in that its port was switched off and on: it will come back.
func (p *patience) cut(now time.Duration) { p.hungAt, p.expected = now, true }

// exhausted: only a person's hand changes anything now.
func (p *patience) exhausted() bool { return p.hung > len(backoff()) }

// meets takes in that something was plugged in: the camera that was cut off, or
// one that nothing is known against.
func (p *patience) meets(now time.Duration, at dock.Attachment) {
	back := p.expected || !p.exhausted() && now < p.hungAt+returns
	if p.hung > 0 && (!back || whoIs(at) != p.device) {
		*p = patience{limit: p.limit}
	}
	p.expected = false
}
