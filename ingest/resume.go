package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"berth/dock"
	"berth/ingest/seal"
)

// parkedMost is how many pulls that were cut off are kept. Each holds its space
// on the spool.
const parkedMost = 64

// parked keeps, by recording, what pulls that were cut off had verified. Safe
// for concurrent use; what was taken out belongs to the taker.
type parked struct {
	most int

	mu    sync.Mutex
	works []*work // guarded by mu, the oldest first, one of a recording at most
}

func newParked(most int) *parked { return &parked{most: most} }

// take takes out what there is of the recording, nil for nothing.
func (p *parked) take(id dock.RecordingID) *work {
	return p.remove(func(w *work) bool { return w.recording == id })
}

// takeOldest takes out the one that was kept longest, nil for none.
func (p *parked) takeOldest() *work {
	return p.remove(func(*work) bool { return true })
}

func (p *parked) remove(which func(*work) bool) *work {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.works, which)
	if i < 0 {
		return nil
	}
	w := p.works[i]
	p.works = slices.Delete(p.works, i, i+1)
	return w
}

// keep keeps w, in place of an earlier one of its recording, and discards the
// oldest of too many.
func (p *parked) keep(w *work) error {
	var superfluous []*work
	p.mu.Lock()
	p.works = slices.DeleteFunc(p.works, func(other *work) bool {
		same := other.recording == w.recording
		if same {
			superfluous = append(superfluous, other)
		}
		return same
	})
	p.works = append(p.works, w)
	if n := len(p.works) - p.most; n > 0 {
		superfluous = append(superfluous, p.works[:n]...)
		p.works = slices.Delete(p.works, 0, n)
	}
	p.mu.Unlock()
	return discard(superfluous)
}

func (p *parked) discardAll() error {
	p.mu.Lock()
	all := p.works
	p.works = nil
	p.mu.Unlock()
	return discard(all)
}

func discard(works []*work) error {
	var errs []error
	for _, w := range works {
		errs = append(errs, w.temp.discard())
	}
	return errors.Join(errs...)
}

// begin returns what to go on with and the camera's content from where it
// stands: a pull that was cut off, if it is of the same source and its last
// segment still reads the same, or else a fresh one.
func (p *Puller) begin(ctx context.Context, pull Pull) (*work, io.ReadCloser, error) {
	if w := p.parked.take(pull.Recording); w != nil {
		content, err := p.goOn(ctx, pull, w)
		if err != nil || content != nil {
			return w, content, err
		}
	}
	w, err := p.start(pull)
	for none := (*ErrNoSpace)(nil); errors.As(err, &none); w, err = p.start(pull) {
		// What was cut off can be read again; what is here now may leave.
		oldest := p.parked.takeOldest()
		if oldest == nil {
			break
		}
		if err := oldest.temp.discard(); err != nil {
			return nil, nil, err
		}
	}
	if err != nil {
		return nil, nil, err
	}
	content, err := pull.Camera.Open(ctx, pull.Entry, 0)
	if err != nil {
		return nil, nil, p.leave(w, fmt.Errorf("open on the camera: %w", err))
	}
	return w, content, nil
}

// goOn opens the camera behind the last verified segment of w. If it is not
// the same recording any more, w is discarded and there is no content.
func (p *Puller) goOn(ctx context.Context, pull Pull, w *work) (io.ReadCloser, error) {
	if w.source != sourceOf(pull) {
		return nil, w.temp.discard()
	}
	last := w.verified - 1
	content, err := pull.Camera.Open(ctx, pull.Entry, last*seal.SegmentPlain)
	if err != nil {
		return nil, p.leave(w, cutOff{fmt.Errorf("open on the camera: %w", err)})
	}
	same, err := p.sameSegment(w, content, last)
	if err != nil {
		return nil, errors.Join(p.leave(w, err), content.Close())
	}
	if !same {
		p.Log.Info("a pull that was cut off begins again: the camera gives other bytes now", "recording", w.recording)
		return nil, errors.Join(w.temp.discard(), content.Close())
	}
	w.resumed++
	return content, nil
}

// sameSegment reads segment index from the camera once more and compares it
// with what the spool's disk holds.
func (p *Puller) sameSegment(w *work, content io.Reader, index int64) (bool, error) {
	again, back, plain := p.buffers.take(), p.buffers.take(), p.buffers.take()
	defer p.buffers.give(again)
	defer p.buffers.give(back)
	defer p.buffers.give(plain)
	again = again[:w.plainBytes(index)]
	switch _, err := io.ReadFull(content, again); {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return false, nil
	case err != nil:
		return false, cutOff{fmt.Errorf("read from the camera: %w", err)}
	}
	s := slot{index: index, buffer: back}
	if err := w.readBack(s); err != nil {
		return false, err
	}
	opened, err := w.open(plain, w.stored(s), index)
	if err != nil {
		return false, err
	}
	return bytes.Equal(again, opened), nil
}
