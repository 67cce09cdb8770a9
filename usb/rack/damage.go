package rack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"berth/usb/rack/content"
)

// Find gives the sector of an image at which a file's content begins: the first
// sector of a card's file stands nowhere else.
func Find(image string, seed uint64, path string, size int64) (int64, error) {
	want := make([]byte, sectorSize)
	if _, err := io.ReadFull(content.New(seed, path, size), want); err != nil {
		return 0, fmt.Errorf("a file of less than a sector is not looked for: %w", err)
	}
	disk, err := os.Open(image)
	if err != nil {
		return 0, fmt.Errorf("looking for a file in an image: %w", err)
	}
	defer disk.Close()
	block := make([]byte, 1<<20)
	for offset := int64(0); ; offset += int64(len(block)) {
		n, err := disk.ReadAt(block, offset)
		for at := 0; at+sectorSize <= n; at += sectorSize {
			if bytes.Equal(block[at:at+sectorSize], want) {
				return (offset + int64(at)) / sectorSize, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return 0, errors.New("the file's content is not in the image")
		}
		if err != nil {
			return 0, fmt.Errorf("looking for a file in an image: %w", err)
		}
	}
}

// FATImage is a card with FAT and no partitions, to be damaged. The offsets are
// those of Microsoft's FAT specification 1.03.
type FATImage struct {
	disk    *os.File
	table   int64 // offset of the first table, bytes
	size    int64 // of one table, bytes
	tables  int64
	root    int64 // offset of FAT16's root directory; of the first cluster with FAT32
	data    int64 // offset of cluster 2
	cluster int64 // bytes
	wide    bool  // FAT32
}

// OpenFAT opens an image whose whole disk is one FAT filesystem.
func OpenFAT(path string) (*FATImage, error) {
	disk, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a card to damage it: %w", err)
	}
	boot := make([]byte, sectorSize)
	if _, err := disk.ReadAt(boot, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("reading a card's first sector: %w", err), disk.Close())
	}
	short := func(at int) int64 { return int64(binary.LittleEndian.Uint16(boot[at:])) }
	f := &FATImage{disk: disk, tables: int64(boot[16]), cluster: int64(boot[13]) * sectorSize, size: short(22) * sectorSize}
	if f.size == 0 {
		f.wide = true
		f.size = int64(binary.LittleEndian.Uint32(boot[36:])) * sectorSize
	}
	f.table = short(14) * sectorSize
	f.root = f.table + f.tables*f.size
	f.data = f.root + short(17)*32
	if short(11) != sectorSize || f.tables == 0 || f.cluster == 0 {
		return nil, errors.Join(errors.New("the card to be damaged has no FAT"), disk.Close())
	}
	return f, nil
}

// Close ends the damaging.
func (f *FATImage) Close() error { return f.disk.Close() }

// set makes one cluster lead to another, in every table.
func (f *FATImage) set(cluster, next uint32) error {
	width := int64(2)
	if f.wide {
		width = 4
	}
	value := make([]byte, 4)
	binary.LittleEndian.PutUint32(value, next)
	for table := range f.tables {
		if _, err := f.disk.WriteAt(value[:width], f.table+table*f.size+int64(cluster)*width); err != nil {
			return fmt.Errorf("damaging a table: %w", err)
		}
	}
	return nil
}

// first gives the first cluster of the entry with this name, wherever its
// directory lies: 8 and 3 characters, filled up with spaces.
func (f *FATImage) first(name string) (uint32, error) {
	region := make([]byte, 8<<20)
	n, err := f.disk.ReadAt(region, f.root)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("looking for a directory: %w", err)
	}
	for at := 0; at+32 <= n; at += 32 {
		if string(region[at:at+11]) == name {
			high, low := binary.LittleEndian.Uint16(region[at+20:]), binary.LittleEndian.Uint16(region[at+26:])
			return uint32(high)<<16 | uint32(low), nil
		}
	}
	return 0, fmt.Errorf("the card has no %q", name)
}

// The directories and files of the cards that are damaged.
const (
	firstFolder  = "100BERTH   "
	secondFolder = "101BERTH   "
	oneClip      = "CLIP0001MP4"
	otherClip    = "CLIP0002MP4"
)

// Loop makes a directory that never ends, and a recording that runs in a circle.
func (f *FATImage) Loop() error {
	folder, err := f.first(firstFolder)
	if err != nil {
		return err
	}
	clip, err := f.first(oneClip)
	if err != nil {
		return err
	}
	return errors.Join(f.set(folder, folder), f.set(clip, clip))
}

// Cross makes one recording go on in the middle of another.
func (f *FATImage) Cross() error {
	one, err := f.first(oneClip)
	if err != nil {
		return err
	}
	other, err := f.first(otherClip)
	if err != nil {
		return err
	}
	return f.set(one, other+1)
}

// Garbage fills a directory with random bytes, after its first two entries.
func (f *FATImage) Garbage() error {
	folder, err := f.first(secondFolder)
	if err != nil {
		return err
	}
	garbage := make([]byte, f.cluster-64)
	rand.NewChaCha8([32]byte{1}).Read(garbage)
	if _, err := f.disk.WriteAt(garbage, f.data+int64(folder-2)*f.cluster+64); err != nil {
		return fmt.Errorf("damaging a directory: %w", err)
	}
	return nil
}
