package ingest

import (
	"context"
	"errors"
	"path"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
	"berth/ingest/seal"
)

// finish writes what follows the content, makes the file durable, and gives it
// its name. In this order: the file, the intent, the name, the fact.
func (p *Puller) finish(ctx context.Context, pull Pull, w *work) (dock.SpoolIntent, error) {
	intent, err := p.conclude(pull, w)
	if err == nil {
		err = w.temp.sync()
	}
	if err != nil {
		return dock.SpoolIntent{}, errors.Join(err, w.temp.discard())
	}
	fact := dock.Fact{Recording: pull.Recording, Docking: pull.Docking.ID, Body: intent}
	if err := p.Journal.Append(ctx, fact); err != nil {
		if errors.Is(err, journal.ErrCommit) {
			// The intent may be there: the next start finds out, and completes
			// the file or clears it away.
			return dock.SpoolIntent{}, errors.Join(err, w.temp.close())
		}
		return dock.SpoolIntent{}, errors.Join(err, w.temp.discard())
	}
	if err := w.temp.close(); err != nil {
		return dock.SpoolIntent{}, err
	}
	return intent, p.complete(ctx, fact, w.temp.path)
}

// conclude writes closing record and signature and says what the file is. The
// signature is over the digest of the bytes that the disk gave back.
func (p *Puller) conclude(pull Pull, w *work) (dock.SpoolIntent, error) {
	if w.content.Bytes() != w.source.sizeBytes || w.verified != w.segments() {
		return dock.SpoolIntent{}, &hashing.Mismatch{What: "content verified on the spool", WantBytes: w.source.sizeBytes, GotBytes: w.content.Bytes()}
	}
	said := w.media.Info()
	closing, err := w.file.Closing(seal.Closing{
		SHA256: w.content.Digest(), SizeBytes: w.source.sizeBytes, Segments: w.segments(),
		ReadStarted: w.began, ReadEnded: p.Clock.Now().Wall.UTC(), Media: p.closing(said),
	})
	if err != nil {
		return dock.SpoolIntent{}, err
	}
	if err := w.block(closing, w.sealed.Bytes()); err != nil {
		return dock.SpoolIntent{}, err
	}
	signature, err := p.Signer.Block(w.sealed.Digest())
	if err != nil {
		return dock.SpoolIntent{}, err
	}
	if err := w.block(signature, w.sealed.Bytes()); err != nil {
		return dock.SpoolIntent{}, err
	}
	if w.sealed.Bytes() != w.sealedBytes {
		return dock.SpoolIntent{}, &hashing.Mismatch{What: "sealed file on the spool", WantBytes: w.sealedBytes, GotBytes: w.sealed.Bytes()}
	}
	return dock.SpoolIntent{
		Key: p.key(w.began.Format("2006/01/02"), w.sealed.Digest()), SHA256: w.content.Digest(), SizeBytes: w.source.sizeBytes,
		Sealed: w.sealed.Digest(), SealedBytes: w.sealedBytes, Object: pull.Entry.Identity,
		DirectIO: p.Spool.direct, Media: journalled(said), Resumed: w.resumed,
	}, nil
}

// key is the name of a sealed file in every store; date is of UTC.
func (p *Puller) key(date string, sealed hashing.Digest) string {
	return path.Join(string(p.Station), date, sealed.String()+".sealed")
}
