package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"berth/dock"
	"berth/dock/journal"
)

// complete gives a file whose intent is journalled its final name and journals
// that. It is the same for a pull and for whoever finds an intent that was left
// alone; file is where the whole and durable file lies now.
func (p *Puller) complete(ctx context.Context, intended dock.Fact, file string) error {
	intent, ok := intended.Body.(dock.SpoolIntent)
	if !ok {
		return fmt.Errorf("complete the spooling of %s: not an intent but %T", intended.Recording, intended.Body)
	}
	if err := p.Spool.install(ctx, file, intent.Sealed); err != nil {
		return err
	}
	return p.Journal.Append(ctx, dock.Fact{
		Recording: intended.Recording, Docking: intended.Docking, Body: dock.Spooled{Sealed: intent.Sealed},
	})
}

// completeLeft completes an intent that an earlier attempt left alone, and
// reports whether its file was there.
func (p *Puller) completeLeft(ctx context.Context, intended dock.Fact) (done bool, err error) {
	file, err := p.Spool.find(ctx, intended.Body.(dock.SpoolIntent))
	if err != nil || file == "" {
		return false, err
	}
	// An earlier process may have been ended by the disk's failure to
	// acknowledge: the bytes were just hashed, so let it say so again.
	if err := p.Spool.resync(file); err != nil {
		return false, err
	}
	return true, p.complete(ctx, intended, file)
}

// left looks for what an earlier pull already did: a recording whose sealed
// file is kept somewhere is never replaced by what the camera gives now, and an
// intent that was left alone after its file was whole is completed.
func (p *Puller) left(ctx context.Context, id dock.RecordingID) (intent dock.SpoolIntent, done bool, err error) {
	var recording dock.Recording
	err = p.Journal.Read(ctx, func(tx *journal.Tx) (err error) {
		recording, err = tx.Recording(id)
		return err
	})
	if err != nil {
		return intent, false, err
	}
	if spooled, ok := recording.Spooled(); ok && p.kept(recording, spooled) {
		return spooled, true, nil
	}
	intent, outstanding := recording.Intended()
	if !outstanding {
		return intent, false, nil
	}
	done, err = p.completeLeft(ctx, latestIntent(recording))
	var unreadable *unreadableError
	if errors.As(err, &unreadable) {
		return intent, false, nil // the camera still has it
	}
	return intent, done, err
}

// kept reports whether the sealed file is on the spool or confirmed in a store.
func (p *Puller) kept(recording dock.Recording, spooled dock.SpoolIntent) bool {
	if len(recording.Receipts()) > 0 {
		return true
	}
	_, err := os.Lstat(p.Spool.final(spooled.Sealed))
	return err == nil
}

// latestIntent returns the recording's latest spool intent as it was journalled.
func latestIntent(recording dock.Recording) dock.Fact {
	var latest dock.Fact
	for _, fact := range recording.Facts {
		if _, ok := fact.Body.(dock.SpoolIntent); ok {
			latest = fact
		}
	}
	return latest
}

// find returns where the file of an intent lies, empty if nowhere. Its digest
// alone tells a file that is whole from one that is not. A file that cannot be
// read is passed over, and makes an *unreadableError if no other one matches.
func (s *Spool) find(ctx context.Context, intent dock.SpoolIntent) (string, error) {
	temps, err := s.temps()
	if err != nil {
		return "", err
	}
	candidates := []string{s.final(intent.Sealed)}
	for _, temp := range temps {
		if info, err := os.Lstat(temp); err == nil && info.Size() == intent.SealedBytes {
			candidates = append(candidates, temp)
		}
	}
	var unread error
	for _, path := range candidates {
		got, err := s.hash(ctx, path)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err == nil && got == intent.Sealed:
			return path, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			unread = &unreadableError{err}
		}
	}
	return "", unread
}

// unreadableError: a file that may be the one in question cannot be read.
type unreadableError struct{ err error }

func (e *unreadableError) Error() string { return "find a sealed file on the spool: " + e.err.Error() }
func (e *unreadableError) Unwrap() error { return e.err }

// temps returns the paths of all files without a final name.
func (s *Spool) temps() ([]string, error) {
	dir := filepath.Join(s.dir, tempDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		if tempPattern.MatchString(entry.Name()) {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths, nil
}
