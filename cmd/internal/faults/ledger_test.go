//go:build linux && amd64

package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"berth/dock/journal"
	"berth/dock/station"
)

// ledger is what the journal was last seen to say.
type ledger struct {
	lines []string // its custody events in order
	rows  []journal.Row
}

// readLedger reads a copy of the journal as it lies there now, so that the
// reading changes nothing. The memory that SQLite shares between processes is
// left behind, as a power cut would. No journal yet is an empty ledger.
func readLedger(ctx context.Context, dir string) (ledger, error) {
	scratch, err := os.MkdirTemp("", "berth-ledger-")
	if err != nil {
		return ledger{}, err
	}
	defer os.RemoveAll(scratch)
	for _, name := range []string{"journal.db", "journal.db-wal", "journal.db-journal"} {
		if err := copyFile(filepath.Join(dir, name), filepath.Join(scratch, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return ledger{}, err
		}
	}
	clock, err := station.NewSystemClock()
	if err != nil {
		return ledger{}, err
	}
	j, err := journal.OpenReadOnly(ctx, journalOptions(scratch, clock))
	if err != nil {
		return ledger{}, err
	}
	defer j.Close()
	return loadLedger(ctx, j)
}

func loadLedger(ctx context.Context, j *journal.Journal) (l ledger, err error) {
	if _, err := j.VerifyChain(ctx); err != nil {
		return l, err
	}
	if l.rows, err = j.Recordings(ctx, journal.Filter{}); err != nil {
		return l, err
	}
	return l, j.Read(ctx, func(tx *journal.Tx) error {
		rows, err := tx.Query(`SELECT line FROM events ORDER BY seq`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				return err
			}
			l.lines = append(l.lines, line)
		}
		return rows.Err()
	})
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// follow reads the journal again. What it said before must still stand there.
// A journal that was only being made may be missing or not migrated yet.
func (l *ledger) follow(ctx context.Context, dir string) error {
	now, err := readLedger(ctx, dir)
	if err != nil {
		if len(l.lines) == 0 && beingMade(err) {
			return nil
		}
		return fmt.Errorf("the journal with %d events cannot be read any more: %w", len(l.lines), err)
	}
	if len(now.lines) < len(l.lines) || !slices.Equal(now.lines[:len(l.lines)], l.lines) {
		return fmt.Errorf("the journal had %d events and now has %d, which do not begin with those", len(l.lines), len(now.lines))
	}
	*l = now
	return nil
}

// beingMade recognises a journal without its tables, or one that is not in the
// mode yet in which it is used and may have to be rolled back first.
func beingMade(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, journal.ErrOlder) ||
		strings.Contains(err.Error(), `journal_mode is "delete"`) || strings.Contains(err.Error(), "readonly database") || strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "no rows in result set")
}
