package usb

import (
	"time"

	"berth/dock"
)

// look brings the guests up to date with the kernel; p.mu is held.
func (p *Ports) look(now time.Time) error {
	names, err := p.sys.names()
	if err != nil {
		return err
	}
	guests := map[dock.Port]*guest{}
	occupants := map[int]int{} // devices in a slot, under either of its names
	for _, name := range names {
		port := dock.Port(name)
		if port.Validate() != nil {
			continue // a root hub or an interface
		}
		site := p.slots.site(port, p.sys.peer)
		if site.role == roleNone {
			continue
		}
		stay := p.sys.stay(name)
		if stay.number == 0 {
			continue
		}
		g := p.guests[port]
		if g == nil || g.stay != stay || !g.site.equal(site) || p.wasPutOut(g) {
			p.generation++
			g = &guest{port: port, stay: stay, site: site, generation: p.generation, since: now}
		}
		guests[port] = g
		if site.role == roleBay {
			for _, slot := range site.slots {
				occupants[slot]++
			}
		}
	}
	p.guests = guests
	for _, g := range guests {
		p.attend(g, p.against(g, occupants), now)
	}
	return nil
}

// wasPutOut: somebody else took the drivers away from a guest that was let in.
// What is left of it has to be judged anew.
func (p *Ports) wasPutOut(g *guest) bool {
	yes, known := p.sys.authorised(string(g.port))
	return g.verdict.state == admitted && known && !yes
}
