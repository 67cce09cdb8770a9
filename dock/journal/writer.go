package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

var errClosed = errors.New("journal is closed")

// writer is the one connection that writes. Whoever holds its turn owns it.
type writer struct {
	turn    chan struct{} // holds one token while nobody writes
	lock    *os.File      // flock of the station process
	db      *sql.DB
	conn    *sql.Conn            // owned by the turn, as all below
	stmts   map[string]*sql.Stmt // prepared on conn, by text
	reserve *reserve
	broken  error // the ErrCommit after which nothing is tried any more
}

func openWriter(ctx context.Context, o Options) (w *writer, err error) {
	dir := filepath.Dir(o.Path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	w = &writer{turn: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}}
	w.turn <- struct{}{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.lock, err = lockFile(o.Path + ".lock"); err != nil {
		return w, err
	}
	if err := createPrivate(o.Path); err != nil {
		return w, err
	}
	w.db = openDatabase(o.Path, writerKeys, writerPragmas, 1)
	if err := migrate(ctx, w.db, o.Rooms); err != nil {
		return w, err
	}
	if w.conn, err = w.db.Conn(ctx); err != nil {
		return w, err
	}
	w.reserve = openReserve(filepath.Join(dir, "journal.reserve"), o.Log)
	return w, syncDirectory(dir)
}

// close waits for the turn and never gives it back to a writer. Closing again
// does nothing.
func (w *writer) close() error {
	<-w.turn
	defer w.give()
	if errors.Is(w.broken, errClosed) {
		return nil
	}
	w.broken = errClosed
	var errs []error
	for _, stmt := range w.stmts {
		errs = append(errs, stmt.Close())
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	if w.db != nil {
		errs = append(errs, w.db.Close())
	}
	if w.lock != nil {
		errs = append(errs, w.lock.Close())
	}
	return errors.Join(errs...)
}

// take waits for the turn; the caller must give it back.
func (w *writer) take(ctx context.Context) error {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return fmt.Errorf("wait to write: %w", ctx.Err())
	}
	if err := errors.Join(ctx.Err(), w.broken); err != nil {
		w.give()
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

func (w *writer) give() { w.turn <- struct{}{} }

// lockFile keeps a second station off. The kernel releases the lock with the
// process, however that ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// createPrivate makes the database file before SQLite does, since the files
// beside it take over its mode.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
