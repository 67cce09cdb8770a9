package dock

import (
	"fmt"
	"io"
	"sync"

	"berth/hashing"
)

// Clearance is the value without which nothing can be erased. Only Clear makes
// one. It speaks of one object with one content in one attachment, has no
// encoding, and so dies with the docking. The zero value permits nothing.
type Clearance struct {
	recording  RecordingID
	bay        BayName
	attachment Generation
	handle     Handle
	object     ObjectIdentity
	digest     hashing.Digest
}

// Recording is the recording that may be erased.
func (c Clearance) Recording() RecordingID { return c.recording }

// MarshalJSON refuses: a clearance cannot be stored.
func (c Clearance) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("a clearance cannot be stored")
}

// Witness remembers, for one attachment, which content a camera gave when it
// was read from the medium, and compares a Clearance with that. A driver that
// erases keeps one, so that it need not trust its caller. Safe for concurrent use.
type Witness struct {
	at Attachment

	mu   sync.Mutex
	read map[Handle]testimony // guarded by mu
}

type testimony struct {
	object ObjectIdentity
	digest hashing.Digest
}

// NewWitness begins with nothing read.
func NewWitness(at Attachment) *Witness {
	return &Witness{at: at, read: map[Handle]testimony{}}
}

// Watch returns a reader that hashes what passes and remembers the digest of e
// when content ended after exactly e.SizeBytes.
func (w *Witness) Watch(e Entry, content io.ReadCloser) io.ReadCloser {
	return &watched{ReadCloser: content, witness: w, entry: e, flow: hashing.NewFlow()}
}

type watched struct {
	io.ReadCloser
	witness *Witness
	entry   Entry
	flow    *hashing.Flow
}

func (r *watched) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.flow.Write(p[:n])
	if err == io.EOF && r.flow.Bytes() == r.entry.SizeBytes {
		r.witness.mu.Lock()
		r.witness.read[r.entry.Handle] = testimony{r.entry.Identity, r.flow.Digest()}
		r.witness.mu.Unlock()
	}
	return n, err
}

// Permit checks that c allows erasing e in this attachment: same bay and
// generation, same handle, same object, and the digest that was read here.
// Every refusal is ErrNoClear.
func (w *Witness) Permit(e Entry, c Clearance) error {
	w.mu.Lock()
	seen, read := w.read[e.Handle]
	w.mu.Unlock()
	switch {
	case c.recording == "" || c.digest.IsZero():
		return fmt.Errorf("%w: there is none", ErrNoClear)
	case c.bay != w.at.Bay || c.attachment != w.at.Generation || w.at.Generation == 0:
		return fmt.Errorf("%w: it is for another attachment", ErrNoClear)
	case c.handle != e.Handle || c.object != e.Identity:
		return fmt.Errorf("%w: it is for another object", ErrNoClear)
	case !read || seen.object != e.Identity || seen.digest != c.digest:
		return fmt.Errorf("%w: it is for other content than was read here", ErrNoClear)
	}
	return nil
}
