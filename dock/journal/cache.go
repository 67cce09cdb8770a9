package journal

import (
	"fmt"

	"berth/dock"
)

// summary is what is cached of a recording. It is a function of its facts
// alone, and is written in the transaction that adds to them.
type summary struct {
	state       dock.State
	onCamera    bool
	unfinished  bool
	ingested    bool
	erasing     dock.DockingID
	unconfirmed bool
	holding     int64
	sealed      []byte // nil until it is spooled
}

func (tx *Tx) summarise(facts []dock.Fact) (summary, error) {
	r := dock.Recording{Facts: facts}
	s := summary{state: r.State()}
	s.onCamera = s.state != dock.StateErased && s.state != dock.StateVanished
	s.erasing, s.unconfirmed = r.Erasing()
	intent, spooled := r.Spooled()
	s.ingested = spooled
	if spooled {
		s.sealed = intent.Sealed[:]
	}
	s.unfinished = unfinished(r, s)
	var err error
	s.holding, err = tx.holdingID(r.Holding())
	return s, err
}

// unfinished: the station has work with the recording that does not wait for
// its camera to be docked again, or that nobody must forget.
func unfinished(r dock.Recording, s summary) bool {
	_, begun := r.Intended()
	waits := s.onCamera && !s.ingested
	return begun || r.OnSpool() || waits || s.erasing != ""
}

// cache writes the summary wherever it is kept.
func (tx *Tx) cache(number int64, facts []dock.Fact) error {
	s, err := tx.summarise(facts)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE recordings SET state = ?, on_camera = ?, unfinished = ?, ingested = ?, erasing = ?, unconfirmed = ?, holding = ?, sealed = ? WHERE number = ?`,
		s.state, s.onCamera, s.unfinished, s.ingested, s.erasing, s.unconfirmed, s.holding, s.sealed, number)
	if err == nil {
		_, err = tx.exec(`UPDATE docking_entries SET on_camera = ?1, holding = ?2 WHERE recording = ?3 AND (on_camera <> ?1 OR holding <> ?2)`,
			s.onCamera, s.holding, number)
	}
	if err != nil {
		return fmt.Errorf("cache state: %w", err)
	}
	return nil
}
