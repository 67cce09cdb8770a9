package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
)

// SecondRead reads a spooled recording from the camera's medium once more and
// journals the digest of that; if it is another one than was spooled, the
// recording is held in the same transaction. It yields to first pulls.
//
// Errors to look for: ErrNotSpooled, ErrNoReread, dock.ErrChanged if the camera
// gave more or fewer bytes than it listed, dock.ErrGone and every other error
// of the camera. After an error nothing was journalled.
func (p *Puller) SecondRead(ctx context.Context, pull Pull) (dock.SecondRead, error) {
	second, err := p.secondRead(ctx, pull)
	if err != nil {
		return dock.SecondRead{}, fmt.Errorf("read recording %s a second time: %w", pull.Recording, err)
	}
	return second, nil
}

func (p *Puller) secondRead(ctx context.Context, pull Pull) (dock.SecondRead, error) {
	err := p.Journal.Read(ctx, func(tx *journal.Tx) error {
		_, err := spooled(tx, pull.Recording)
		return err
	})
	if err != nil {
		return dock.SecondRead{}, err
	}
	camera, ok := pull.Camera.(dock.Rereader)
	if !ok {
		return dock.SecondRead{}, ErrNoReread
	}
	content, err := camera.Reread(ctx, pull.Entry)
	if err != nil {
		return dock.SecondRead{}, err
	}
	flow, err := p.rehash(ctx, pull, content)
	if err = errors.Join(err, content.Close()); err != nil {
		return dock.SecondRead{}, err
	}
	second := dock.SecondRead{SHA256: flow.Digest(), SizeBytes: flow.Bytes(), Object: pull.Entry.Identity}
	return second, p.Journal.Write(context.WithoutCancel(ctx), func(tx *journal.Tx) error {
		return testify(tx, pull, second)
	})
}

// rehash reads content to its end, which must come after the size listed.
func (p *Puller) rehash(ctx context.Context, pull Pull, content io.Reader) (*hashing.Flow, error) {
	buffer, flow := p.buffers.take(), hashing.NewFlow()
	defer p.buffers.give(buffer)
	turn := p.Turns.place(seat{bay: pull.Docking.Attachment.Bay, second: true}, pull.Priority)
	for {
		n, err := io.ReadFull(content, buffer)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("read from the camera at byte %d: %w", flow.Bytes()+int64(n), err)
		}
		if turnErr := turn.take(ctx); turnErr != nil {
			return nil, turnErr
		}
		flow.Write(buffer[:n])
		turn.give(int64(n))
		if flow.Bytes() > pull.Entry.SizeBytes || err != nil && flow.Bytes() != pull.Entry.SizeBytes {
			return nil, fmt.Errorf("%w: %d bytes came, %d were listed", dock.ErrChanged, flow.Bytes(), pull.Entry.SizeBytes)
		}
		if pull.Progress != nil {
			pull.Progress(flow.Bytes())
		}
		if err != nil {
			return flow, nil
		}
	}
}

// testify journals what was read, and the hold if it is not what was spooled.
func testify(tx *journal.Tx, pull Pull, second dock.SecondRead) error {
	first, err := spooled(tx, pull.Recording)
	if err != nil {
		return err
	}
	fact := dock.Fact{Recording: pull.Recording, Docking: pull.Docking.ID, Body: second}
	if _, err := tx.Append(fact); err != nil {
		return err
	}
	intent := first.Body.(dock.SpoolIntent)
	if second.SHA256 == intent.SHA256 && second.SizeBytes == intent.SizeBytes {
		return nil
	}
	// In the docking that pulled it, the camera contradicts itself; in a later
	// one, something with its name, size and times has other content.
	hold := dock.Hold{Code: dock.HoldSecondRead}
	if first.Docking != pull.Docking.ID {
		hold.Code = dock.HoldReappeared
	}
	fact.Body = hold
	_, err = tx.Append(fact)
	return err
}

// spooled returns the intent that was completed. ErrNotSpooled if there is none.
func spooled(tx *journal.Tx, id dock.RecordingID) (dock.Fact, error) {
	recording, err := tx.Recording(id)
	if err != nil {
		return dock.Fact{}, err
	}
	if _, ok := recording.Spooled(); !ok {
		return dock.Fact{}, ErrNotSpooled
	}
	return latestIntent(recording), nil
}
