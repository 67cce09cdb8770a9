//go:build linux && amd64

package faults

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/dock"
	"berth/dock/journal"
	"berth/dock/station"
	"berth/hashing"
	"berth/ingest"
	"berth/offload"
)

// What the process that does an act is told: which, and in which directory.
const (
	actVariable   = "BERTH_FAULTS_ACT"
	placeVariable = "BERTH_FAULTS_PLACE"
)

// act is one thing after which everything that it left must survive a power
// cut, whatever the filesystem. ext4 alone would forgive much: one sync there
// makes all earlier names durable.
type act struct {
	before func(dir string) error // what was there long ago
	do     func(ctx context.Context, dir string) error
	// forgiven: only the content must be durable, the name may go.
	forgiven bool
}

func acts() map[string]act {
	return map[string]act{
		"a journal is begun, written and closed": {do: func(ctx context.Context, dir string) error {
			j, err := journal.Open(ctx, journalOptions(dir, firstClock{}))
			if err != nil {
				return err
			}
			return errors.Join(j.Append(ctx, dock.Fact{Recording: dock.NewRecordingID(), Body: dock.Seen{Name: "a", Copies: 1}}), j.Close())
		}},
		"a journal is set aside": {
			before: func(dir string) error {
				return errors.Join(
					os.WriteFile(filepath.Join(dir, "journal.db"), bytes.Repeat([]byte("?"), 8192), 0o600),
					os.WriteFile(filepath.Join(dir, "journal.db-wal"), []byte("?"), 0o600))
			},
			do: func(ctx context.Context, dir string) error {
				j, err := journal.OpenOrBegin(ctx, journalOptions(dir, firstClock{}))
				if err != nil {
					return err
				}
				return j.Close()
			},
		},
		"a spool is begun": {do: func(_ context.Context, dir string) error {
			s, err := ingest.OpenSpool(filepath.Join(dir, "spool"), 0)
			if err != nil {
				return err
			}
			return s.Close()
		}},
		"a store is commissioned and given a file": {do: func(ctx context.Context, dir string) error {
			store := offload.NewDirectory("one", dir, true, "")
			if _, err := store.Commission(ctx); err != nil {
				return err
			}
			_, err := store.Put(ctx, putFile())
			return err
		}},
		"a store is given what a crash left there": {do: func(ctx context.Context, dir string) error {
			store := offload.NewDirectory("one", dir, true, "")
			if _, err := store.Commission(ctx); err != nil {
				return err
			}
			path := filepath.Join(dir, filepath.FromSlash(putFile().Key))
			err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte("sealed"), 0o440))
			if err != nil {
				return err
			}
			_, err = store.Put(ctx, putFile())
			return err
		}},
		"a run that failed is counted": {forgiven: true, do: func(_ context.Context, dir string) error {
			failures := station.NewFailures(nil, dir)
			failures.Note(errors.New("disk"))
			if failures.Count() != 1 {
				return errors.New("it was not counted")
			}
			return nil
		}},
	}
}

func putFile() dock.Sealed {
	content := []byte("sealed")
	digest := hashing.Sum(content)
	return dock.Sealed{
		Key: stationID + "/2026/03/04/" + digest.String() + ".sealed", Digest: digest, SizeBytes: int64(len(content)),
		Open: func() (io.ReadSeekCloser, error) { return content6{bytes.NewReader(content)}, nil },
	}
}

type content6 struct{ *bytes.Reader }

func (content6) Close() error { return nil }

// firstClock stands still.
type firstClock struct{}

func (firstClock) Now() dock.Instant {
	return dock.Instant{Wall: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Boot: "boot", SinceBoot: time.Minute}
}

// noter only keeps what a power cut would leave.
type noter struct {
	root    string
	disks   *disks
	existed bool
	syncs   int
}

func (n *noter) before(o operation) verdict {
	n.existed = exists(o.path)
	return verdict{}
}

func (n *noter) after(o operation, ok bool) {
	if ok && strings.HasPrefix(o.path, n.root) {
		n.disks.see(o, n.existed)
		if o.kind == opSync {
			n.syncs++
		}
	}
}

func (*noter) cut() {}

func (*noter) parks() bool { return false }

func (*noter) clock() time.Duration { return 0 }

// passing are files that nobody would miss.
func passing(name string) bool {
	for _, suffix := range []string{".lock", ".reserve", "-shm"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

func TestWhatAnActLeavesSurvivesAPowerCutOnAnyFilesystem(t *testing.T) {
	if name := os.Getenv(actVariable); name != "" { // this is the process that is traced
		if err := acts()[name].do(t.Context(), os.Getenv(placeVariable)); err != nil {
			t.Error(err)
		}
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range acts() {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "disk")
			err := os.Mkdir(dir, 0o700)
			if err == nil && a.before != nil {
				err = a.before(dir)
			}
			if err != nil {
				t.Fatal(err)
			}
			log, err := os.Create(filepath.Join(t.TempDir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			n := &noter{root: dir, disks: newDisks()}
			end, err := trace(traced{
				args: []string{program}, log: log, env: append(os.Environ(), actVariable+"="+name, placeVariable+"="+dir,
					programVariable+"="+program+"\n-test.run=^"+t.Name()[:strings.Index(t.Name(), "/")]+"$"),
			}, n)
			if said, _ := os.ReadFile(log.Name()); err != nil || end != (ending{code: exitAtRest}) {
				t.Fatalf("ended with %+v: %v\n%s", end, err, said)
			}
			files := 0
			err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
				if err != nil || path == dir || passing(path) {
					return err
				}
				files++
				missing := n.disks.missing(dir, path)
				if missing != "" && !(a.forgiven && strings.HasPrefix(missing, "name")) {
					t.Errorf("a power cut takes the %s", strings.ReplaceAll(missing, dir+"/", ""))
				}
				return nil
			})
			if err != nil || files == 0 || n.syncs == 0 {
				t.Errorf("%d files are left, after %d syncs: %v", files, n.syncs, err)
			}
		})
	}
}

// A station without any fault, watched: no final name before its content, no
// fact before its name, and nothing goes from a camera before both stores hold
// it in a way that no power cut takes away.
func TestNothingIsAcknowledgedBeforeItIsDurable(t *testing.T) {
	if operations := countOperations(t, newAgency(t), t.TempDir()); operations < 100 {
		t.Errorf("only %d operations were watched", operations)
	}
}
