package usb

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"berth/dock"
)

// guest is one device in a port that Berth guards, from plug to unplug.
// Guarded by Ports.mu.
type guest struct {
	port       dock.Port
	stay       stay
	site       site
	generation dock.Generation
	since      time.Time // it was first seen, or let in
	objection  objection // what speaks against it beside what it is, as last judged
	condemned  string    // for good: a driver took it that has no business there
	verdict    verdict
	tries      int       // of carrying out the verdict
	retry      time.Time // when to try again
	disks      []disk    // of mass storage that is listed, or about to be
	steady     time.Time // since when disks are what they are
	listed     bool
}

// state is how far judging a guest has come.
type state int

const (
	unjudged state = iota
	admitted
	refused
	failed // it could not be let in, or put out; tried again
	left   // it was gone before the end
)

// verdict is what came of judging a guest.
type verdict struct {
	state  state
	text   string // for people: why it was refused, or what failed
	alien  bool   // what is in the bay is not a camera
	device dock.Device
	hub    bool
}

// objection is what speaks against a guest whatever it says it is.
type objection struct {
	text  string // empty: nothing
	alien bool
}

const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// attend has a guest judged if it was not yet, if what spoke for or against it
// changed, or if it is time to try again; p.mu is held.
func (p *Ports) attend(g *guest, against objection, now time.Time) {
	if against != g.objection {
		g.objection, g.verdict, g.tries = against, verdict{}, 0
	}
	waiting := (g.verdict.state == left || g.verdict.state == failed) && now.Before(g.retry)
	due := g.verdict.state != admitted && g.verdict.state != refused && !waiting
	if !due || p.judging[g.port] {
		return
	}
	p.judging[g.port] = true
	charge := charge{port: g.port, stay: g.stay, site: g.site, objection: against}
	p.done.Go(func() {
		v := p.judge(p.ctx, charge)
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.judging, g.port)
		if p.guests[g.port] == g && g.objection == against {
			p.settle(g, v)
		}
		p.hint()
	})
}

// settle records a verdict; p.mu is held.
func (p *Ports) settle(g *guest, v verdict) {
	now := time.Now()
	g.verdict = v
	if v.state == failed || v.state == left {
		g.retry = now.Add(min(firstRetry<<min(g.tries, 10), lastRetry))
		g.tries++
	}
	if v.state == admitted {
		g.since = now
	}
	p.o.Log.Info("USB device judged", "port", g.port, "bays", p.bays(g), "number", g.stay.number,
		"vendor", fmt.Sprintf("%04x", v.device.Vendor), "product", fmt.Sprintf("%04x", v.device.Product),
		"verdict", v.state.String(), "why", v.text)
}

func (s state) String() string {
	return []string{"unjudged", "admitted", "refused", "failed", "left"}[s]
}

func (p *Ports) bays(g *guest) []dock.BayName {
	var names []dock.BayName
	for _, i := range g.site.slots {
		names = append(names, p.slots[i].Bay)
	}
	return names
}

// against is what speaks against a guest; p.mu is held.
func (p *Ports) against(g *guest, occupants map[int]int) objection {
	if g.verdict.state == admitted && g.condemned == "" {
		g.condemned = stray(p.sys.drivers(g.port), g.verdict)
	}
	switch {
	case g.condemned != "":
		return objection{text: g.condemned, alien: true}
	case g.site.role == roleBehind:
		return objection{text: "it is plugged in behind a bay, and a bay holds no hub", alien: true}
	case g.site.role == roleBay && len(g.site.slots) > 1:
		return objection{text: fmt.Sprintf("bays %s are one socket: correct the ports in the config", joinBays(p.bays(g)))}
	case g.site.role == roleBay && occupants[g.site.slots[0]] > 1 && g.verdict.state != admitted:
		return objection{text: "there are two devices in this bay", alien: true}
	}
	return objection{}
}

func joinBays(names []dock.BayName) string {
	var texts []string
	for _, n := range names {
		texts = append(texts, string(n))
	}
	return strings.Join(texts, " and ")
}

func (s site) equal(other site) bool {
	return s.role == other.role && slices.Equal(s.slots, other.slots)
}
