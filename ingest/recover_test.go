package ingest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"berth/dock"
	"berth/hashing"
	"berth/ingest/seal"
)

func (r *rig) recovered() Recovered {
	r.t.Helper()
	found, err := r.puller.Recover(r.t.Context())
	must(r.t, err)
	return found
}

// at rest: a start that has nothing to do finds nothing to do.
func (r *rig) atRest() {
	r.t.Helper()
	found := r.recovered()
	if n := len(found.Completed) + len(found.Again) + len(found.Adopted) + len(found.Released) + len(found.Missing) + len(found.Damaged) + found.Removed; n > 0 {
		r.t.Errorf("a second recovery found: %+v", found)
	}
}

func TestAFileWithAnIntentIsCompletedWhereverItLies(t *testing.T) {
	for name, at := range map[string]string{"before the rename": "rename", "after the rename": "syncdir"} {
		t.Run(name, func(t *testing.T) {
			bothMedia(t, func(t *testing.T, r *rig) {
				content := footage(seal.SegmentPlain + 9)
				pull := r.see(newCamera("cam", content), "A1")
				r.disk.before = failOn(at)
				if _, err := r.puller.Pull(t.Context(), pull); err == nil {
					t.Fatal("the fault did not happen")
				}
				direct := r.spool.direct
				r.restart()
				r.spool.direct = direct
				must(t, os.WriteFile(filepath.Join(r.spoolDir(), tempDir, "0123456789abcdef0123456789abcdef.part"), footage(8192), 0o600))
				found := r.recovered()
				if !slices.Equal(found.Completed, []dock.RecordingID{pull.Recording}) || found.Removed != 1 || len(found.Adopted) > 0 {
					t.Errorf("found %+v", found)
				}
				r.holds(pull.Recording, content)
				if len(r.temps()) > 0 {
					t.Errorf("left %q", r.temps())
				}
				r.atRest()
			})
		})
	}
}

func TestTheSameProcessCompletesAnIntentWithoutReadingAgain(t *testing.T) {
	r := newRig(t)
	content := footage(5000)
	camera := newCamera("cam", content)
	pull := r.see(camera, "A1")
	r.disk.before = failOn("rename")
	if _, err := r.puller.Pull(t.Context(), pull); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	r.disk.before, camera.opened = nil, nil
	intent, err := r.puller.Pull(t.Context(), pull)
	must(t, err)
	r.holds(pull.Recording, content)
	if len(camera.opened) > 0 || intent.SHA256 != hashing.Sum(content) || len(r.temps()) > 0 {
		t.Errorf("camera opened at %v, intent %+v, left %q", camera.opened, intent, r.temps())
	}
}

func TestAnIntentWhoseFileIsNotWholeMeansReadingAgain(t *testing.T) {
	for name, damage := range map[string]func(string) error{
		"gone":    os.Remove,
		"altered": func(path string) error { return flip(path, 5000) },
		"cut":     func(path string) error { return os.Truncate(path, 8192) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			content := footage(9000)
			pull := r.see(newCamera("cam", content), "A1")
			r.disk.before = failOn("rename")
			if _, err := r.puller.Pull(t.Context(), pull); err == nil {
				t.Fatal("the fault did not happen")
			}
			must(t, damage(r.temps()[0]))
			r.restart()
			found := r.recovered()
			if !slices.Equal(found.Again, []dock.RecordingID{pull.Recording}) || len(r.finals())+len(r.temps()) > 0 {
				t.Errorf("found %+v, left %q %q", found, r.finals(), r.temps())
			}
			_, err := r.puller.Pull(t.Context(), pull)
			must(t, err)
			r.holds(pull.Recording, content)
			r.restart()
			r.atRest()
		})
	}
}

func TestAFileThatMayBelongToAnIntentIsKeptWhileItCannotBeRead(t *testing.T) {
	r := newRig(t)
	content := footage(9000)
	pull := r.see(newCamera("cam", content), "A1")
	r.disk.before = failOn("rename")
	if _, err := r.puller.Pull(t.Context(), pull); err == nil {
		t.Fatal("the fault did not happen")
	}
	r.restart()
	r.disk.before = failOn("readback")
	if found := r.recovered(); found.Removed > 0 || len(r.temps()) != 1 {
		t.Errorf("found %+v, temps %q", found, r.temps())
	}
	r.restart()
	if found := r.recovered(); len(found.Completed) != 1 {
		t.Errorf("found %+v", found)
	}
	r.holds(pull.Recording, content)
}

func failOn(op string) func(int, string, string) error {
	return func(_ int, o, _ string) error {
		if o == op {
			return errDisk
		}
		return nil
	}
}

func TestAWholeFileThatTheJournalDoesNotKnowIsAdopted(t *testing.T) {
	r := newRig(t)
	content := footage(3000)
	_, pull := pulled(t, r, len(content))
	intent, _ := r.recording(pull.Recording).Spooled()
	r.crash()
	must(t, os.Remove(filepath.Join(r.dir, "journal.db"))) // the journal was lost, with all that lies beside it
	for _, rest := range r.globDir("journal.db?*") {
		must(t, os.Remove(rest))
	}
	r.start()
	found := r.recovered()
	if len(found.Adopted) != 1 {
		t.Fatalf("found %+v", found)
	}
	adopted, ok := r.recording(found.Adopted[0]).Spooled()
	if !ok || adopted.Sealed != intent.Sealed || adopted.SealedBytes != intent.SealedBytes || len(r.finals()) != 1 {
		t.Errorf("adopted %+v", adopted)
	}
	r.atRest()
}

