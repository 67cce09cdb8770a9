package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"berth/dock"
	"berth/dock/journal"
	"berth/hashing"
)

// Recovered is what a start-up found on the spool and did about it.
type Recovered struct {
	Completed []dock.RecordingID // their file was whole: it has its name and its fact now
	Again     []dock.RecordingID // their file is not there: the camera has to be read again
	Adopted   []dock.RecordingID // whole files that the journal did not know
	Released  []dock.RecordingID // their release was journalled, and is done now
	Missing   []dock.RecordingID // journalled as spooled, but their file is gone or damaged: read again or held
	Damaged   []string           // names of files that were set aside
	Removed   int                // half-written files, whose keys are gone and whose cameras have them
}

// recovery is one run of Recover.
type recovery struct {
	p        *Puller
	intended []dock.Fact                     // the intents that nothing completed
	expected map[hashing.Digest]expectedFile // what the journal says is on the spool
	doubt    bool                            // a file that could belong to an intent cannot be read
	found    Recovered
}

type expectedFile struct {
	recording dock.RecordingID
	sizeBytes int64
}

// Recover brings journal and spool together after a start, by the functions
// that a pull uses. Nothing whole is ever deleted. It can be cut off at any
// point and run again; after an error what it did so far stands. An ErrSync or
// journal.ErrCommit ends the process as always. It must run before the first Pull.
func (p *Puller) Recover(ctx context.Context) (Recovered, error) {
	r := &recovery{p: p, expected: map[hashing.Digest]expectedFile{}}
	for _, step := range []func(context.Context) error{r.readJournal, r.completeIntents, r.removeTemps, r.checkFiles, r.missLost} {
		if err := step(ctx); err != nil {
			return r.found, fmt.Errorf("recover the spool: %w", err)
		}
	}
	return r.found, nil
}

func (r *recovery) readJournal(ctx context.Context) error {
	return r.p.Journal.Unfinished(ctx, func(recording dock.Recording) error {
		if _, outstanding := recording.Intended(); outstanding {
			r.intended = append(r.intended, latestIntent(recording))
		}
		if intent, spooled := recording.Spooled(); spooled && recording.OnSpool() {
			r.expected[intent.Sealed] = expectedFile{recording.ID, intent.SealedBytes}
		}
		return nil
	})
}

// completeIntents comes before anything is removed.
func (r *recovery) completeIntents(ctx context.Context) error {
	for _, fact := range r.intended {
		done, err := r.p.completeLeft(ctx, fact)
		var unreadable *unreadableError
		switch {
		case errors.As(err, &unreadable):
			r.p.Log.Warn("a file of the spool cannot be read; no half-written file is removed", "recording", fact.Recording, "error", err)
			r.doubt = true
		case err != nil:
			return err
		}
		if !done {
			r.found.Again = append(r.found.Again, fact.Recording)
			continue
		}
		intent := fact.Body.(dock.SpoolIntent)
		r.expected[intent.Sealed] = expectedFile{fact.Recording, intent.SealedBytes}
		r.found.Completed = append(r.found.Completed, fact.Recording)
	}
	return nil
}

func (r *recovery) removeTemps(context.Context) error {
	temps, err := r.p.Spool.temps()
	if err != nil || r.doubt {
		return err
	}
	for _, path := range temps {
		if err := r.p.Spool.disk.Remove(path); err != nil {
			return err
		}
		r.found.Removed++
	}
	return nil
}

func (r *recovery) checkFiles(ctx context.Context) error {
	entries, err := os.ReadDir(r.p.Spool.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		match := sealedPattern.FindStringSubmatch(entry.Name())
		if match == nil {
			continue
		}
		digest, err := hashing.Parse(match[1])
		if err != nil {
			return err
		}
		if err := r.checkFile(ctx, entry, digest); err != nil {
			return err
		}
	}
	for _, expected := range r.expected {
		r.found.Missing = append(r.found.Missing, expected.recording)
	}
	slices.Sort(r.found.Missing)
	return nil
}

// missLost takes back that a recording is on the spool whose file is not. What
// no store has either is intended once more, so that the camera is read again;
// what some store has needs a person, since the camera must not be emptied on
// the strength of that copy alone.
func (r *recovery) missLost(ctx context.Context) error {
	for _, id := range r.found.Missing {
		r.p.Log.Error("a recording that was on the spool is there no more", "recording", id)
		err := r.p.Journal.Write(ctx, func(tx *journal.Tx) error {
			recording, err := tx.Recording(id)
			state := recording.State()
			needed := state == dock.StateSpooled || state == dock.StateStored && !recording.Stored(r.p.Copies)
			if err != nil || !needed {
				return err
			}
			fact := dock.Fact{Recording: id, Body: dock.Hold{Code: dock.HoldSpoolDiffers}}
			if len(recording.Receipts()) == 0 {
				intent := latestIntent(recording)
				fact = dock.Fact{Recording: id, Docking: intent.Docking, Body: intent.Body}
			}
			_, err = tx.Append(fact)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkFile leaves in expected what has no sound file.
func (r *recovery) checkFile(ctx context.Context, entry fs.DirEntry, digest hashing.Digest) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	expected, known := r.expected[digest]
	if known && !r.p.Rehash && info.Mode().IsRegular() && info.Size() == expected.sizeBytes {
		delete(r.expected, digest)
		return nil
	}
	sound, err := r.p.Spool.sound(ctx, digest)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !sound:
		r.p.Log.Warn("a file of the spool is set aside: it is not what its name says", "file", entry.Name(), "error", err)
		r.found.Damaged = append(r.found.Damaged, entry.Name())
		return r.p.Spool.setAside(entry.Name())
	case known:
		delete(r.expected, digest)
		return nil
	}
	return r.adopt(ctx, digest, info)
}

// adopt makes a recording of a sound file that the journal does not expect; or
// ends a release that the journal knows of and the disk does not.
func (r *recovery) adopt(ctx context.Context, digest hashing.Digest, info fs.FileInfo) error {
	date := info.ModTime().UTC().Format("2006/01/02")
	id, err := r.p.Journal.Adopt(ctx, journal.Adoption{
		Key: r.p.key(date, digest), Sealed: digest, SealedBytes: info.Size(), Copies: r.p.Copies,
	})
	if err != nil {
		return err
	}
	var recording dock.Recording
	err = r.p.Journal.Read(ctx, func(tx *journal.Tx) (err error) {
		recording, err = tx.Recording(id)
		return err
	})
	if err != nil {
		return err
	}
	if intent, spooled := recording.Spooled(); spooled && intent.Sealed == digest && !recording.OnSpool() {
		r.found.Released = append(r.found.Released, id)
		return r.p.Spool.Release(digest)
	}
	r.found.Adopted = append(r.found.Adopted, id)
	return nil
}
