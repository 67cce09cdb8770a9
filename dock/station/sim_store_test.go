package station

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"berth/dock"
)

// simStore is a store as it really is, beside what the station makes of it.
type simStore struct {
	w       *world
	place   dock.Place
	id      dock.StoreID // what it says of itself; others know it as expected
	objects map[string][]byte
	away    bool
	lies    float64 // how often it says yes and keeps nothing, or something else

	expected   dock.StoreID
	configured bool
	attests    bool // it only gives its word, which is true
	genuine    bool // the station's last look found the expected one
	// What looks at its copies truly showed, by key.
	proven map[string]simProof
	ever   map[string]bool
}

var (
	errAway    = errors.New("no route to host")
	errSwapped = errors.New("another store is in its place")
)

func newSimStore(w *world, i int) *simStore {
	s := &simStore{
		w: w, id: dock.StoreID(fmt.Sprint("store-", i)), place: dock.Place{Device: fmt.Sprint("disk-", i)},
		objects: map[string][]byte{}, proven: map[string]simProof{}, ever: map[string]bool{}, configured: true,
	}
	s.expected = s.id
	return s
}

// special makes the store one that counts otherwise than others, or not at all.
func (s *simStore) special(kind int) {
	switch kind {
	case 0:
		s.place.OnSpool = true
	case 1:
		s.place.OnSpool, s.place.SharesDevice = true, true
	case 2:
		s.place.Device, s.place.SharesDevice = s.w.stores[0].place.Device, true
	case 3, 4:
		s.attests = true
	}
}

// after is the station's own doing: it ends with the process.
func (s *simStore) after(d time.Duration, do func()) {
	run := s.w.journal.run
	s.w.after(d, func() {
		if s.w.journal.run == run {
			do()
		}
	})
}

// look is what the station does to know whether it is the right store.
func (s *simStore) look() {
	s.glance()
	s.after(s.w.between(20*time.Second, time.Minute), s.look)
}

func (s *simStore) glance() {
	before := s.genuine
	if !s.away {
		s.genuine = s.id == s.expected
	}
	if s.genuine != before {
		s.w.stir()
	}
}

func (s *simStore) identity() error {
	switch {
	case s.away:
		return errAway
	case s.id != s.expected:
		s.genuine = false
		return errSwapped
	}
	s.genuine = true
	return nil
}

// put says that it took the bytes; what it did is another matter.
func (s *simStore) put(sealed dock.Sealed, content []byte) error {
	if kept, there := s.objects[sealed.Key]; there && !bytes.Equal(kept, content) {
		return fs.ErrExist // never replaced
	}
	switch {
	case !s.w.chance(s.lies):
		s.objects[sealed.Key] = content
	case s.w.chance(0.5):
		altered := bytes.Clone(content)
		altered[len(altered)-1] ^= 1
		s.objects[sealed.Key] = altered
	}
	return nil
}

// readBack is offload's way to a receipt, with the real rehash.
func (s *simStore) readBack(sealed dock.Sealed, right []byte) (dock.ReceiptRecord, error) {
	kept, there := s.objects[sealed.Key]
	proof, before := s.proven[sealed.Key]
	if !bytes.Equal(kept, right) {
		delete(s.proven, sealed.Key)
	} else {
		if !before {
			proof.since = s.w.now
		}
		proof.at, proof.whole = s.w.now, !s.attests
		s.proven[sealed.Key], s.ever[sealed.Key] = proof, true
	}
	if !there {
		return dock.ReceiptRecord{}, fs.ErrNotExist
	}
	receipt, err := dock.NewReceipt(s.expected, s.place, sealed, "", bytes.NewReader(kept))
	record := receipt.Record()
	if s.attests {
		record.Grade = dock.GradeAttested
	}
	return record, err
}

// forward brings a recording to every store, each on its own.
func (w *world) forward(r *simRecording) {
	for _, s := range w.stores {
		if s.configured {
			s.after(w.between(time.Second, 30*time.Second), func() { s.attempt(r, 0) })
		}
	}
}

func (s *simStore) attempt(r *simRecording, failures int) {
	intent, ok := r.Spooled()
	if !ok || !r.OnSpool() || confirmedBy(r.Recording, s.expected) > 0 {
		return
	}
	sealed := sealedOf(intent)
	err := s.identity()
	if err == nil {
		err = s.put(sealed, r.sealed)
	}
	if err == nil {
		var receipt dock.ReceiptRecord
		if receipt, err = s.readBack(sealed, r.sealed); err == nil {
			s.w.journal.add(r, "", dock.ReceiptEarned{Receipt: receipt})
			s.w.stir()
			return
		}
	}
	s.after(min(time.Second<<min(failures, 8), 5*time.Minute), func() { s.attempt(r, failures+1) })
}

func confirmedBy(r dock.Recording, store dock.StoreID) int {
	intent, _ := r.Spooled()
	for _, c := range r.Receipts() {
		if record := c.Receipt.Record(); record.Store == store && record.SealedSHA256 == intent.Sealed {
			return c.Times
		}
	}
	return 0
}

func sealedOf(intent dock.SpoolIntent) dock.Sealed {
	return dock.Sealed{Key: intent.Key, Digest: intent.Sealed, SizeBytes: intent.SealedBytes}
}

// reconfirm asks the stores that gave a receipt once more, as offload does.
func (w *world) reconfirm(r *simRecording, stores []*simStore) error {
	var failures []error
	for _, s := range stores {
		if !s.configured || confirmedBy(r.Recording, s.expected) == 0 {
			continue
		}
		err := s.identity()
		if err == nil {
			if err = s.lookAgain(r); err != nil {
				s.revoke(r, err)
			}
		}
		failures = append(failures, err)
	}
	w.stir()
	return errors.Join(failures...)
}

// lookAgain renews the receipt, if the store still holds what it was for.
func (s *simStore) lookAgain(r *simRecording) error {
	intent, _ := r.Spooled()
	receipt, err := s.readBack(sealedOf(intent), r.sealed)
	if err == nil {
		s.w.journal.add(r, "", dock.ReceiptEarned{Receipt: receipt})
	}
	return err
}

// revoke takes the receipt back and tries to store the recording again.
func (s *simStore) revoke(r *simRecording, why error) {
	s.w.journal.add(r, "", dock.ReceiptRevoked{Store: s.expected, Reason: why.Error()})
	s.after(time.Second, func() { s.attempt(r, 0) })
}

// release gives up the spool's copy when every store was shown twice to hold it.
func (w *world) release(r *simRecording) {
	for _, s := range w.stores {
		if s.configured && confirmedBy(r.Recording, s.expected) < 2 {
			return
		}
	}
	if r.OnSpool() && r.Stored(w.erasing.Copies) {
		w.journal.add(r, "", dock.SpoolReleased{})
	}
}
