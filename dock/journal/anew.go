package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// OpenOrBegin opens the journal as Open does. One that is corrupt, or not the
// one that the station wrote last, is set aside whole, in a folder beside it,
// and a new epoch begins, which erases nothing until ReleaseEpoch. What cannot
// be told from here (another process has it, a newer version wrote it, another
// data key, a disk that fails) stays an error.
func OpenOrBegin(ctx context.Context, o Options) (*Journal, error) {
	j, err := Open(ctx, o)
	if !untrusted(err) {
		return j, err
	}
	if o.Log != nil {
		o.Log.Error("journal is set aside", "journal", o.Path, "why", err)
	}
	b, err := setAside(o, err)
	if err != nil {
		return nil, fmt.Errorf("set journal %s aside: %w", o.Path, err)
	}
	return open(ctx, o, &b)
}

// untrusted: the journal could be read, and what it says cannot be believed.
func untrusted(err error) bool {
	var e sqlite3.Error
	if errors.As(err, &e) && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB) {
		return true
	}
	return errors.Is(err, ErrBroken) || errors.Is(err, ErrWitness)
}

// setAside moves the database with all that SQLite keeps beside it into a
// folder of its own. It can be cut off anywhere: the witness says that it was
// begun, and why.
func setAside(o Options, why error) (began, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return began{}, err
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return began{}, err
	}
	defer lock.Close()
	w, err := openWitness(o.witnessPath(path))
	if err != nil {
		return began{}, err
	}
	b := began{Cause: cause(why), Previous: w.kept.Mark}
	if w.kept.SetAside != "" {
		b.Cause = w.kept.SetAside
	}
	if err := w.keep(note{Mark: w.kept.Mark, SetAside: b.Cause}); err != nil {
		return began{}, err
	}
	b.SetAside, err = moveAway(path, o.Clock.Now().Wall.UTC().Format("20060102T150405Z"))
	return b, err
}

// cause is the error as a sentence without what was only on the way to it.
func cause(err error) string {
	text := err.Error()
	for _, known := range []error{ErrWitness, ErrBroken} {
		if i := strings.Index(text, known.Error()); i >= 0 {
			return text[i:]
		}
	}
	return "journal is corrupt: " + text
}

// moveAway returns the name of the folder, empty if there was nothing to move.
// The database goes last: without it the rest is never taken for a journal.
func moveAway(path, stamp string) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	dir := filepath.Dir(path)
	folder := freeName(filepath.Join(dir, "set-aside-"+stamp))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", err
	}
	for _, suffix := range []string{"-wal", "-shm", ""} {
		err := os.Rename(path+suffix, filepath.Join(folder, filepath.Base(path)+suffix))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return filepath.Base(folder), errors.Join(syncDirectory(folder), syncDirectory(dir))
}

// freeName counts on where a folder of this name exists.
func freeName(path string) string {
	name := path
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s-%d", path, n)
	}
}
