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
	s := plainSummary(r)
	var err error
	s.holding, err = tx.holdingID(r.Holding())
	return s, err
}

// plainSummary is the summary but for the row that says where copies are.
func plainSummary(r dock.Recording) summary {
	s := summary{state: r.State()}
	s.onCamera = s.state != dock.StateErased && s.state != dock.StateVanished
	s.erasing, s.unconfirmed = r.Erasing()
	intent, spooled := r.Spooled()
	s.ingested = spooled
	if spooled {
		s.sealed = intent.Sealed[:]
	}
	s.unfinished = unfinished(r, s)
	return s
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

// checkCaches compares what is cached of the recordings that the last events
// are about with what their facts amount to.
func (tx *Tx) checkCaches() error {
	type cached struct {
		number  int64
		summary summary
	}
	rows, err := tx.Query(`SELECT DISTINCT r.number, r.state, r.on_camera, r.ingested, r.erasing
		FROM facts f JOIN recordings r ON r.number = f.recording WHERE f.seq > ?`, tx.chain.Seq-tail)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []cached
	for rows.Next() {
		var c cached
		if err := rows.Scan(&c.number, &c.summary.state, &c.summary.onCamera, &c.summary.ingested, &c.summary.erasing); err != nil {
			return err
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, c := range all {
		facts, err := tx.factsOf(c.number)
		if err != nil {
			return err
		}
		if got := plainSummary(dock.Recording{Facts: facts}); got.state != c.summary.state || got.onCamera != c.summary.onCamera ||
			got.ingested != c.summary.ingested || got.erasing != c.summary.erasing {
			return fmt.Errorf("%w: what is cached of recording %d is not what its facts say", ErrBroken, c.number)
		}
	}
	return nil
}