func (r *rig) globDir(pattern string) []string {
	found, err := filepath.Glob(filepath.Join(r.dir, pattern))
	must(r.t, err)
	return found
}

func TestAFileThatIsNotWhatItsNameSaysIsSetAsideAndNeverDeleted(t *testing.T) {
	r := newRig(t)
	plain := []byte("not a sealed file at all, though its name is its digest")
	padded := append(plain, make([]byte, seal.Block-len(plain))...)
	must(t, os.WriteFile(r.spool.final(hashing.Sum(padded)), padded, 0o600))                         // right digest, not sealed
	must(t, os.WriteFile(r.spool.final(hashing.Sum(plain)), plain, 0o600))                           // and no whole blocks
	must(t, os.WriteFile(r.spool.final(hashing.Sum([]byte("other"))), footage(2*seal.Block), 0o600)) // another digest
	must(t, os.Symlink("/etc/passwd", r.spool.final(hashing.Sum([]byte("link")))))
	must(t, os.Mkdir(r.spool.final(hashing.Sum([]byte("dir"))), 0o700))
	must(t, os.WriteFile(filepath.Join(r.spoolDir(), "notes.txt"), plain, 0o600))
	found := r.recovered()
	if len(found.Damaged) != 5 || len(r.setAside()) != 5 || len(r.finals()) != 0 || len(found.Adopted) != 0 {
		t.Errorf("found %+v, set aside %q", found, r.setAside())
	}
	if len(r.glob("notes.txt")) != 1 {
		t.Error("a stranger's file was touched")
	}
	must(t, os.WriteFile(r.spool.final(hashing.Sum(plain)), plain, 0o600)) // the same name again
	if found := r.recovered(); len(found.Damaged) != 1 || len(r.setAside()) != 6 {
		t.Errorf("found %+v, set aside %q", found, r.setAside())
	}
	r.atRest()
}

func TestASpooledFileThatIsGoneOrCutIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(string) error
		rehash bool
		aside  int
	}{
		"gone":                {os.Remove, false, 0},
		"cut":                 {func(path string) error { return os.Truncate(path, 8192) }, false, 1},
		"altered, full check": {func(path string) error { return flip(path, 6000) }, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.options = func(o *PullerOptions) { o.Rehash = c.rehash }
			_, pull := pulled(t, r, 9000)
			must(t, c.damage(r.finals()[0]))
			r.restart()
			found := r.recovered()
			if !slices.Equal(found.Missing, []dock.RecordingID{pull.Recording}) || len(found.Damaged) != c.aside || len(r.setAside()) != c.aside {
				t.Errorf("found %+v, set aside %q", found, r.setAside())
			}
			if lost := r.recording(pull.Recording); lost.OnSpool() || lost.State() != dock.StateSeen {
				t.Errorf("the journal still says that it is on the spool: %s", lost.State())
			}
			_, err := r.puller.Pull(t.Context(), pull) // while the camera has it
			must(t, err)
			r.holds(pull.Recording, footage(9000))
			r.restart()
			r.atRest()
		})
	}
}

func TestALostFileThatSomeStoreHasIsHeldForAPerson(t *testing.T) {
	r := newRig(t)
	_, pull := pulled(t, r, 9000)
	intent, _ := r.recording(pull.Recording).Spooled()
	sealed := r.spool.Sealed(intent)
	file, err := sealed.Open()
	must(t, err)
	receipt, err := dock.NewReceipt("a-store", dock.Place{Device: "another"}, sealed, "", file)
	must(t, errors.Join(err, file.Close()))
	must(t, r.journal.Append(t.Context(), dock.Fact{Recording: pull.Recording, Body: dock.ReceiptEarned{Receipt: receipt.Record()}}))
	must(t, os.Remove(r.finals()[0]))
	r.restart()
	r.recovered()
	if held := r.recording(pull.Recording).Held(); held == nil || held.Code != dock.HoldSpoolDiffers {
		t.Errorf("held: %+v", held)
	}
}

func TestAReleaseThatTheJournalKnowsIsFinished(t *testing.T) {
	r := newRig(t)
	_, pull := pulled(t, r, 100)
	must(t, r.journal.Append(t.Context(), dock.Fact{Recording: pull.Recording, Body: dock.SpoolReleased{}}))
	r.restart()
	if found := r.recovered(); !slices.Equal(found.Released, []dock.RecordingID{pull.Recording}) || len(r.finals()) > 0 {
		t.Errorf("found %+v, files %q", found, r.finals())
	}
	r.atRest()
}

func TestATwinUnderTheFinalNameIsComparedAndNeverOverwritten(t *testing.T) {
	for name, same := range map[string]bool{"same content": true, "other content": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			content := footage(4000)
			pull := r.see(newCamera("cam", content), "A1")
			twin := false
			r.disk.before = func(_ int, op, file string) error {
				if op != "rename" || twin {
					return nil
				}
				twin = true
				b, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				sealed := hashing.Sum(b)
				if !same {
					b[len(b)-1] ^= 1
				}
				return os.WriteFile(r.spool.final(sealed), b, 0o600)
			}
			_, err := r.puller.Pull(t.Context(), pull)
			must(t, err)
			r.disk.before = nil
			r.holds(pull.Recording, content)
			want := 1
			if same {
				want = 0
			}
			if len(r.setAside()) != want || len(r.temps()) > 0 {
				t.Errorf("set aside %q, left %q", r.setAside(), r.temps())
			}
		})
	}
}
