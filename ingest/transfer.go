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
	free    chan []byte   // buffers of bufferBytes
	toSeal  chan slot     // read from the camera
	toCheck chan slot     // sealed and written
	toHash  chan []byte   // sealed bytes as read back
	hashed  chan struct{} // the latest of toHash is done
}

// slot is one segment on its way.
type slot struct {
	index  int64
	buffer []byte // content until it is sealed; then free for reading back
}

// transfer moves the content from the camera to the spool, from the first
// segment that is not verified yet. Four goroutines: one reads, one seals and
// writes, one reads back, opens and hashes the content, and one hashes the
// sealed bytes beside it. What was read before the camera failed is verified
// before transfer returns that failure, as a cutOff.
func (p *Puller) transfer(ctx context.Context, pull Pull, w *work, content io.Reader) error {
	l := &line{
		pull: pull, w: w,
		free: make(chan []byte, slotsPerPull), toSeal: make(chan slot, slotsPerPull), toCheck: make(chan slot, slotsPerPull),
		toHash: make(chan []byte), hashed: make(chan struct{}),
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
	group.Go(func() error { return p.sealAndWrite(stages, l) })
	group.Go(func() error { return p.check(stages, l) })
	group.Go(l.hashSealed)
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

func (p *Puller) sealAndWrite(ctx context.Context, l *line) error {
	defer close(l.toCheck)
	turn := p.Turns.place(seat{bay: l.pull.Docking.Attachment.Bay}, l.pull.Priority)
	for s := range l.toSeal {
		if err := turn.take(ctx); err != nil {
			return err
		}
		err := p.sealOne(l.w, s)
		turn.give(0)
		if err != nil {
			return err
		}
		l.toCheck <- s
	}
	return nil
}

func (p *Puller) sealOne(w *work, s slot) error {
	buffer := p.buffers.take()
	defer p.buffers.give(buffer)
	stored, err := w.file.Seal(buffer, s.buffer[:w.plainBytes(s.index)], s.index)
	if err != nil {
		return err
	}
	return w.temp.write(stored, w.at(s.index))
}

func (p *Puller) check(ctx context.Context, l *line) error {
	defer close(l.toHash)
	turn := p.Turns.place(seat{bay: l.pull.Docking.Attachment.Bay}, l.pull.Priority)
	for s := range l.toCheck {
		if err := turn.take(ctx); err != nil {
			return err
		}
		err := p.checkOne(l, s)
		turn.give(int64(l.w.plainBytes(s.index)))
		if err != nil {
			return err
		}
		l.free <- s.buffer
		if l.pull.Progress != nil {
			l.pull.Progress(l.w.content.Bytes())
		}
	}
	return nil
}

// checkOne believes nothing that was in memory before: both digests are of what
// the disk gave back.
func (p *Puller) checkOne(l *line, s slot) error {
	buffer := p.buffers.take()
	defer p.buffers.give(buffer)
	opened, stored, err := l.w.open(buffer, s.buffer, s.index)
	if err != nil {
		return fmt.Errorf("verify segment %d on the spool: %w", s.index, err)
	}
	l.toHash <- stored
	l.w.content.Write(opened)
	l.w.media.Write(opened)
	<-l.hashed
	l.w.verified++
	return nil
}

func (l *line) hashSealed() error {
	for stored := range l.toHash {
		l.w.sealed.Write(stored)
		l.hashed <- struct{}{}
	}
	return nil
}
