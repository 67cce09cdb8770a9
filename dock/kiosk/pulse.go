package kiosk

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// pulse looks at the station for all watchers together: however many there
// are, there is one look an interval, and none while nobody watches. Each
// watcher has room for one line; a newer line takes the place of one that was
// not fetched, so that nobody waits for anybody.
type pulse struct {
	interval time.Duration
	most     int
	look     func(context.Context) []byte
	joined   chan struct{} // holds a token after a watcher came

	mu       sync.Mutex
	watchers map[*watcher]struct{} // guarded by mu
}

type watcher struct {
	lines chan []byte // one place; only pulse.publish sends
	sent  []byte      // the last line put there; belongs to pulse.run
}

func newPulse(interval time.Duration, most int, look func(context.Context) []byte) *pulse {
	return &pulse{
		interval: interval, most: most, look: look,
		joined: make(chan struct{}, 1), watchers: map[*watcher]struct{}{},
	}
}

// join adds a watcher, which gets the present status at once. leave must be
// called when it ends. ErrBusy if there are too many.
func (p *pulse) join() (lines <-chan []byte, leave func(), err error) {
	w := &watcher{lines: make(chan []byte, 1)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.watchers) >= p.most {
		return nil, nil, ErrBusy
	}
	p.watchers[w] = struct{}{}
	select {
	case p.joined <- struct{}{}:
	default: // the token that is there stands for this watcher too
	}
	return w.lines, func() { p.leave(w) }, nil
}

func (p *pulse) leave(w *watcher) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.watchers, w)
}

// present lists who watches now.
func (p *pulse) present() []*watcher {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*watcher, 0, len(p.watchers))
	for w := range p.watchers {
		all = append(all, w)
	}
	return all
}

// run looks and publishes until ctx ends.
func (p *pulse) run(ctx context.Context) {
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	for {
		newcomer := false
		select {
		case <-ctx.Done():
			return
		case <-p.joined:
			newcomer = true
		case <-ticker.C:
		}
		watchers := p.present()
		if len(watchers) == 0 {
			continue
		}
		line := p.look(ctx)
		for _, w := range watchers {
			// Others keep to the interval when a newcomer is served.
			if line != nil && (!newcomer || w.sent == nil) {
				w.publish(line)
			}
		}
	}
}

// publish replaces a line that was not fetched yet, and keeps quiet if nothing changed.
func (w *watcher) publish(line []byte) {
	if bytes.Equal(w.sent, line) {
		return
	}
	select {
	case <-w.lines:
	default:
	}
	w.lines <- line
	w.sent = line
}
