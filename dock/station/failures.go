package station

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

const (
	// failuresMost is how many runs may end in failure, one after the other,
	// before the next start does not try again by itself.
	failuresMost = 3
	// goodRun is how long a run must last to make earlier failures forgotten.
	goodRun = time.Hour
)

// Failures counts the runs that ended because the station could not go on, in
// a small file. It is kept as well as it can be: in the first directory that
// takes it, since the disk that failed may be the one of the data.
type Failures struct {
	files []string
	log   *slog.Logger
}

// failed is the file.
type failed struct {
	Count int       `json:"count"`
	Why   string    `json:"why"` // of the last one
	At    time.Time `json:"at"`
}

// NewFailures keeps the count in one of the directories; empty names are left out.
func NewFailures(log *slog.Logger, dirs ...string) *Failures {
	f := &Failures{log: log}
	for _, dir := range dirs {
		if dir != "" {
			f.files = append(f.files, filepath.Join(dir, "failures.json"))
		}
	}
	return f
}

// Count is how many runs failed since the last good one.
func (f *Failures) Count() int { return f.last().Count }

// TooMany reports that another try would only wear the disk, and why.
func (f *Failures) TooMany() (why string, yes bool) {
	last := f.last()
	return last.Why, last.Count >= failuresMost
}

// last is the highest count of all places.
func (f *Failures) last() (highest failed) {
	for _, file := range f.files {
		var here failed
		if text, err := os.ReadFile(file); err == nil && json.Unmarshal(text, &here) == nil && here.Count > highest.Count {
			highest = here
		}
	}
	return highest
}

// Note counts a run that ended for this reason.
func (f *Failures) Note(why error) {
	last := f.last()
	text, err := json.Marshal(failed{Count: last.Count + 1, Why: why.Error(), At: time.Now().UTC()})
	for _, file := range f.files {
		if err == nil {
			err = writeDurably(file, text)
		}
		if err == nil {
			return
		}
		f.log.Warn("count a failed run", "file", file, "error", err)
		err = nil
	}
}

// Forget begins to count anew: a run was good, or a person says try again.
func (f *Failures) Forget() {
	for _, file := range f.files {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			f.log.Warn("forget failed runs", "file", file, "error", err)
		}
	}
}

// Watch forgets earlier failures once the run is good; it returns then, or when
// ctx ends.
func (f *Failures) Watch(ctx context.Context) {
	timer := time.NewTimer(goodRun)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		f.Forget()
	}
}

func writeDurably(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
