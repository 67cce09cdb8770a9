// Package demo makes what a try-out needs and no agency can lend: cameras full
// of recordings that every player opens.
//
// The recordings are short real clips, each grown to its size by a box of
// random bytes that players skip: they cost what real ones cost to read, hash
// and seal, cannot be compressed, and no two are alike. The same seed makes
// the same bytes. It knows nothing of stations, and docks nothing.
package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// Camera is one camera folder that was made.
type Camera struct {
	Folder string // its path
	ID     string // what its ID.TXT says
	Files  []File // every recording, in the order in which it was made
}

// File is one recording of a Camera.
type File struct {
	Name      string // path below the folder, with slashes
	SizeBytes int64
	Created   time.Time // what the recording itself says
}

// The clips that recordings begin with. Each has H.264 and AAC, a time and a
// place; stop.mp4 has its moov behind the pictures, the others before them.
var (
	//go:embed testdata/patrol.mp4
	patrol string
	//go:embed testdata/stop.mp4
	stop string
	//go:embed testdata/report.mp4
	report string
	//go:embed testdata/thumbnail.thm
	thumbnail string
)

const (
	camerasMade   = 3
	shortOnes     = 3       // recordings of a camera that are little more than a clip
	chapters      = 2       // recordings of a camera that share the rest: shift-sized
	shortestBytes = 8 << 10 // what the shortest are grown by
)

// LeastBytes is the smallest total that WriteCameras can make.
func LeastBytes() int64 {
	var n int64
	for i := range shortOnes + chapters {
		n += least(i)
	}
	return camerasMade * n
}

// WriteCameras makes three camera folders in dir whose recordings have total
// bytes together. Each has an identity file ID.TXT, recordings in DCIM/100ACME
// and a thumbnail in MISC. A folder appears in dir whole, by a rename; a name
// that is taken there is an error that wraps fs.ErrExist, before anything is
// written. When ctx ends or a write fails, no half camera is left behind.
func WriteCameras(ctx context.Context, dir string, seed uint64, total int64) ([]Camera, error) {
	if total < LeastBytes() {
		return nil, fmt.Errorf("make demo cameras: %d bytes are too few for %d cameras: give at least %d", total, camerasMade, LeastBytes())
	}
	cameras := plan(dir, total)
	for _, c := range cameras {
		if _, err := os.Lstat(c.Folder); err == nil {
			return nil, fmt.Errorf("make demo camera %s: %w", c.Folder, fs.ErrExist)
		}
	}
	for i, c := range cameras {
		if err := c.write(ctx, dir, seed, i); err != nil {
			return nil, fmt.Errorf("make demo camera %s: %w", c.ID, err)
		}
	}
	return cameras, nil
}

// plan says what will be made: the short recordings first, then the chapters
// of a long one, the first of which is the longer one.
func plan(dir string, total int64) []Camera {
	shift := time.Date(2025, 3, 14, 14, 0, 0, 0, time.UTC)
	cameras := make([]Camera, camerasMade)
	rest := total
	for i := range cameras {
		id := fmt.Sprintf("BC2-%05d", 417+i*104)
		c := Camera{ID: id, Folder: filepath.Join(dir, "ACME-"+id)}
		share := rest / int64(camerasMade-i)
		rest -= share
		const last = shortOnes + chapters - 1
		for n := range last + 1 {
			f := File{
				Name:    fmt.Sprintf("DCIM/100ACME/ACME%04d.MP4", n+1),
				Created: shift.Add(time.Duration(i*7+n*71) * time.Minute),
			}
			f.SizeBytes = least(n)
			switch n {
			case last - 1: // five eighths of what is left, but leave enough for a clip
				f.SizeBytes = max(f.SizeBytes, min(share*5/8, share-least(last)))
			case last:
				f.SizeBytes = share
			}
			share -= f.SizeBytes
			c.Files = append(c.Files, f)
		}
		cameras[i] = c
	}
	return cameras
}

// least is the smallest size of a camera's recording n.
func least(n int) int64 { return int64(len(clipOf(n))) + shortestBytes }

// clipOf is what a camera's recording n begins with.
func clipOf(n int) string { return []string{patrol, stop, report}[n%3] }

// write makes the camera beside its place and moves it there whole.
func (c Camera) write(ctx context.Context, dir string, seed uint64, number int) (err error) {
	fresh, err := os.MkdirTemp(dir, ".making-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(fresh))
		}
	}()
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	for _, small := range []struct {
		name, content string
	}{{"ID.TXT", c.ID + "\n"}, {"MISC/ACME0001.THM", thumbnail}} {
		to := filepath.Join(fresh, filepath.FromSlash(small.name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, []byte(small.content), 0o644); err != nil {
			return err
		}
	}
	for n, f := range c.Files {
		to := filepath.Join(fresh, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Join(fresh, filepath.FromSlash(path.Dir(f.Name))), 0o755); err != nil {
			return err
		}
		if err := writeRecording(ctx, to, f, clipOf(n), noiseOf(seed, number, n)); err != nil {
			return err
		}
	}
	return os.Rename(fresh, c.Folder)
}
