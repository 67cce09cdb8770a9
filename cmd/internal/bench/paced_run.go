package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"berth/dock"
)

// pacedWord makes this program the child process that serves paced cameras.
const pacedWord = "paced"

// pacedResult is what the child process reports.
type pacedResult struct {
	Stalls                             int
	Longest, Verify, LastByte, Durable time.Duration // the worst of all cameras
}

// pacedChild brings one recording of each of the paced cameras onto a spool.
func pacedChild(ctx context.Context, dir, bays, sizeBytes string, out io.Writer) (err error) {
	n, err := strconv.Atoi(bays)
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(sizeBytes, 10, 64)
	if err != nil {
		return err
	}
	b, err := openBench(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	block := make([]byte, 4*pacedChunk)
	rand.NewChaCha8([32]byte{}).Read(block)
	group, ctx := errgroup.WithContext(ctx)
	all := make([]*pacedCamera, n)
	for i := range all {
		camera := &pacedCamera{name: fmt.Sprintf("camera-%d", i+1), sizeBytes: size, block: block}
		all[i] = camera
		at := dock.Attachment{Bay: dock.BayName(fmt.Sprintf("A%d", i+1)), Generation: dock.Generation(i + 1)}
		group.Go(func() error {
			// The pull is over before its docking is ended in the journal, in
			// the same transaction queue: the figure is an upper bound.
			err := b.pull(ctx, at, camera, camera.verified)
			camera.finished()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var worst pacedResult
	for _, camera := range all {
		worst.Stalls += camera.stalls
		worst.Longest = max(worst.Longest, camera.longest)
		worst.Verify = max(worst.Verify, camera.verifyLag)
		worst.LastByte = max(worst.LastByte, camera.lastLag)
		worst.Durable = max(worst.Durable, camera.durableLag)
	}
	return json.NewEncoder(out).Encode(worst)
}

// runPaced serves the paced cameras and prints how that went.
func (p plan) runPaced(ctx context.Context, disk string, out io.Writer) error {
	own, err := os.Executable()
	if err != nil {
		return err
	}
	dir := filepath.Join(disk, "paced")
	defer os.RemoveAll(dir)
	cool()
	size := int64(p.paced.Seconds() * pace)
	command := exec.CommandContext(ctx, own, pacedWord, dir, strconv.Itoa(p.bays), strconv.FormatInt(size, 10))
	var answer bytes.Buffer
	command.Stdout = &answer
	took, err := measure(command)
	if err != nil {
		return fmt.Errorf("paced cameras: %w", err)
	}
	var worst pacedResult
	if err := json.Unmarshal(answer.Bytes(), &worst); err != nil {
		return fmt.Errorf("paced cameras: %w", err)
	}
	gib := float64(size) * float64(p.bays) / (1 << 30)
	fmt.Fprintf(out, "\n%d paced cameras of %d MB/s for %s, %.1f GiB, load %s\n\n", p.bays, pace/1_000_000, p.paced, gib, load())
	for _, l := range []struct{ what, value, aim string }{
		{"reader stalls (ready data waited > 1 s)", strconv.Itoa(worst.Stalls), "0"},
		{"longest wait of ready data", worst.Longest.Round(time.Millisecond).String(), ""},
		{"last byte verified after it came, worst", worst.LastByte.Round(time.Millisecond).String(), "500ms"},
		{"any byte verified after it came, worst", worst.Verify.Round(time.Millisecond).String(), ""},
		{"durable and journalled, worst", worst.Durable.Round(time.Millisecond).String(), ""},
		{"CPU-s per GiB", fmt.Sprintf("%.2f", took.processor.Seconds()/gib), ""},
		{"processors used", fmt.Sprintf("%.2f", took.processor.Seconds()/took.wall.Seconds()), ""},
		{"peak MiB", strconv.FormatInt(took.peakBytes>>20, 10), strconv.Itoa(memoryBase + memoryPerBay*p.bays)},
	} {
		fmt.Fprintf(out, "| %-42s | %10s | %6s |\n", l.what, l.value, l.aim)
	}
	return nil
}
