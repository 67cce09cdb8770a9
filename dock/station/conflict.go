package station

import (
	"sync"
	"sync/atomic"

	"berth/dock"
)

// presence knows which camera identities are docked right now, so that two
// cameras with one identity are noticed. Safe for concurrent use.
type presence struct {
	mu     sync.Mutex
	docked map[dock.CameraID]map[dock.DockingID]*atomic.Bool // guarded by mu; the flag says "in conflict"
}

// arrive notes a docking. It returns the dockings that claim the same identity
// and raises their flags, and conflict if there are any.
func (p *presence) arrive(camera dock.CameraID, docking dock.DockingID, conflict *atomic.Bool) []dock.DockingID {
	p.mu.Lock()
	defer p.mu.Unlock()
	var others []dock.DockingID
	for other, flag := range p.docked[camera] {
		others = append(others, other)
		flag.Store(true)
		conflict.Store(true)
	}
	if p.docked == nil {
		p.docked = map[dock.CameraID]map[dock.DockingID]*atomic.Bool{}
	}
	if p.docked[camera] == nil {
		p.docked[camera] = map[dock.DockingID]*atomic.Bool{}
	}
	p.docked[camera][docking] = conflict
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
