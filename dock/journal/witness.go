package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"berth/dock"
	"berth/hashing"
)

// Mark is one place in one journal: what a witness remembers of it.
type Mark struct {
	Epoch string         `json:"epoch"`
	Seq   int64          `json:"seq"`
	Head  hashing.Digest `json:"head"` // SHA-256 of the event with this number
	Boot  dock.BootID    `json:"boot"` // of the station, when it was written
	At    time.Time      `json:"at"`
}

// note is the witness's file.
type note struct {
	Mark
	// SetAside is why the journal is being set aside: an interrupted setting
	// aside is finished by the next start.
	SetAside string `json:"set_aside,omitempty"`
}

// witness is a small file beside the journal that remembers how far it had
// come, so that an older copy put in its place is noticed. It is never ahead of
// the journal: what it names was committed durably before.
type witness struct {
	path string
	kept note // as it was read, or written last; zero if there is none
	// damage is why what was there could not be understood, empty if it could.
	damage string
}

// witnessEvery is how many events may pass unwitnessed in which nothing was
// cleared or stated.
const witnessEvery = 256

// witnessPause is how long a witness that could not be written rests.
const witnessPause = 5 * time.Second

func openWitness(path string) (*witness, error) {
	w := &witness{path: path}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal's witness: %w", err)
	}
	if err := json.Unmarshal(text, &w.kept); err != nil {
		w.kept, w.damage = note{}, fmt.Sprintf("the journal's witness %s is damaged: %v", path, err)
	}
	return w, nil
}

// keep replaces the file durably: whole and synced before it has the name.
func (w *witness) keep(n note) error {
	text, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("witness the journal: %w", err)
	}
	if err := replaceFile(w.path, append(text, '\n')); err != nil {
		return fmt.Errorf("witness the journal: %w", err)
	}
	w.kept = n
	return nil
}

func replaceFile(path string, content []byte) (err error) {
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// weighty events must not be forgotten by a witness: what was promised to an
// officer, and what was allowed to be erased.
func weighty(kind string) bool {
	return kind == string(dock.KindEraseIntent) || kind == "statement" || kind == "epoch-released" || kind == "clock-accepted"
}

// checkWitness compares the journal with what was witnessed of it.
func (tx *Tx) checkWitness(kept note) error {
	switch {
	case kept.SetAside != "":
		return fmt.Errorf("%w: %s", ErrWitness, kept.SetAside)
	case kept.Epoch == "":
		return nil // nobody witnessed it yet
	case tx.j.epoch.ID == "":
		return fmt.Errorf("%w: it is lost; it had %d events", ErrWitness, kept.Seq)
	case tx.j.epoch.ID != kept.Epoch:
		return fmt.Errorf("%w: it is of epoch %s, the station was in %s", ErrWitness, tx.j.epoch.ID, kept.Epoch)
	case tx.chain.Seq < kept.Seq:
		return fmt.Errorf("%w: it ends at event %d, the station had written %d; an older copy was put in its place", ErrWitness, tx.chain.Seq, kept.Seq)
	}
	var text []byte
	if err := tx.QueryRow(`SELECT line FROM events WHERE seq = ?`, kept.Seq).Scan(&text); err != nil {
		return fmt.Errorf("%w: read event %d: %w", ErrBroken, kept.Seq, err)
	}
	if hashing.Sum(text) != kept.Head {
		return fmt.Errorf("%w: event %d is not the one that the station wrote; an older copy was put in its place and written to", ErrWitness, kept.Seq)
	}
	return nil
}

// witnessed is called with the writer's turn after a commit.
func (j *Journal) witnessed(tx *Tx) {
	j.end = tx.chain
	if tx.weighty || tx.chain.Seq >= j.witness.kept.Seq+witnessEvery {
		j.keepWitness(tx.chain)
	}
}

// witnessAnew tries again what failed: while nothing may be erased, nothing
// else may come that the witness has to know of. Whoever has the writer's turn
// just now is not waited for.
func (j *Journal) witnessAnew() {
	j.doubts.Lock()
	due := j.unwitnessed != nil && j.now().SinceBoot >= j.witnessNext
	j.doubts.Unlock()
	if !due {
		return
	}
	select {
	case <-j.writer.turn:
	default:
		return
	}
	defer j.writer.give()
	if j.writer.broken == nil {
		j.keepWitness(j.end)
	}
}

// lastWitness is that of a journal about to be closed.
func (j *Journal) lastWitness() {
	if j.witness == nil || j.writer.take(context.Background()) != nil {
		return
	}
	defer j.writer.give()
	if j.end.Seq > j.witness.kept.Seq {
		j.keepWitness(j.end)
	}
}

// keepWitness: a witness that cannot be written stops erasing, not ingesting.
func (j *Journal) keepWitness(chain hashing.Chain) {
	at := j.now()
	err := j.witness.keep(note{Mark: Mark{Epoch: j.Epoch().ID, Seq: chain.Seq, Head: chain.Head, Boot: at.Boot, At: at.Wall}})
	if err != nil {
		j.opts.Log.Error("witness the journal", "error", err)
	}
	j.doubts.Lock()
	defer j.doubts.Unlock()
	j.unwitnessed, j.witnessNext = err, at.SinceBoot+witnessPause
}
