package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"berth/dock"
	"berth/hashing"
)

var kindPattern = regexp.MustCompile(`^[a-z][a-z-]{0,39}$`)

// event is a custody event to be written.
type event struct {
	kind      string
	recording dock.RecordingID
	docking   dock.DockingID
	body      any
	personal  map[string]string
}

// line is a custody event as it was written; FORMAT.md describes it.
type line struct {
	Seq             int64             `json:"seq"`
	Prev            hashing.Digest    `json:"prev"`
	At              time.Time         `json:"at"`
	Boot            dock.BootID       `json:"boot"`
	SinceBootMillis int64             `json:"since_boot_ms"`
	Epoch           string            `json:"epoch"`
	Kind            string            `json:"kind"`
	Station         dock.StationID    `json:"station"`
	Recording       dock.RecordingID  `json:"recording"`
	Docking         dock.DockingID    `json:"docking"`
	Body            json.RawMessage   `json:"body"`
	Commitments     map[string]string `json:"commitments"`
}

func parseLine(text []byte) (line, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return line{}, fmt.Errorf("%w: parse event: %w", ErrBroken, err)
	}
	return l, nil
}

func (l line) instant() dock.Instant {
	return dock.Instant{Wall: l.At, Boot: l.Boot, SinceBoot: time.Duration(l.SinceBootMillis) * time.Millisecond}
}

// now is the instant in the precision in which it is kept, so that a fact that
// was just written equals the one that is read again.
func (j *Journal) now() dock.Instant {
	i := j.opts.Clock.Now()
	i.Wall = i.Wall.UTC().Round(0)
	i.SinceBoot = i.SinceBoot.Truncate(time.Millisecond)
	return i
}

// Event adds a custody event that is not a fact about a recording. fields is
// its body, in names of a-z, 0-9 and '_'; the members "docking" and
// "recording" (strings) become the event's own. personal fields are sealed and
// leave only salted commitments in the event.
func (tx *Tx) Event(kind string, fields map[string]any, personal map[string]string) error {
	if _, err := dock.DecodeFact(dock.FactKind(kind), []byte("{}")); err == nil {
		return fmt.Errorf("event %q: this kind is a fact and comes from Append", kind)
	}
	e := event{kind: kind, personal: personal}
	body := maps.Clone(fields)
	if body == nil {
		body = map[string]any{}
	}
	e.docking = dock.DockingID(takeText(body, "docking"))
	e.recording = dock.RecordingID(takeText(body, "recording"))
	e.body = body
	_, err := tx.write(e, tx.j.now())
	return err
}

// takeText removes a member and returns it as text.
func takeText(fields map[string]any, name string) string {
	value, ok := fields[name]
	if !ok {
		return ""
	}
	delete(fields, name)
	return fmt.Sprint(value)
}

// write extends the chain by one event and seals its personal values beside it.
func (tx *Tx) write(e event, at dock.Instant) (seq int64, err error) {
	if tx.writer == nil {
		return 0, errReadOnly
	}
	if !kindPattern.MatchString(e.kind) {
		return 0, fmt.Errorf("event: bad kind %q", e.kind)
	}
	seq = tx.chain.Seq + 1
	commitments := map[string]string{}
	sealed := map[string][]byte{}
	for field, value := range e.personal {
		sealed[field], commitments[field] = tx.j.keys.seal(seq, field, value)
	}
	chain := tx.chain
	text, err := chain.Extend(map[string]any{
		"at": at.Wall.Format(time.RFC3339Nano), "boot": at.Boot, "since_boot_ms": at.SinceBoot.Milliseconds(),
		"epoch": tx.j.Epoch().ID, "kind": e.kind, "station": tx.j.opts.Station, "recording": e.recording, "docking": e.docking,
		"body": e.body, "commitments": commitments,
	})
	if err != nil {
		return 0, fmt.Errorf("event %s: %w", e.kind, err)
	}
	if _, err := tx.exec(`INSERT INTO events (seq, line) VALUES (?, ?)`, seq, text); err != nil {
		return 0, fmt.Errorf("event %s: %w", e.kind, err)
	}
	for _, field := range slices.Sorted(maps.Keys(sealed)) {
		if _, err := tx.exec(`INSERT INTO personal (event, field, sealed) VALUES (?, ?, ?)`, seq, field, sealed[field]); err != nil {
			return 0, fmt.Errorf("event %s: %w", e.kind, err)
		}
	}
	tx.chain = chain
	tx.weighty = tx.weighty || weighty(e.kind)
	return seq, nil
}

func (tx *Tx) loadChain() error {
	chain, err := tx.keptChain()
	tx.chain, tx.before = chain, chain
	return err
}

// keptChain is the head that the last transaction left; empty in a new journal.
func (tx *Tx) keptChain() (hashing.Chain, error) {
	var chain hashing.Chain
	var head []byte
	switch err := tx.QueryRow(`SELECT seq, head FROM journal`).Scan(&chain.Seq, &head); {
	case errors.Is(err, ErrNoRows):
		return hashing.Chain{}, nil
	case err != nil:
		return hashing.Chain{}, fmt.Errorf("read the chain's head: %w", err)
	case len(head) != hashing.Size:
		return hashing.Chain{}, fmt.Errorf("%w: the chain's head is damaged", ErrBroken)
	}
	copy(chain.Head[:], head)
	return chain, nil
}

func (tx *Tx) saveChain() error {
	if tx.chain == tx.before {
		return nil
	}
	_, err := tx.exec(`UPDATE journal SET seq = ?, head = ?, latest = ?`, tx.chain.Seq, tx.chain.Head[:], tx.latestNow())
	if err != nil {
		return fmt.Errorf("write the chain's head: %w", err)
	}
	return nil
}
