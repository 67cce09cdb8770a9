package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"berth/dock"
	"berth/dock/journal"
	"berth/ingest"
	"berth/ingest/seal"
	"berth/usb/sim"
)

// pullWord makes this program the child process that is Berth.
const pullWord = "pull"

// bench is the ingest side of a station, wired as the station wires it.
type bench struct {
	clock   clock
	journal *journal.Journal
	spool   *ingest.Spool
	puller  *ingest.Puller
}

// clock is the kernel's. One run is within one boot, which needs no name.
type clock struct{}

func (clock) Now() dock.Instant {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("CLOCK_BOOTTIME is part of every Linux that runs Go: " + err.Error())
	}
	return dock.Instant{Wall: time.Now(), Boot: "bench", SinceBoot: time.Duration(ts.Nano())}
}

// openBench makes a station's ingest side below dir.
func openBench(ctx context.Context, dir string) (*bench, error) {
	_, public, err := seal.GenerateKeyPair()
	if err != nil {
		return nil, err
	}
	recipient, err := seal.ParseRecipient(public)
	if err != nil {
		return nil, err
	}
	signing, err := seal.GenerateStationKey()
	if err != nil {
		return nil, err
	}
	b, log := &bench{}, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if b.journal, err = journal.Open(ctx, journal.Options{
		Path: filepath.Join(dir, "journal", "journal.db"), Station: "bench", Clock: b.clock, Log: log,
	}); err != nil {
		return nil, err
	}
	if b.spool, err = ingest.OpenSpool(filepath.Join(dir, "spool"), 0); err != nil {
		return nil, errors.Join(err, b.close())
	}
	b.puller = ingest.NewPuller(ingest.PullerOptions{
		Spool: b.spool, Journal: b.journal, Station: "bench", Agency: "bench", Recipients: []seal.Recipient{recipient},
		Signer: seal.NewSigner("bench", signing), Turns: ingest.NewTurns(ingest.TurnsPerThread*runtime.GOMAXPROCS(0), b.clock),
		Clock: b.clock, Location: true, Copies: 1, Log: log,
	})
	return b, nil
}

func (b *bench) close() error {
	var errs []error
	if b.puller != nil {
		errs = append(errs, b.puller.Close())
	}
	if b.spool != nil {
		errs = append(errs, b.spool.Close())
	}
	return errors.Join(append(errs, b.journal.Close())...)
}

// pullAll is the child process: every folder in dir `in` is a camera in a bay of
// its own, and all its recordings are brought onto the spool below dir `out`.
func pullAll(ctx context.Context, in, out string) (err error) {
	b, err := openBench(ctx, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if !b.spool.DirectIO() {
		fmt.Fprintln(os.Stderr, "bench: the filesystem of the spool has no direct I/O: reading back is slower and less honest")
	}
	folders, err := os.ReadDir(in)
	if err != nil {
		return err
	}
	driver, err := sim.NewDriver(nil)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for i, folder := range folders {
		var st unix.Stat_t
		if err := unix.Stat(filepath.Join(in, folder.Name()), &st); err != nil {
			return errors.Join(err, group.Wait())
		}
		at := dock.Attachment{
			Bay: dock.BayName(fmt.Sprintf("A%d", i+1)), Generation: dock.Generation(i + 1),
			Folder: &dock.Folder{Bay: in, Name: folder.Name(), Device: st.Dev, Inode: st.Ino},
		}
		group.Go(func() error { return b.empty(ctx, driver, at) })
	}
	return group.Wait()
}

// empty brings everything on one camera onto the spool.
func (b *bench) empty(ctx context.Context, driver *sim.Driver, at dock.Attachment) error {
	camera, err := driver.Open(ctx, at)
	if err != nil {
		return err
	}
	defer camera.Close()
	return b.pull(ctx, at, camera, nil)
}

// pull lists a camera and brings what it lists onto the spool. progress may be nil.
func (b *bench) pull(ctx context.Context, at dock.Attachment, camera dock.Camera, progress func(int64)) error {
	row := journal.Docking{ID: dock.NewDockingID(), Attachment: at, Info: camera.Info(), Began: b.clock.Now()}
	if err := b.journal.BeginDocking(ctx, row); err != nil {
		return err
	}
	listing, err := camera.List(ctx)
	if err != nil {
		return err
	}
	seen, err := b.journal.Reconcile(ctx, row.ID, listing, true, 1)
	if err != nil {
		return err
	}
	for _, item := range seen.Items {
		intent, err := b.puller.Pull(ctx, ingest.Pull{
			Docking: row, Recording: item.Recording, Entry: item.Entry, Camera: camera, Progress: progress,
		})
		if err != nil {
			return err
		}
		if intent.SizeBytes != item.Entry.SizeBytes {
			return fmt.Errorf("spooled %d of %d bytes", intent.SizeBytes, item.Entry.SizeBytes)
		}
	}
	return b.journal.EndDocking(ctx, row.ID, "everything is on the spool at "+time.Now().UTC().Format(time.RFC3339))
}
