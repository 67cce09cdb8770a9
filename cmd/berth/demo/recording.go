package demo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"time"
)

// noiseOf is an endless stream of bytes that belongs to one recording of one
// camera of one seed.
func noiseOf(seed uint64, camera, recording int) *rand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	binary.LittleEndian.PutUint64(key[8:], uint64(camera))
	binary.LittleEndian.PutUint64(key[16:], uint64(recording))
	return rand.NewChaCha8(key)
}

// writeRecording writes the clip with its own time of creation, and behind it
// one box of noise that fills the file to its size.
func writeRecording(ctx context.Context, name string, f File, beginning string, noise *rand.ChaCha8) error {
	clip, err := createdAt(beginning, f.Created)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer file.Close() // the error that counts is that of the Close below
	left := f.SizeBytes - int64(len(clip))
	header := freeBox(left)
	left -= int64(len(header))
	if _, err := file.Write(append(clip, header...)); err != nil {
		return err
	}
	buffer := make([]byte, 1<<20)
	for left > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		piece := buffer[:min(left, int64(len(buffer)))]
		noise.Read(piece) // never fails
		if _, err := file.Write(piece); err != nil {
			return err
		}
		left -= int64(len(piece))
	}
	return file.Close()
}

// freeBox is the header of a box that players skip, of this size in all; a
// large one has its size in eight bytes more.
func freeBox(size int64) []byte {
	if size <= math.MaxUint32 {
		return append(binary.BigEndian.AppendUint32(nil, uint32(size)), "free"...)
	}
	return binary.BigEndian.AppendUint64([]byte{0, 0, 0, 1, 'f', 'r', 'e', 'e'}, uint64(size))
}

// createdAt is a copy of the clip that says it was made at this time: the two
// times of its mvhd, in seconds since 1904.
func createdAt(original string, at time.Time) ([]byte, error) {
	clip := []byte(original)
	i := bytes.Index(clip, []byte("lmvhd\x00\x00\x00\x00")) // 'l' ends the size of a header of version 0
	if i < 0 || len(clip) < i+17 {
		return nil, errors.New("the clip has no header of a movie")
	}
	const from1904To1970 = 2_082_844_800
	seconds := at.Unix() + from1904To1970
	if seconds < 0 || seconds > math.MaxUint32 {
		return nil, fmt.Errorf("%v is no time that a clip can say", at)
	}
	binary.BigEndian.PutUint32(clip[i+9:], uint32(seconds))
	binary.BigEndian.PutUint32(clip[i+13:], uint32(seconds))
	return clip, nil
}
