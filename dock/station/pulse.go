package station

import "sync"

// pulse tells any number of waiters that something changed. Safe for
// concurrent use; the zero value is ready.
type pulse struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu; closed by beat
}

// next returns a channel that is closed at the next beat.
func (p *pulse) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ch == nil {
		p.ch = make(chan struct{})
	}
	return p.ch
}

// beat wakes everybody who waits.
func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ch != nil {
		close(p.ch)
		p.ch = nil
	}
}
