package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"berth/cmd/berth/view"
	"berth/cmd/internal/agency"
	"berth/config"
	"berth/dock"
)

func newDemo() *cobra.Command {
	var dir, size string
	var once bool
	timeout := 15 * time.Minute
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a whole station with three cameras, without any hardware",
		Long: "Makes a station in a directory: config, keys, four bays, three cameras that hold real MP4\n" +
			"recordings, and two stores. Then it docks the cameras and shows the way of every recording,\n" +
			"until all are erased from the cameras and opened again with the agency's key. Without --once\n" +
			"the station stays up. It can be run again over the same directory.",
		Example: "  berth demo --once\n  berth demo --dir ./demo",
		Args:    agency.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				temp, err := os.MkdirTemp("", "berth-demo-")
				if err != nil {
					return fmt.Errorf("make a directory for the demo: %w", err)
				}
				dir = temp
			}
			sizeBytes, err := config.ParseSize(size)
			if err != nil {
				return agency.Usage(fmt.Errorf("--size: %w", err))
			}
			return runDemo(cmd.Context(), dir, int64(sizeBytes), once, timeout)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "`DIR` where the demo lives (default: a fresh temporary directory)")
	cmd.Flags().BoolVar(&once, "once", false, "end when every recording is erased and verified; exit 0 only if all succeeded")
	cmd.Flags().StringVar(&size, "size", "600MB", "`SIZE`: how much the cameras hold together")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "with --once: give up after this time")
	return cmd
}

// runDemo sets the demo up, runs its station and shows it.
func runDemo(ctx context.Context, dir string, sizeBytes int64, once bool, timeout time.Duration) error {
	fmt.Printf("A docking station in %s\n", dir)
	home, err := prepareDemo(ctx, dir, sizeBytes)
	if err != nil {
		return fmt.Errorf("set up the demo: %w", err)
	}
	logFile, err := os.OpenFile(filepath.Join(home.dir, "station.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("set up the demo: %w", err)
	}
	defer logFile.Close()
	a, err := assemble(ctx, home.config, slog.New(slog.NewJSONHandler(logFile, nil)), wiring{demo: true})
	if err != nil {
		return err
	}
	result, err := home.play(ctx, a, once, timeout)
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	if !once {
		return nil
	}
	return home.report(ctx, result)
}

// played is what the demo saw while the station worked.
type played struct {
	began time.Time
	took  time.Duration
	last  dock.Status
}

// play runs the station, docks the cameras and shows what happens: until all
// is done, or, to stay, until somebody interrupts.
func (h *demoHome) play(ctx context.Context, a *appliance, once bool, timeout time.Duration) (played, error) {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	group, serving := errgroup.WithContext(serving)
	group.Go(func() error { return a.run(serving) })
	result := played{began: time.Now()}
	group.Go(func() error {
		defer stop()
		if err := h.dock(); err != nil {
			return err
		}
		live := view.NewLive(os.Stdout, screen, time.Now)
		defer live.Close()
		if !once {
			if err := live.Say("Copy a folder of videos into " + filepath.Join(h.dir, "bays", "A4") + " and watch. Ctrl-C ends the demo."); err != nil {
				return err
			}
		}
		var err error
		result.last, err = h.follow(serving, a.front, live, once, timeout)
		result.took = time.Since(result.began)
		return err
	})
	err := group.Wait()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil && !once {
		err = nil // interrupted: that is how the lasting demo ends
	}
	return result, err
}

// follow shows the status at every change until the cameras are done.
func (h *demoHome) follow(ctx context.Context, f front, live *view.Live, once bool, timeout time.Duration) (dock.Status, error) {
	late := time.NewTimer(timeout)
	defer late.Stop()
	frame := time.NewTicker(100 * time.Millisecond)
	defer frame.Stop()
	for {
		status := f.Status(ctx)
		if err := live.Show(withoutAdvice(status)); err != nil {
			return status, err
		}
		if once && h.finished(status) {
			return status, nil
		}
		select {
		case <-ctx.Done():
			return status, ctx.Err()
		case <-late.C:
			if once {
				return status, fmt.Errorf("not everything was done within %v; the table above says what waits, %s says more", timeout, filepath.Join(h.dir, "station.log"))
			}
		case <-frame.C:
		}
	}
}

// withoutAdvice leaves out what is to be improved before real use: the demo is
// about the way of the recordings, and berth status names the rest.
func withoutAdvice(status dock.Status) dock.Status {
	var urgent []dock.Problem
	for _, p := range status.Problems {
		if !p.Advice {
			urgent = append(urgent, p)
		}
	}
	status.Problems = urgent
	return status
}

// finished reports whether every camera of the demo is empty and ready.
func (h *demoHome) finished(status dock.Status) bool {
	ready := 0
	for _, b := range status.Bays {
		if b.State == dock.BayReady && b.Erased == b.RecordingsTotal {
			ready++
		}
	}
	return ready >= len(h.cameras)
}
