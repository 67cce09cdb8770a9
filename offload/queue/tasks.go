package queue

import (
	"errors"
	"fmt"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
)

// task is one recording that one store does not hold yet.
type task struct {
	store     string // name in the config
	recording dock.RecordingID
	spooled   int64 // seq of the spooled fact that it is about
	sizeBytes int64
	attempts  int // that failed so far
}

// addTask queues t unless it is queued already. A recording that was spooled
// anew begins anew.
func addTask(tx *journal.Tx, t task) error {
	_, err := tx.Exec(`INSERT INTO offload_tasks (store, recording, spooled, size) VALUES (?, ?, ?, ?)
		ON CONFLICT (store, recording) DO UPDATE
		SET spooled = excluded.spooled, size = excluded.size, attempts = 0, reason = '', boot = '', due = 0
		WHERE spooled < excluded.spooled`,
		t.store, string(t.recording), t.spooled, t.sizeBytes)
	return err
}

// endTask takes t off the queue and reports whether it was still there.
func endTask(tx *journal.Tx, t task) (bool, error) {
	n, err := tx.Exec(`DELETE FROM offload_tasks WHERE store = ? AND recording = ? AND spooled = ?`,
		t.store, string(t.recording), t.spooled)
	return n == 1, err
}

// failTask counts a failed attempt and puts the next one off until due.
func failTask(tx *journal.Tx, t task, reason string, now dock.Instant, pause time.Duration) error {
	_, err := tx.Exec(`UPDATE offload_tasks SET attempts = attempts + 1, reason = ?, boot = ?, due = ?
		WHERE store = ? AND recording = ? AND spooled = ?`,
		reason, string(now.Boot), int64(now.SinceBoot+pause), t.store, string(t.recording), t.spooled)
	return err
}

// nextTask returns the oldest task that is due. Without one, ok is false and
// wait is how long until the first becomes due; 0 if there is none at all.
func nextTask(tx *journal.Tx, store string, now dock.Instant) (t task, ok bool, wait time.Duration, err error) {
	t.store = store
	err = tx.QueryRow(`SELECT recording, spooled, size, attempts FROM offload_tasks
		WHERE store = ? AND (boot <> ? OR due <= ?) ORDER BY spooled LIMIT 1`,
		store, string(now.Boot), int64(now.SinceBoot)).Scan(&t.recording, &t.spooled, &t.sizeBytes, &t.attempts)
	if err == nil || !errors.Is(err, journal.ErrNoRows) {
		return t, err == nil, 0, err
	}
	var due *int64
	if err := tx.QueryRow(`SELECT min(due) FROM offload_tasks WHERE store = ?`, store).Scan(&due); err != nil {
		return t, false, 0, err
	}
	if due != nil {
		wait = max(time.Duration(*due)-now.SinceBoot, 1)
	}
	return t, false, wait, nil
}

// countTasks says how much a store does not hold yet.
func countTasks(tx *journal.Tx, store string) (count int, sizeBytes int64, err error) {
	err = tx.QueryRow(`SELECT count(*), coalesce(sum(size), 0) FROM offload_tasks WHERE store = ?`, store).
		Scan(&count, &sizeBytes)
	return count, sizeBytes, err
}

// failing says in a sentence what is wrong with the oldest task that has
// failed; empty if none has.
func failing(tx *journal.Tx, store string) (string, error) {
	var recording, reason string
	var attempts int
	err := tx.QueryRow(`SELECT recording, reason, attempts FROM offload_tasks
		WHERE store = ? AND attempts > 0 ORDER BY spooled LIMIT 1`, store).Scan(&recording, &reason, &attempts)
	if errors.Is(err, journal.ErrNoRows) {
		return "", nil
	}
	return fmt.Sprintf("recording %s could not be stored in %d attempts: %s", recording, attempts, reason), err
}

// expected returns the UUID that a store must have; empty if it was never seen.
func expected(tx *journal.Tx, store string) (dock.StoreID, error) {
	var id dock.StoreID
	err := tx.QueryRow(`SELECT id FROM offload_stores WHERE name = ?`, store).Scan(&id)
	if errors.Is(err, journal.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// setExpected remembers the UUID of a store, with a custody event. personal is
// who wanted it and why, if somebody did.
func setExpected(tx *journal.Tx, store string, id dock.StoreID, personal map[string]string) error {
	_, err := tx.Exec(`INSERT INTO offload_stores (name, id) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET id = excluded.id`, store, string(id))
	if err != nil {
		return err
	}
	return tx.Event("store-expected", map[string]any{"store": store, "id": string(id)}, personal)
}

// addRelease remembers that a spool copy is about to go.
func addRelease(tx *journal.Tx, recording dock.RecordingID, sealed hashing.Digest) error {
	_, err := tx.Exec(`INSERT INTO offload_releases (recording, sealed) VALUES (?, ?)
		ON CONFLICT (recording) DO UPDATE SET sealed = excluded.sealed`, string(recording), sealed.String())
	return err
}

// endRelease forgets it once the copy is gone.
func endRelease(tx *journal.Tx, recording dock.RecordingID) error {
	_, err := tx.Exec(`DELETE FROM offload_releases WHERE recording = ?`, string(recording))
	return err
}

// nextRelease returns the first spool copy after a recording that is about to
// go; ok is false at the end.
func nextRelease(tx *journal.Tx, after dock.RecordingID) (recording dock.RecordingID, sealed hashing.Digest, ok bool, err error) {
	var digits string
	err = tx.QueryRow(`SELECT recording, sealed FROM offload_releases WHERE recording > ? ORDER BY recording LIMIT 1`,
		string(after)).Scan(&recording, &digits)
	if errors.Is(err, journal.ErrNoRows) {
		return "", hashing.Digest{}, false, nil
	}
	if err != nil {
		return "", hashing.Digest{}, false, err
	}
	sealed, err = hashing.Parse(digits)
	return recording, sealed, err == nil, err
}
