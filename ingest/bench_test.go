package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// memoryCamera gives content without end from memory, so that a benchmark
// measures the station and not a camera.
type memoryCamera struct {
	fakeCamera
	block []byte
}

func (c *memoryCamera) Open(_ context.Context, e dock.Entry, offset int64) (io.ReadCloser, error) {
	return io.NopCloser(io.LimitReader(endless{c.block}, e.SizeBytes-offset)), nil
}

type endless struct{ block []byte }

func (r endless) Read(p []byte) (int, error) { return copy(p, r.block), nil }

// processorSeconds is what this process has used so far.
func processorSeconds() float64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// BenchmarkPull pulls recordings of 256 MiB from 1 and from 4 bays, and says
// what that costs beside one bare SHA-256 of the same bytes.
func BenchmarkPull(b *testing.B) {
	for _, bays := range []int{1, 4} {
		b.Run(fmt.Sprint(bays, " bays"), func(b *testing.B) { benchmarkPull(b, bays) })
	}
	b.Run("bare SHA-256", func(b *testing.B) {
		block := footage(1 << 20)
		b.SetBytes(1 << 20)
		began := processorSeconds()
		for b.Loop() {
			sha256.Sum256(block)
		}
		b.ReportMetric((processorSeconds()-began)/float64(b.N)*1024, "cpu-s/GiB")
	})
}

func benchmarkPull(b *testing.B, bays int) {
	const size = 256 << 20
	r := newRig(b)
	r.spool.disk = kernel{}
	block := footage(1 << 20)
	b.SetBytes(int64(bays) * size)
	b.ReportAllocs()
	began := processorSeconds()
	for b.Loop() {
		var group sync.WaitGroup
		for bay := range bays {
			camera := &memoryCamera{fakeCamera: fakeCamera{info: dock.CameraInfo{ID: dock.CameraID(fmt.Sprint(bay))}}, block: block}
			pull := r.see(&camera.fakeCamera, fmt.Sprint("B", bay))
			pull.Camera, pull.Entry.SizeBytes = camera, size
			group.Go(func() {
				intent, err := r.puller.Pull(b.Context(), pull)
				if err == nil {
					err = r.spool.Release(intent.Sealed)
				}
				if err != nil {
					b.Error(err)
				}
			})
		}
		group.Wait()
	}
	gib := float64(b.N) * float64(bays) * size / (1 << 30)
	b.ReportMetric((processorSeconds()-began)/gib, "cpu-s/GiB")
}

// BenchmarkSmallFile pulls recordings of 4 KiB one after the other.
func BenchmarkSmallFile(b *testing.B) {
	r := newRig(b)
	content := bytes.Repeat([]byte("x"), 4096)
	for b.Loop() {
		pull := r.see(newCamera("cam", content), "A1")
		if _, err := r.puller.Pull(b.Context(), pull); err != nil {
			b.Fatal(err)
		}
	}
}
