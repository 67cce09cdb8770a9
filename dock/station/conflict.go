package station

import (
	"sync"

	"berth/dock"
)

// presence knows which camera identities are docked right now, so that two
// cameras with one identity are noticed. Safe for concurrent use.
type presence struct {
	mu     sync.Mutex
	docked map[dock.CameraID]map[dock.DockingID]bool // guarded by mu
}

// arrive notes a docking and returns the other dockings with the same identity.
func (p *presence) arrive(camera dock.CameraID, docking dock.DockingID) []dock.DockingID {
	p.mu.Lock()
	defer p.mu.Unlock()
	var others []dock.DockingID
	for other := range p.docked[camera] {
		others = append(others, other)
	}
	if p.docked == nil {
		p.docked = map[dock.CameraID]map[dock.DockingID]bool{}
	}
	if p.docked[camera] == nil {
		p.docked[camera] = map[dock.DockingID]bool{}
	}
	p.docked[camera][docking] = true
	return others
}

// leave forgets a docking.
func (p *presence) leave(camera dock.CameraID, docking dock.DockingID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.docked[camera], docking)
	if len(p.docked[camera]) == 0 {
		delete(p.docked, camera)
	}
}
