package sim

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"berth/dock"
	"berth/usb"
)

// Bay is one directory bay.
type Bay struct {
	Name      dock.BayName
	Directory string // need not exist yet: until it does, that is a Problem
}

// Bus is the usb.Bus of directory bays. Safe for concurrent use.
type Bus struct {
	changed chan struct{}
	stop    context.CancelFunc
	done    sync.WaitGroup
	watcher *watcher // nil where the kernel cannot tell of changes

	mu         sync.Mutex
	bays       []*bay          // guarded by mu
	generation dock.Generation // guarded by mu; the last one given
}

var _ usb.Bus = (*Bus)(nil)

// New begins to watch the bays. Changed fires when the kernel tells of a
// change, and at every poll for the filesystems that tell nothing (shares).
// Close it when done. Two bays of one name or one directory are an error.
func New(bays []Bay, poll time.Duration) (*Bus, error) {
	if poll <= 0 {
		return nil, fmt.Errorf("watch directory bays: poll interval %v is not positive", poll)
	}
	b := &Bus{changed: make(chan struct{}, 1)}
	names, directories := map[dock.BayName]bool{}, map[string]bool{}
	for _, each := range bays {
		directory, err := filepath.Abs(each.Directory)
		if each.Directory == "" || err != nil {
			return nil, fmt.Errorf("watch directory bays: bay %q has no directory", each.Name)
		}
		if names[each.Name] || directories[directory] {
			return nil, fmt.Errorf("watch directory bays: bay %q is there twice, or its directory is", each.Name)
		}
		names[each.Name], directories[directory] = true, true
		b.bays = append(b.bays, &bay{name: each.Name, directory: directory})
	}
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.watcher = newWatcher(b.hint)
	if b.watcher != nil {
		b.done.Go(b.watcher.run)
	}
	b.done.Go(func() { b.tick(ctx, poll) })
	return b, nil
}

// Close stops watching and waits until nothing of it runs.
func (b *Bus) Close() error {
	b.stop()
	var err error
	if b.watcher != nil {
		err = b.watcher.close()
	}
	b.done.Wait()
	return err
}

// Changed is a hint that Attached may answer differently now.
func (b *Bus) Changed() <-chan struct{} { return b.changed }

// Attached looks into every bay now.
func (b *Bus) Attached(ctx context.Context) ([]dock.Attachment, []usb.Problem, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var attached []dock.Attachment
	var problems []usb.Problem
	for _, bay := range b.bays {
		if err := ctx.Err(); err != nil {
			return nil, nil, fmt.Errorf("look into the directory bays: %w", err)
		}
		if b.watcher != nil {
			bay.leave(b.watcher.departures(bay.directory))
		}
		texts := bay.look(b.nextGeneration)
		for _, text := range texts {
			problems = append(problems, usb.Problem{Bay: bay.name, Text: text})
		}
		if bay.docked != nil {
			attached = append(attached, bay.docked.attachment)
		}
	}
	return attached, problems, nil
}

func (b *Bus) nextGeneration() dock.Generation {
	b.generation++
	return b.generation
}

func (b *Bus) hint() {
	select {
	case b.changed <- struct{}{}:
	default: // a hint is waiting already
	}
}

func (b *Bus) tick(ctx context.Context, poll time.Duration) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			b.hint()
		}
	}
}
