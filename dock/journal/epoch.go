package journal

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"berth/dock"
)

// ErrWitness: the journal is not the one that the station wrote last. It is
// lost, or an older copy was put in its place.
var ErrWitness = errors.New("journal is not the one that this station wrote last")

// Epoch is the life of one journal. When a journal is lost or cannot be
// trusted, it is set aside and another epoch begins.
type Epoch struct {
	ID string
	// Locked is why nothing is erased until a person released this epoch;
	// empty if there is no such reason.
	Locked string
}

// began is what the first event of an epoch says of the one before.
type began struct {
	Cause    string `json:"cause"`
	Previous Mark   `json:"previous"`
	SetAside string `json:"set_aside"` // folder beside the journal
}

// Epoch returns the epoch that the journal is in.
func (j *Journal) Epoch() Epoch {
	j.doubts.Lock()
	defer j.doubts.Unlock()
	return j.epoch
}

// Locks are the journal's own reasons not to erase anything. It tries now and
// then to do away with what it can do away with itself.
func (j *Journal) Locks() []dock.Lock {
	j.witnessAnew()
	j.doubts.Lock()
	defer j.doubts.Unlock()
	var locks []dock.Lock
	if j.epoch.Locked != "" {
		locks = append(locks, dock.Lock{Code: "epoch", Text: "the journal's past is in doubt: " + j.epoch.Locked})
	}
	if j.unwitnessed != nil {
		locks = append(locks, dock.Lock{Code: "witness", Text: "the journal's progress cannot be witnessed: " + j.unwitnessed.Error()})
	}
	return locks
}

// ReleaseEpoch lets the present epoch erase: a person looked at what was set
// aside. by and text are personal. dock.ErrNotHeld if nothing locks it.
func (j *Journal) ReleaseEpoch(ctx context.Context, by, text string) error {
	err := j.Write(ctx, func(tx *Tx) error {
		if j.Epoch().Locked == "" {
			return dock.ErrNotHeld
		}
		if _, err := tx.exec(`UPDATE journal SET locked = ''`); err != nil {
			return err
		}
		return tx.Event("epoch-released", map[string]any{"released": j.epoch.ID}, map[string]string{"by": by, "text": text})
	})
	if err != nil {
		return fmt.Errorf("release the journal's epoch: %w", err)
	}
	j.doubts.Lock()
	defer j.doubts.Unlock()
	j.epoch.Locked = ""
	return nil
}

// loadEpoch reads which journal this is; nothing in a new one.
func (tx *Tx) loadEpoch() (Epoch, time.Time, error) {
	var e Epoch
	var latest int64
	if err := tx.QueryRow(`SELECT epoch, locked, latest FROM journal`).Scan(&e.ID, &e.Locked, &latest); err != nil {
		return e, time.Time{}, fmt.Errorf("read the journal's epoch: %w", err)
	}
	if latest == 0 {
		return e, time.Time{}, nil
	}
	return e, time.Unix(0, latest).UTC(), nil
}

// takeUpEpoch goes on in the epoch that the witness tells of, or begins one.
func (tx *Tx) takeUpEpoch(anew *began) error {
	epoch, latest, err := tx.loadEpoch()
	if err != nil {
		return err
	}
	tx.j.setEpoch(epoch)
	tx.j.setTiming(newTiming(latest, tx.j.now()))
	if anew != nil {
		return tx.beginEpoch(*anew)
	}
	if err := tx.checkWitness(tx.j.witness.kept); err != nil {
		return err
	}
	if epoch.ID == "" {
		return tx.beginEpoch(began{Cause: tx.j.witness.damage})
	}
	if damage := tx.j.witness.damage; damage != "" && epoch.Locked == "" {
		return tx.lockEpoch(damage)
	}
	return nil
}

// lockEpoch: whether this is the journal's latest state is not known.
func (tx *Tx) lockEpoch(why string) error {
	epoch := tx.j.Epoch()
	epoch.Locked = why
	tx.j.setEpoch(epoch)
	if _, err := tx.exec(`UPDATE journal SET locked = ?`, why); err != nil {
		return fmt.Errorf("lock epoch: %w", err)
	}
	return tx.Event("epoch-locked", map[string]any{"cause": why}, nil)
}

// beginEpoch writes the first event of a journal. Only an epoch after another
// one is locked.
func (tx *Tx) beginEpoch(b began) error {
	var id [8]byte
	rand.Read(id[:]) // never fails: crypto/rand ends the process instead
	epoch := Epoch{ID: "e" + hex.EncodeToString(id[:]), Locked: b.Cause}
	tx.j.setEpoch(epoch)
	if _, err := tx.exec(`UPDATE journal SET epoch = ?, locked = ?`, epoch.ID, epoch.Locked); err != nil {
		return fmt.Errorf("begin epoch: %w", err)
	}
	return tx.Event("epoch-began", map[string]any{
		"cause": b.Cause, "previous_epoch": b.Previous.Epoch, "previous_seq": b.Previous.Seq,
		"previous_head": b.Previous.Head.String(), "set_aside": b.SetAside,
	}, nil)
}

func (j *Journal) setTiming(t timing) {
	j.doubts.Lock()
	defer j.doubts.Unlock()
	j.timing = t
}

func (j *Journal) setEpoch(e Epoch) {
	j.doubts.Lock()
	defer j.doubts.Unlock()
	j.epoch = e
}
