package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"berth/ingest"
)

// plan is what a person may choose.
type plan struct {
	sizeMiB int64
	rounds  int
	sources string // "tmpfs", "disk" or both, with a comma
	disk    string // directory for everything that lies on the disk
	memory  string // directory on a tmpfs
	paced   time.Duration
	bays    int
}

func main() {
	ingest.OverlapDisk()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// run is the comparison, or one of the child processes that it measures.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 3 && args[0] == pullWord {
		return pullAll(ctx, args[1], args[2])
	}
	if len(args) == 4 && args[0] == pacedWord {
		return pacedChild(ctx, args[1], args[2], args[3], out)
	}
	var p plan
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Int64Var(&p.sizeMiB, "size", 4096, "MiB of recordings on the four cameras together")
	flags.IntVar(&p.rounds, "rounds", 3, "how often each contender runs; what is shown are medians")
	flags.StringVar(&p.sources, "from", "tmpfs,disk", "where the cameras' recordings lie; empty: only the paced cameras")
	flags.StringVar(&p.disk, "dir", os.TempDir(), "a directory on the disk to measure; needs about four times the size")
	flags.StringVar(&p.memory, "tmpfs", "/dev/shm", "a directory on a tmpfs")
	flags.DurationVar(&p.paced, "paced", 15*time.Second, "how long the paced cameras record; 0 leaves them out")
	flags.IntVar(&p.bays, "bays", 24, "how many paced cameras there are")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if p.sizeMiB < smallest*cameras || p.rounds < 1 || flags.NArg() > 0 {
		return fmt.Errorf("need a size of at least %d MiB, a round, and flags only", smallest*cameras)
	}
	return p.run(ctx, out)
}

func (p plan) run(ctx context.Context, out io.Writer) (err error) {
	disk, err := os.MkdirTemp(p.disk, "berth-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(disk)) }()
	if disk, err = filepath.Abs(disk); err != nil { // the tools change their directory
		return err
	}
	describeMachine(out)
	for source := range strings.FieldsFuncSeq(p.sources, func(r rune) bool { return r == ',' }) {
		in := filepath.Join(disk, "cameras")
		if source == "tmpfs" {
			in = filepath.Join(p.memory, filepath.Base(disk))
		} else if source != "disk" {
			return fmt.Errorf("a source is tmpfs or disk and not %q", source)
		}
		if err := p.compare(ctx, source, in, disk, out); err != nil {
			return err
		}
	}
	if p.paced == 0 {
		return nil
	}
	return p.runPaced(ctx, disk, out)
}

// compare runs every contender over the cameras in directory in, in turns.
func (p plan) compare(ctx context.Context, source, in, disk string, out io.Writer) (err error) {
	defer func() { err = errors.Join(err, os.RemoveAll(in)) }()
	files, err := makeCameras(ctx, in, p.sizeMiB<<20)
	if err != nil {
		return fmt.Errorf("make the cameras' recordings: %w", err)
	}
	c := comparison{source: source, files: files, sizeBytes: p.sizeMiB << 20, cold: true}
	place := place{in: in, out: filepath.Join(disk, "out"), tools: filepath.Join(disk, "tools")}
	if err := os.MkdirAll(place.tools, 0o700); err != nil {
		return err
	}
	all, missing := contenders()
	for _, name := range missing {
		fmt.Fprintf(out, "%s is not installed and left out.\n", name)
	}
	for round := range p.rounds {
		for i := range all {
			contender := &all[(i+round)%len(all)]
			spent, cold, err := contender.run(ctx, place)
			if err != nil {
				return fmt.Errorf("%s: %w", contender.name, err)
			}
			c.cold = c.cold && cold
			contender.rounds = append(contender.rounds, spent)
			fmt.Fprintf(os.Stderr, "%s, round %d: %-34s %7.2f s %7.2f CPU-s %5d MiB\n",
				source, round+1, contender.name, spent.wall.Seconds(), spent.processor.Seconds(), spent.peakBytes>>20)
		}
	}
	c.contenders = all
	c.print(out)
	return nil
}
