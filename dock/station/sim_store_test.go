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

	expected dock.StoreID
	genuine  bool // the station's last look found the expected one
	// proven is when a complete read last gave the right bytes: what a rehash
	// at that time showed. The truth, kept by the simulation.
	proven map[string]dock.Instant
}

var (
	errAway    = errors.New("no route to host")
	errSwapped = errors.New("another store is in its place")
	errRevoked = errors.New("the store no longer holds it")
)

func newSimStore(w *world, i int) *simStore {
	s := &simStore{
		w: w, id: dock.StoreID(fmt.Sprint("store-", i)), place: dock.Place{Device: fmt.Sprint("disk-", i)},
		objects: map[string][]byte{}, proven: map[string]dock.Instant{},
	}
	s.expected = s.id
	return s
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
	before := s.genuine
	if !s.away {
		s.genuine = s.id == s.expected
	}
	if s.genuine != before {
		s.w.stir()
	}
	s.after(s.w.between(20*time.Second, time.Minute), s.look)
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
func (s *simStore) readBack(sealed dock.Sealed, right []byte) (dock.Receipt, error) {
	kept, there := s.objects[sealed.Key]
	if !there {
		return dock.Receipt{}, fs.ErrNotExist
	}
	if bytes.Equal(kept, right) {
		s.proven[sealed.Key] = s.w.clock.Now()
	}
	return dock.NewReceipt(s.expected, s.place, sealed, "", bytes.NewReader(kept))
}

// forward brings a recording to every store, each on its own.
func (w *world) forward(r *simRecording) {
	for _, s := range w.stores {
		s.after(w.between(time.Second, 30*time.Second), func() { s.attempt(r, 0) })
	}
}

func (s *simStore) attempt(r *simRecording, failures int) {
	intent, ok := r.Spooled()
	if !ok || !r.OnSpool() || confirmedBy(r.Recording, s.expected) > 0 {
		return
	}
	sealed := dock.Sealed{Key: intent.Key, Digest: intent.Sealed, SizeBytes: intent.SealedBytes}
	err := s.identity()
	if err == nil {
		err = s.put(sealed, r.sealed)
	}
	if err == nil {
		var receipt dock.Receipt
		if receipt, err = s.readBack(sealed, r.sealed); err == nil {
			s.w.journal.add(r, "", dock.ReceiptEarned{Receipt: receipt.Record()})
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

// reconfirm asks every store that gave a receipt once more, as offload does.
func (w *world) reconfirm(r *simRecording) error {
	intent, _ := r.Spooled()
	sealed := dock.Sealed{Key: intent.Key, Digest: intent.Sealed, SizeBytes: intent.SealedBytes}
	var failures []error
	for _, s := range w.stores {
		if confirmedBy(r.Recording, s.expected) == 0 {
			continue
		}
		if err := s.identity(); err != nil {
			failures = append(failures, err)
			continue
		}
		receipt, err := s.readBack(sealed, r.sealed)
		if err == nil {
			w.journal.add(r, "", dock.ReceiptEarned{Receipt: receipt.Record()})
			continue
		}
		failures = append(failures, errRevoked)
		w.journal.add(r, "", dock.ReceiptRevoked{Store: s.expected, Reason: err.Error()})
		s.after(time.Second, func() { s.attempt(r, 0) })
	}
	w.stir()
	if err := errors.Join(failures...); err != nil {
		return err
	}
	w.release(r)
	return nil
}

// release gives up the spool's copy when every store was shown twice to hold it.
func (w *world) release(r *simRecording) {
	for _, s := range w.stores {
		if confirmedBy(r.Recording, s.expected) < 2 {
			return
		}
	}
	if r.OnSpool() && r.Stored(w.erasing.Copies) {
		w.journal.add(r, "", dock.SpoolReleased{})
	}
}
