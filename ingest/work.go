package ingest

import (
	"bytes"
	"fmt"
	"time"

	"berth/dock"
	"berth/hashing"
	"berth/ingest/media"
	"berth/ingest/seal"
)

// work is one recording on its way onto the spool, from its first read to its
// final name or its end, over as many attempts as that takes. Between attempts
// nobody uses it. During one, the check stage owns verified and what follows.
type work struct {
	recording dock.RecordingID
	source    source
	file      *seal.File // holds the key, which is nowhere else
	temp      *temp
	buffers   *buffers

	headerBytes int64
	sealedBytes int64 // of the whole sealed file
	began       time.Time
	resumed     int

	verified int64         // whole segments read back, opened and hashed
	content  *hashing.Flow // of the content, as opened from the disk
	sealed   *hashing.Flow // of the sealed file, as read from the disk
	media    *media.Sniffer
}

// source is what must be the same for a later attempt to go on. Equality is no
// proof of equal content: the last segment is compared as well.
type source struct {
	camera    dock.CameraID
	basis     string
	name      dock.RawName
	sizeBytes int64
	modified  int64 // nanoseconds
}

func sourceOf(pull Pull) source {
	return source{
		camera: pull.Docking.Info.ID, basis: pull.Docking.Info.Basis, name: pull.Entry.Name,
		sizeBytes: pull.Entry.SizeBytes, modified: pull.Entry.Modified.UnixNano(),
	}
}

// start sets the space aside before anything is read, and writes the header.
func (p *Puller) start(pull Pull) (*work, error) {
	// Before any arithmetic: a camera may claim any size.
	room, err := p.Spool.claim(pull.Entry.SizeBytes)
	if err != nil {
		return nil, err
	}
	room.giveBack()
	file, err := seal.NewFile(p.Recipients, p.metadata(pull))
	if err != nil {
		return nil, err
	}
	header := file.Header()
	w := &work{
		recording: pull.Recording, source: sourceOf(pull), file: file, buffers: p.buffers,
		headerBytes: int64(len(header)), sealedBytes: seal.SealedBytes(len(header), pull.Entry.SizeBytes),
		began:   p.Clock.Now().Wall.UTC(),
		content: hashing.NewFlow(), sealed: hashing.NewFlow(), media: media.NewSniffer(),
	}
	if w.temp, err = p.Spool.create(w.sealedBytes); err != nil {
		return nil, err
	}
	if err := w.block(header, 0); err != nil {
		return nil, p.leave(w, err)
	}
	return w, nil
}

func (w *work) segments() int64 { return seal.Segments(w.source.sizeBytes) }

// plainBytes is how much content segment index has.
func (w *work) plainBytes(index int64) int {
	return int(min(w.source.sizeBytes-index*seal.SegmentPlain, seal.SegmentPlain))
}

// at is where segment index is stored.
func (w *work) at(index int64) int64 { return w.headerBytes + index*seal.SegmentBytes }

// block writes what is not content, reads it back, and takes the digest of what
// came back. at is where the digest's count stands.
func (w *work) block(b []byte, at int64) error {
	buffer := w.buffers.take()
	defer w.buffers.give(buffer)
	buffer = buffer[:len(b)]
	copy(buffer, b)
	if err := w.temp.write(buffer, at); err != nil {
		return err
	}
	if err := w.temp.readBack(buffer, at); err != nil {
		return err
	}
	if !bytes.Equal(buffer, b) {
		return &hashing.Mismatch{
			What: "block read back from the spool", Want: hashing.Sum(b), Got: hashing.Sum(buffer),
			WantBytes: int64(len(b)), GotBytes: int64(len(b)),
		}
	}
	w.sealed.Write(buffer)
	return nil
}

// stored is the part of a slot's buffer that its segment takes on the disk.
func (w *work) stored(s slot) []byte { return s.buffer[:seal.StoredBytes(w.plainBytes(s.index))] }

// readBack fills the slot with what the disk holds of its segment.
func (w *work) readBack(s slot) error {
	if err := w.temp.readBack(w.stored(s), w.at(s.index)); err != nil {
		return fmt.Errorf("verify segment %d on the spool: %w", s.index, err)
	}
	return nil
}

// open opens what was read back of segment index into plain.
func (w *work) open(plain, stored []byte, index int64) ([]byte, error) {
	opened, err := w.file.Unseal(plain, stored, index, w.plainBytes(index))
	if err != nil {
		return nil, fmt.Errorf("verify segment %d on the spool: %w", index, err)
	}
	return opened, nil
}
