package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"berth/dock"
	"berth/ingest/seal"
)

// line is one pull's assembly line. Every channel has room for all slots, so
// that passing one on never blocks.
type line struct {
	pull    Pull
	w       *work
	free    chan []byte // buffers of bufferBytes
	toSeal  chan slot   // read from the camera
	toRead  chan slot   // sealed and written
	toCheck chan slot   // read back from the disk
}

// slot is one segment on its way.
type slot struct {
	index  int64
	buffer []byte // content until it is sealed; then the sealed bytes as read back
}

// transfer moves the content from the camera to the spool, from the first
// segment that is not verified yet. Four goroutines: one reads, one seals and
// writes, one reads back, and one hashes what came back, opens it, and hashes
// the content. What was read before the camera failed is verified before
// transfer returns that failure, as a cutOff.
func (p *Puller) transfer(ctx context.Context, pull Pull, w *work, content io.Reader) error {
	l := &line{
		pull: pull, w: w, free: make(chan []byte, slotsPerPull),
		toSeal: make(chan slot, slotsPerPull), toRead: make(chan slot, slotsPerPull), toCheck: make(chan slot, slotsPerPull),
	}
	slots := min(slotsPerPull, w.segments()-w.verified)
	all := make([][]byte, slots)
	for i := range all {
		all[i] = p.buffers.take()
		l.free <- all[i]
	}
	var cut error
	group, stages := errgroup.WithContext(ctx)
	group.Go(func() error { cut = l.read(stages, content); return nil })
	for _, stage := range []struct {
		from, to chan slot
		work     func(slot) (doneBytes int, err error)
	}{
		{l.toSeal, l.toRead, func(s slot) (int, error) { return 0, p.sealAndWrite(w, s) }},
		{l.toRead, l.toCheck, func(s slot) (int, error) { return 0, w.readBack(s) }},
		{l.toCheck, nil, func(s slot) (int, error) { return w.plainBytes(s.index), p.check(l, s) }},
	} {
		group.Go(func() error { return p.stage(stages, pull, stage.from, stage.to, stage.work) })
	}
	err := group.Wait()
	for _, buffer := range all {
		p.buffers.give(buffer)
	}
	if err != nil {
		return err
	}
	return cut
}

// read fills slots with content until all of it has come, and makes sure that
// there is no more.
func (l *line) read(ctx context.Context, content io.Reader) error {
	defer close(l.toSeal)
	for index := l.w.verified; index < l.w.segments(); index++ {
		var buffer []byte
		select {
		case buffer = <-l.free:
		case <-ctx.Done():
			return ctx.Err()
		}
		n, err := io.ReadFull(content, buffer[:l.w.plainBytes(index)])
		if err != nil {
			return l.w.ended(index, n, err)
		}
		l.toSeal <- slot{index: index, buffer: buffer}
	}
	var more [1]byte
	switch n, err := io.ReadFull(content, more[:]); {
	case n > 0:
		return cutOff{fmt.Errorf("%w: it has more than the %d bytes listed", dock.ErrChanged, l.w.source.sizeBytes)}
	case err != io.EOF:
		return cutOff{fmt.Errorf("read from the camera at its end: %w", err)}
	}
	return nil
}

// ended says how reading stopped n bytes into segment index.
func (w *work) ended(index int64, n int, err error) error {
	at := index*seal.SegmentPlain + int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return cutOff{fmt.Errorf("%w: it ended after %d of the %d bytes listed", dock.ErrChanged, at, w.source.sizeBytes)}
	}
	return cutOff{fmt.Errorf("read from the camera at byte %d: %w", at, err)}
}

// stage works on every slot that comes, a turn each, and passes it on, until
// from is closed. The work of a turn is never left half done when ctx ends.
func (p *Puller) stage(ctx context.Context, pull Pull, from <-chan slot, to chan<- slot, work func(slot) (doneBytes int, err error)) error {
	if to != nil {
		defer close(to)
	}
	turn := p.Turns.place(seat{bay: pull.Docking.Attachment.Bay}, pull.Priority)
	for s := range from {
		if err := turn.take(ctx); err != nil {
			return err
		}
		doneBytes, err := work(s)
		turn.give(int64(doneBytes))
		if err != nil {
			return err
		}
		if to != nil {
			to <- s
		}
	}
	return nil
}

func (p *Puller) sealAndWrite(w *work, s slot) error {
	buffer := p.buffers.take()
	defer p.buffers.give(buffer)
	stored, err := w.file.Seal(buffer, s.buffer[:w.plainBytes(s.index)], s.index)
	if err != nil {
		return err
	}
	return w.temp.write(stored, w.at(s.index))
}

// check believes nothing that was in memory before: both digests are of what
// the disk gave back.
func (p *Puller) check(l *line, s slot) error {
	buffer := p.buffers.take()
	defer p.buffers.give(buffer)
	stored := l.w.stored(s)
	opened, err := l.w.open(buffer, stored, s.index)
	if err != nil {
		return err
	}
	l.w.sealed.Write(stored)
	l.w.content.Write(opened)
	l.w.media.Write(opened)
	l.w.verified++
	l.free <- s.buffer
	if l.pull.Progress != nil {
		l.pull.Progress(l.w.content.Bytes())
	}
	return nil
}
