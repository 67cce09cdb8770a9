package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"

	"berth/hashing"
)

// ErrNoRows is what Scan of a QueryRow returns where nothing was found.
var ErrNoRows = sql.ErrNoRows

var errReadOnly = errors.New("journal is open for reading only")

// Tx is one transaction. It is for one goroutine and dies with the function
// that it was given to.
type Tx struct {
	j        *Journal
	ctx      context.Context // of the statements; a writer's never ends amid one
	conn     *sql.Conn
	writer   *writer // nil on a snapshot
	chain    hashing.Chain
	before   hashing.Chain // as the transaction found it
	weighty  bool          // the witness must know of it at once
	accepted time.Time     // the wall clock that a person accepted; zero for none
	failed   error         // the first statement that failed: from then on only rolling back is safe
}

// Write runs fn in one BEGIN IMMEDIATE transaction and commits durably if it
// returns nil; otherwise nothing happened and fn's error is returned as it is.
// ctx bounds the wait for the turn and is looked at once more before the
// commit. fn may run a second time if the disk was full and the reserve made
// room, and must not call Write. An error that wraps ErrCommit means that the
// process must end; nothing is written any more.
func (j *Journal) Write(ctx context.Context, fn func(*Tx) error) error {
	w := j.writer
	if w == nil {
		return errReadOnly
	}
	if err := w.take(ctx); err != nil {
		return err
	}
	defer w.give()
	err := j.attempt(ctx, fn)
	if isFull(err) && w.reserve.release() {
		err = j.attempt(ctx, fn)
	}
	switch {
	case errors.Is(err, ErrCommit):
		w.broken = err
	case isFatal(err):
		w.broken = fmt.Errorf("%w: %w", ErrCommit, err)
		err = w.broken
	case err == nil:
		w.reserve.refill()
	}
	return err
}

// attempt is one transaction from begin to commit.
func (j *Journal) attempt(ctx context.Context, fn func(*Tx) error) error {
	// A statement that is interrupted may end the transaction behind our back.
	whole := context.WithoutCancel(ctx)
	tx := &Tx{j: j, ctx: whole, conn: j.writer.conn, writer: j.writer}
	if _, err := tx.conn.ExecContext(whole, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	open := true
	defer func() {
		if open { // also when fn panics
			tx.rollback()
		}
	}()
	if err := tx.loadChain(); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	if err := errors.Join(tx.failed, ctx.Err()); err != nil {
		return err
	}
	if err := tx.saveChain(); err != nil {
		return err
	}
	if _, err := tx.conn.ExecContext(whole, "COMMIT"); err != nil {
		return fmt.Errorf("%w: %w", ErrCommit, err)
	}
	open = false
	j.witnessed(tx)
	return nil
}

// rollback fails where SQLite has rolled back by itself, which is as good.
func (tx *Tx) rollback() {
	if _, err := tx.conn.ExecContext(tx.ctx, "ROLLBACK"); err != nil {
		tx.j.opts.Log.Debug("roll back", "error", err)
	}
}

// Read runs fn on one consistent snapshot; it cannot write. fn must not call
// Read again.
func (j *Journal) Read(ctx context.Context, fn func(*Tx) error) error {
	conn, err := j.reader.Conn(ctx)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	tx := &Tx{j: j, ctx: ctx, conn: conn}
	defer func() {
		tx.ctx = context.WithoutCancel(ctx)
		tx.rollback()
	}()
	err = fn(tx)
	if untrusted(err) && !errors.Is(err, ErrBroken) {
		err = fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return err
}

// Exec runs a statement of a room and returns the number of rows that it
// changed. After an error the transaction can only be rolled back.
func (tx *Tx) Exec(query string, args ...any) (int64, error) { return tx.exec(query, args...) }

// Query runs a query of a room; the caller must close the rows. It is for
// reading only.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	return tx.conn.QueryContext(tx.ctx, query, args...)
}

// QueryRow runs a query for one row. Scan returns ErrNoRows if there is none.
func (tx *Tx) QueryRow(query string, args ...any) *sql.Row {
	return tx.conn.QueryRowContext(tx.ctx, query, args...)
}

// exec prepares each text once in the life of the writer.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	if tx.writer == nil {
		return 0, errReadOnly
	}
	if tx.failed != nil {
		return 0, fmt.Errorf("after a failed statement: %w", tx.failed)
	}
	changed, err := tx.run(query, args)
	if err != nil {
		tx.failed = err
	}
	return changed, err
}

func (tx *Tx) run(query string, args []any) (int64, error) {
	stmt, prepared := tx.writer.stmts[query]
	if !prepared {
		var err error
		if stmt, err = tx.conn.PrepareContext(tx.ctx, query); err != nil {
			return 0, err
		}
		tx.writer.stmts[query] = stmt
	}
	result, err := stmt.ExecContext(tx.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func isFull(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrFull
}

// isFatal: the disk or the file failed, so that what a later statement says
// about durability cannot be believed.
func isFatal(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return true
	}
	return false
}
