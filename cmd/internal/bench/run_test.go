package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"berth/dock"
)

func TestEveryRecordingOfEveryCameraIsSpooled(t *testing.T) {
	in, out := filepath.Join(t.TempDir(), "cameras"), filepath.Join(t.TempDir(), "station")
	files, err := makeCameras(t.Context(), in, cameras*smallest<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := pullAll(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	sealed, err := filepath.Glob(filepath.Join(out, "spool", "*.sealed"))
	if err != nil || len(sealed) != files {
		t.Errorf("%d of %d recordings are on the spool: %v", len(sealed), files, err)
	}
}

// A reader that comes late has let ready data wait.
func TestAPacedCameraTellsWhoWaitedForWhom(t *testing.T) {
	camera := &pacedCamera{sizeBytes: 3 * pacedChunk, block: make([]byte, pacedChunk)}
	reader, err := camera.Open(t.Context(), dock.Entry{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 2*pacedChunk)
	if n, err := reader.Read(buffer); n != pacedChunk || err != nil {
		t.Fatalf("the first chunk: %d bytes, %v", n, err)
	}
	camera.began = camera.began.Add(-time.Hour) // as if the reader had slept that long
	if _, err := reader.Read(buffer); err != nil || camera.stalls != 1 || camera.longest < 59*time.Minute {
		t.Errorf("after an hour: %v, %d stalls, the longest %s", err, camera.stalls, camera.longest)
	}
	if n, err := io.Copy(io.Discard, reader); n != pacedChunk || err != nil || camera.stalls != 1 {
		t.Errorf("the rest: %d bytes, %v, and one stall became %d", n, err, camera.stalls)
	}
	camera.verified(camera.sizeBytes)
	if camera.lastLag < 59*time.Minute || camera.verifyLag != camera.lastLag {
		t.Errorf("verified an hour late, and the lag is %s", camera.lastLag)
	}
}

func TestAToolThatFailsIsNoFigure(t *testing.T) {
	dir := t.TempDir()
	at := place{in: dir, out: filepath.Join(dir, "out"), tools: filepath.Join(dir, "tools")}
	failing := contender{name: "failing", script: `false; true`}
	if _, _, err := failing.run(t.Context(), at); err == nil {
		t.Error("a script whose first command failed was measured")
	}
	if _, err := os.Stat(at.out); err == nil {
		t.Error("what a contender wrote was left behind")
	}
}

// The pipe's other end is closed when the last process that has it is gone.
func TestAnInterruptLeavesNoToolRunning(t *testing.T) {
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	command := shell(ctx, place{}, `echo started; sleep 1000; true`)
	command.Stdout = in
	ended := make(chan error)
	go func() {
		_, err := measure(command)
		in.Close()
		ended <- err
	}()
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("an interrupted tool was measured")
	}
	if _, err := lines.ReadString('\n'); err != io.EOF {
		t.Errorf("its output ended with %v", err)
	}
}
