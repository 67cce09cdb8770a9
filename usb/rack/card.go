package rack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"berth/usb/rack/call"
	"berth/usb/rack/content"
)

// The filesystems that a card can have.
const (
	FAT16 = "fat16"
	FAT32 = "fat32"
	ExFAT = "exfat" // made and filled in a guest: few hosts can
	Ext4  = "ext4"
)

// Card says what a camera's medium is like. Equal cards are equal to the byte
// except for exFAT's and ext4's times.
type Card struct {
	Filesystem  string
	Partitioned bool // in the first partition of an MBR; otherwise it fills the disk
	MiB         int64
	Label       string // at most 11 capital letters and digits
	Seed        uint64
	Files       []call.File // Path and Size count
}

const (
	sectorSize     = 512
	partitionStart = 1 << 20 // bytes, where everybody begins the first one
	manyFiles      = 10_000  // mke2fs would take hours to fill a folder of more: a guest's kernel does
)

// Manifest is what must come out of the station: path, size and digest of every
// file, computed from the seed and not read from the card.
func (c Card) Manifest() []call.File {
	manifest := make([]call.File, 0, len(c.Files))
	for _, file := range c.Files {
		manifest = append(manifest, call.File{Path: file.Path, Size: file.Size, SHA256: content.SHA256(c.Seed, file.Path, file.Size), Kind: "file"})
	}
	return manifest
}

// offset is where the filesystem begins, in bytes.
func (c Card) offset() int64 {
	if c.Partitioned {
		return partitionStart
	}
	return 0
}

// Make makes the card's image, or finds it in the cache, and copies it to path.
// Only exFAT, and ext4 with very many files, need a guest, whose port 15 is free.
func (c Card) Make(ctx context.Context, cache string, r *Rack, path string) error {
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("naming a card: %w", err)
	}
	name := sha256.Sum256(text)
	kept := filepath.Join(cache, "cards", hex.EncodeToString(name[:8])+".img")
	if _, err := os.Stat(kept); err != nil {
		if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
			return fmt.Errorf("making a directory for cards: %w", err)
		}
		if err := c.format(ctx, r, kept+".part"); err != nil {
			return errors.Join(fmt.Errorf("making a card with %s: %w", c.Filesystem, err), os.Remove(kept+".part"))
		}
		if err := os.Rename(kept+".part", kept); err != nil {
			return fmt.Errorf("keeping a card: %w", err)
		}
	}
	return command(ctx, "cp", "--sparse=always", "--reflink=auto", kept, path)
}

func (c Card) format(ctx context.Context, r *Rack, path string) error {
	disk, err := os.Create(path)
	if err != nil {
		return err
	}
	defer disk.Close()
	if err := disk.Truncate(c.MiB << 20); err != nil {
		return err
	}
	if c.Partitioned {
		if _, err := disk.WriteAt(c.partitionTable(), 0); err != nil {
			return err
		}
	}
	if c.Filesystem == ExFAT || len(c.Files) > manyFiles {
		return c.fillInGuest(ctx, r, path)
	}
	below, err := os.MkdirTemp(filepath.Dir(path), "files-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(below)
	if err := c.lay(below); err != nil {
		return err
	}
	if c.Filesystem == Ext4 {
		return command(ctx, "mke2fs", "-q", "-F", "-t", "ext4", "-L", c.Label, "-d", below,
			"-E", fmt.Sprintf("offset=%d,root_owner=0:0,nodiscard", c.offset()), path, fmt.Sprintf("%dk", (c.MiB<<10)-c.offset()>>10))
	}
	return c.formatFAT(ctx, path, below)
}

// lay writes the card's files below a directory of the host.
func (c Card) lay(below string) error {
	for _, file := range c.Files {
		path := filepath.Join(below, file.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		out, err := os.Create(path)
		if err != nil {
			return err
		}
		if _, err := io.Copy(out, content.New(c.Seed, file.Path, file.Size)); err != nil {
			return errors.Join(err, out.Close())
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (c Card) formatFAT(ctx context.Context, path, below string) error {
	bits := c.Filesystem[len("fat"):]
	serial := fmt.Sprintf("%08x", uint32(c.Seed))
	if err := command(ctx, "mkfs.fat", "-F", bits, "-n", c.Label, "-i", serial, "--offset", strconv.FormatInt(c.offset()/sectorSize, 10),
		path, strconv.FormatInt((c.MiB<<10)-c.offset()>>10, 10)); err != nil {
		return err
	}
	entries, err := os.ReadDir(below)
	if err != nil || len(entries) == 0 {
		return err
	}
	arguments := []string{"-s", "-Q", "-i", fmt.Sprintf("%s@@%d", path, c.offset())}
	for _, entry := range entries {
		arguments = append(arguments, filepath.Join(below, entry.Name()))
	}
	return command(ctx, "mcopy", append(arguments, "::")...)
}

// fillInGuest lets the guest's kernel do what the host's cannot.
func (c Card) fillInGuest(ctx context.Context, r *Rack, path string) (err error) {
	if r == nil {
		return errors.New("this needs a guest")
	}
	const name, serial, limit = "card-maker", "CARDMAKER", 20 * time.Minute
	if err := r.Dock(ctx, Plug{Name: name, Port: strconv.Itoa(Ports), Disk: path, Serial: serial}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Undock(ctx, name)) }()
	device := "/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_" + serial + "-0:0"
	if c.Partitioned {
		device += "-part1"
	}
	if err := r.Guest.UntilThere(ctx, 3*time.Minute, device); err != nil {
		return err
	}
	const at = "/tmp/card-maker"
	script := "mkdir -p " + at + "; "
	if c.Filesystem == ExFAT {
		script += "mkfs.exfat -L " + c.Label + " " + device
	} else {
		script += "mkfs.ext4 -q -F -N 200000 -L " + c.Label + " " + device
	}
	if _, err := r.Guest.Shell(ctx, limit, script+"; mount "+device+" "+at); err != nil {
		return err
	}
	_, filled := r.Guest.Ask(ctx, call.Request{Op: call.Fill, Path: at, Seed: c.Seed, Files: c.Files, Timeout: limit})
	_, err = r.Guest.Run(ctx, limit, "umount", at)
	return errors.Join(filled, err)
}

// partitionTable is a master boot record with one partition over the rest of the
// disk.
func (c Card) partitionTable() []byte {
	kinds := map[string]byte{FAT16: 0x0e, FAT32: 0x0c, ExFAT: 0x07, Ext4: 0x83}
	record := make([]byte, sectorSize)
	binary.LittleEndian.PutUint32(record[440:], uint32(c.Seed)|1)
	first := record[446:]
	first[4] = kinds[c.Filesystem]
	binary.LittleEndian.PutUint32(first[8:], partitionStart/sectorSize)
	binary.LittleEndian.PutUint32(first[12:], uint32((c.MiB<<20-partitionStart)/sectorSize))
	record[510], record[511] = 0x55, 0xaa
	return record
}

// command runs a program of the host to its end.
func command(ctx context.Context, name string, arguments ...string) error {
	run := exec.CommandContext(ctx, name, arguments...)
	run.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	if out, err := run.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}
