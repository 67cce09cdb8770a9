//go:build linux && amd64

package faults

import (
	"runtime"
	"testing"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// What the tests of the packages show piece by piece, the program that people
// install shows as a whole, with every promise watched as in the sweep.
func TestTheProgramLivesThroughWhatItsDisksDo(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the real program")
	}
	t.Parallel()
	program, base := build(t), ground(t)
	const writes, makes = `^(write|pwrite64|fallocate) stores/one/`, `^(write|pwrite64|fallocate|mkdirat|openat|openat2|linkat|unlinkat) stores/one`
	var group errgroup.Group // the program waits most of the time: more at once than -parallel says
	group.SetLimit(6 * runtime.GOMAXPROCS(0))
	for name, test := range map[string]func(*site){
		"no fault":                          func(s *site) { s.serve().empties() },
		"sync of a recording's content":     func(s *site) { s.failedSync(`^fsync data/spool/tmp/`, "did not acknowledge") },
		"sync of the spool's names":         func(s *site) { s.failedSync(`^fsync data/spool$`, "did not acknowledge") },
		"sync of the journal":               func(s *site) { s.failedSync(`sync data/journal/journal\.db-wal$`, "cannot commit") },
		"syncs that fail again and again":   (*site).failingAgainAndAgain,
		"a journal that cannot be made":     (*site).journalThatCannotBeMade,
		"a witness that cannot be written":  (*site).witnessless,
		"EIO at a write":                    func(s *site) { s.passing(`^pwrite64 data/spool/tmp/`, unix.EIO) },
		"EIO at reading back":               func(s *site) { s.passing(`^pread64 data/spool/tmp/`, unix.EIO) },
		"EIO at reading to forward":         func(s *site) { s.passing(`^read data/spool/[0-9a-f]+\.sealed`, unix.EIO) },
		"EIO at every write":                func(s *site) { s.lasting(`^pwrite64 data/spool/tmp/`, unix.EIO) },
		"EIO at every reading back":         func(s *site) { s.lasting(`^pread64 data/spool/tmp/`, unix.EIO) },
		"EIO at every reading to forward":   (*site).unreadable,
		"a spool that becomes read-only":    func(s *site) { s.lasting(`^(openat|renameat2|unlinkat) data/spool`, unix.EROFS) },
		"a spool that is full":              (*site).fullBefore,
		"a spool that becomes full":         (*site).fullDuring,
		"EIO at a camera's reads":           func(s *site) { s.passing(`^(read|pread64) bays/.*MP4`, unix.EIO) },
		"EIO at every read of the cameras":  func(s *site) { s.lasting(`^(read|pread64) bays/.*MP4`, unix.EIO) },
		"a camera that cannot be emptied":   func(s *site) { s.lasting(`^unlinkat bays/`, unix.EIO) },
		"EIO at a store's writes":           func(s *site) { s.badStore(writes, unix.EIO, "input/output error") },
		"EIO at a store's reads":            func(s *site) { s.badStore(`^(read|pread64) stores/one/.*\.sealed`, unix.EIO, "input/output error") },
		"a store that is full":              func(s *site) { s.badStore(writes, unix.ENOSPC, "no space left") },
		"a store that is read-only":         func(s *site) { s.badStore(makes, unix.EROFS, "read-only") },
		"a store that hangs":                (*site).hungStore,
		"other bytes under a store's key":   (*site).takenKey,
		"a clock that jumps ahead":          func(s *site) { s.clockJumps(years) },
		"a clock that jumps back":           func(s *site) { s.clockJumps(-years) },
		"a clock of the past at the start":  (*site).clockOfThePast,
		"a clock of the future in the past": (*site).clockOfTheFuture,
		"a journal of a newer version":      (*site).newerJournal,
	} {
		group.Go(func() error {
			t.Run(name, func(t *testing.T) { test(newSite(t, program, base)) })
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}
