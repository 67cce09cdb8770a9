package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

const (
	cameras  = 4
	smallest = 8    // MiB, of a recording
	largest  = 1024 // MiB
)

// recordingSizes shares out sizeMiB among the cameras: recordings of every power of two
// from the largest that one camera can hold down to the smallest, again and
// again, each to the camera that has least. The last one takes up the rest.
func recordingSizes(sizeMiB int64) [][]int64 {
	most := int64(smallest)
	for most*2 <= min(largest, sizeMiB/cameras) {
		most *= 2
	}
	var all []int64
	for size, left := most, sizeMiB; left > 0; size /= 2 {
		if size < smallest {
			size = most
		}
		if left < 2*smallest {
			size = left
		}
		for size > left {
			size /= 2
		}
		all, left = append(all, size), left-size
	}
	slices.Sort(all)
	slices.Reverse(all)
	shared, held := make([][]int64, cameras), make([]int64, cameras)
	for _, size := range all {
		least := slices.Index(held, slices.Min(held))
		shared[least], held[least] = append(shared[least], size), held[least]+size
	}
	return shared
}

// makeCameras writes the cameras' folders below dir and returns how many
// recordings they hold. No two share their noise, and none can be compressed.
func makeCameras(ctx context.Context, dir string, sizeBytes int64) (files int, err error) {
	for camera, sizes := range recordingSizes(sizeBytes >> 20) {
		folder := filepath.Join(dir, fmt.Sprintf("camera-%d", camera+1), "DCIM")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return 0, err
		}
		for i, mebibytes := range sizes {
			files++
			if err := writeNoise(ctx, filepath.Join(folder, fmt.Sprintf("%04d.mp4", i+1)), files, mebibytes); err != nil {
				return 0, err
			}
		}
	}
	return files, nil
}

func writeNoise(ctx context.Context, path string, number int, mebibytes int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], uint64(number))
	noise, block := rand.NewChaCha8(seed), make([]byte, 1<<20)
	for range mebibytes {
		noise.Read(block)
		if _, err := f.Write(block); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return f.Close()
}
