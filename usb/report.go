package usb

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"berth/dock"
)

// report lists what is in the slots; p.mu is held.
func (p *Ports) report(now time.Time) ([]dock.Attachment, []Problem) {
	var attached []dock.Attachment
	var problems []Problem
	next := time.Time{}
	sooner := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for i, slot := range p.slots {
		inside := p.inside(i)
		for _, g := range inside {
			switch g.verdict.state {
			case admitted:
				ok, trouble, again := p.ready(g, now)
				sooner(again)
				if trouble != "" {
					problems = append(problems, Problem{Bay: slot.Bay, Text: trouble})
				}
				if ok {
					g.listed = true
					device := g.verdict.device
					attached = append(attached, dock.Attachment{
						Bay: slot.Bay, Generation: g.generation, Port: string(slot.Port), Device: &device,
					})
				}
			case refused, failed:
				problems = append(problems, g.problem(slot.Bay))
			}
			if g.verdict.state == failed || g.verdict.state == left {
				sooner(g.retry)
			}
		}
		if text := p.cutOff(slot, now); len(inside) == 0 && text != "" {
			problems = append(problems, Problem{Bay: slot.Bay, Text: text})
		}
	}
	if !next.IsZero() {
		p.lookAt(next)
	}
	return attached, problems
}

func (g *guest) problem(bay dock.BayName) Problem {
	text := g.verdict.text
	if g.verdict.alien {
		text = "not a camera: " + text
	}
	return Problem{Bay: bay, Text: text, NotACamera: g.verdict.alien}
}

// inside are the guests in a slot itself, in order of their names.
func (p *Ports) inside(slot int) []*guest {
	var found []*guest
	for _, g := range p.guests {
		if g.site.role == roleBay && slices.Contains(g.site.slots, slot) {
			found = append(found, g)
		}
	}
	slices.SortFunc(found, func(a, b *guest) int { return cmp.Compare(a.port, b.port) })
	return found
}

// hubSettles is how long a hub that is there may lack a port, while it comes up
// or is being pulled out.
const hubSettles = 5 * time.Second

// cutOff says why nothing can be plugged into a slot: what is missing on the
// way to its port. Empty: nothing is, or it may come yet.
func (p *Ports) cutOff(slot Slot, now time.Time) string {
	since, before := p.missing[slot.Bay]
	delete(p.missing, slot.Bay)
	if p.exists(slot.Port) {
		return ""
	}
	way := ancestors(slot.Port)
	slices.Reverse(way) // from the controller on
	for _, hub := range way {
		g := p.guests[hub]
		if g == nil {
			g = p.guests[p.sys.peer(hub)]
		}
		switch {
		case g == nil:
			return fmt.Sprintf("the hub of this bay is not plugged in (port %s)", hub)
		case g.verdict.state == refused, g.verdict.state == failed:
			return g.verdict.text
		case g.verdict.state != admitted:
			return "" // its turn will come
		}
	}
	if !before {
		since = now
	}
	p.missing[slot.Bay] = since
	if len(way) > 0 && now.Before(since.Add(hubSettles)) {
		return ""
	}
	return fmt.Sprintf("there is no port %s: correct it in the config; 'berth ports' shows them", slot.Port)
}

// exists reports whether the kernel has a port of this name, or its peer.
func (p *Ports) exists(port dock.Port) bool {
	_, ok := p.sys.inode(portDirectory(port))
	if other := p.sys.peer(port); !ok && other != "" {
		_, ok = p.sys.inode(portDirectory(other))
	}
	return ok
}
