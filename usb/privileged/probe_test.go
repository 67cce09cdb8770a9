package privileged_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"berth/usb/privileged"
)

// poke writes bytes into an image.
func poke(t *testing.T, image string, at int64, content ...byte) {
	t.Helper()
	file, err := os.OpenFile(image, os.O_RDWR, 0)
	must(t, err)
	defer file.Close()
	_, err = file.WriteAt(content, at)
	must(t, err)
}

func TestVolumesSayWhatTheyAre(t *testing.T) {
	for name, try := range map[string]struct {
		size int64
		mkfs []string
		poke func(image string)
		want privileged.VolumeInfo
	}{
		"FAT12":  {4 << 20, []string{"mkfs.vfat", "-F", "12", "-i", "1a2b3c4d"}, nil, privileged.VolumeInfo{Kind: privileged.VFAT, UUID: "1a2b-3c4d"}},
		"FAT16":  {32 << 20, []string{"mkfs.vfat", "-F", "16", "-i", "1a2b3c4d"}, nil, privileged.VolumeInfo{Kind: privileged.VFAT, UUID: "1a2b-3c4d"}},
		"FAT32":  {64 << 20, []string{"mkfs.vfat", "-F", "32", "-s", "1", "-i", "1a2b3c4d"}, nil, privileged.VolumeInfo{Kind: privileged.VFAT, UUID: "1a2b-3c4d"}},
		"no id":  {64 << 20, []string{"mkfs.vfat", "-F", "32", "-s", "1", "-i", "00000000"}, nil, privileged.VolumeInfo{Kind: privileged.VFAT}},
		"sparse": {64 << 20, []string{"true"}, nil, privileged.VolumeInfo{}},
		"dirty FAT32": {64 << 20, []string{"mkfs.vfat", "-F", "32", "-s", "1", "-i", "1a2b3c4d"}, func(image string) { poke(t, image, 0x41, 1) },
			privileged.VolumeInfo{Kind: privileged.VFAT, UUID: "1a2b-3c4d", Dirty: true}},
		"dirty table of FAT32": {64 << 20, []string{"mkfs.vfat", "-F", "32", "-s", "1", "-i", "1a2b3c4d"}, func(image string) { poke(t, image, 32*512+7, 0x07) },
			privileged.VolumeInfo{Kind: privileged.VFAT, UUID: "1a2b-3c4d", Dirty: true}},
		"dirty FAT16": {32 << 20, []string{"mkfs.vfat", "-F", "16", "-i", "1a2b3c4d"}, func(image string) { poke(t, image, 0x25, 1) },
			privileged.VolumeInfo{Kind: privileged.VFAT, UUID: "1a2b-3c4d", Dirty: true}},
		"ext4": {32 << 20, []string{"mke2fs", "-q", "-F", "-t", "ext4", "-U", "5a1f0f5e-0000-4000-8000-00000000000a"}, nil,
			privileged.VolumeInfo{Kind: privileged.Ext4, UUID: "5a1f0f5e-0000-4000-8000-00000000000a"}},
		"ext4 with errors": {32 << 20, []string{"mke2fs", "-q", "-F", "-t", "ext4", "-U", "5a1f0f5e-0000-4000-8000-00000000000a"},
			func(image string) { poke(t, image, 1024+0x3a, 3) },
			privileged.VolumeInfo{Kind: privileged.Ext4, UUID: "5a1f0f5e-0000-4000-8000-00000000000a", Dirty: true}},
		"ext4 with mount options": {32 << 20, []string{"mke2fs", "-q", "-F", "-t", "ext4"},
			func(image string) { poke(t, image, 1024+0x200, []byte("journal_dev=0x801")...) }, privileged.VolumeInfo{}},
		"ext4 with a journal elsewhere": {32 << 20, []string{"mke2fs", "-q", "-F", "-t", "ext4"},
			func(image string) { poke(t, image, 1024+0xe4, 1, 8, 0, 0) }, privileged.VolumeInfo{}},
		"exFAT":       {32 << 20, []string{"mkfs.exfat"}, func(image string) { poke(t, image, 100, 0x4d, 0x3c, 0x2b, 0x1a) }, privileged.VolumeInfo{Kind: privileged.ExFAT, UUID: "1a2b-3c4d"}},
		"dirty exFAT": {32 << 20, []string{"mkfs.exfat"}, func(image string) { poke(t, image, 100, 0x4d, 0x3c, 0x2b, 0x1a); poke(t, image, 106, 2) }, privileged.VolumeInfo{Kind: privileged.ExFAT, UUID: "1a2b-3c4d", Dirty: true}},
	} {
		t.Run(name, func(t *testing.T) {
			image := formatted(t, try.size, try.mkfs...)
			if try.poke != nil {
				try.poke(image)
			}
			_, local, device := plugged(t, image)
			volumes, err := local.Volumes(t.Context(), device)
			must(t, err)
			try.want.SizeBytes = try.size
			if len(volumes) != 1 || volumes[0] != try.want {
				t.Errorf("got %+v; want %+v", volumes, try.want)
			}
			if try.want.Kind == privileged.Unknown {
				if m, err := local.Mount(t.Context(), device, whole, privileged.ReadOnly); err == nil {
					m.Close()
					t.Error("mounted what is not known")
				}
			}
		})
	}
}

func TestEveryPartitionOfEveryUnitIsAVolume(t *testing.T) {
	image := blank(t, 64<<20)
	// The kernel shows an extended partition with the two sectors of its table.
	table(t, image, partition{0x0c, 2048, 16384}, partition{0x83, 22528, 16384}, partition{0x0c, 60000, 2})
	first, second := formatted(t, 8<<20, "mkfs.vfat", "-F", "12"), formatted(t, 8<<20, "mke2fs", "-q", "-F", "-t", "ext4")
	for at, from := range map[int64]string{2048 * 512: first, 22528 * 512: second} {
		content, err := os.ReadFile(from)
		must(t, err)
		poke(t, image, at, content...)
	}
	_, local, device := plugged(t, image, formatted(t, 32<<20, "mkfs.exfat"))
	volumes, err := local.Volumes(t.Context(), device)
	must(t, err)
	want := map[privileged.Volume]privileged.FilesystemKind{
		{Partition: 1}: privileged.VFAT, {Partition: 2}: privileged.Ext4, {LUN: 1}: privileged.ExFAT,
	}
	for _, v := range volumes {
		if kind, expected := want[v.Volume]; !expected || kind != v.Kind {
			t.Errorf("volume %+v is not expected", v)
		}
		delete(want, v.Volume)
	}
	if len(want) != 0 {
		t.Errorf("not listed: %v", want)
	}
	if m, err := local.Mount(t.Context(), device, privileged.Volume{Partition: 2}, privileged.ReadOnly); err != nil {
		t.Error(err)
	} else {
		m.Close()
	}
	if m, err := local.Mount(t.Context(), device, privileged.Volume{Partition: 7}, privileged.ReadOnly); err == nil {
		m.Close()
		t.Error("mounted a partition that is not there")
	}
}

// partition is one line of a table, in sectors.
type partition struct {
	kind         byte
	start, count uint32
}

// table writes a partition table (MBR).
func table(t *testing.T, image string, partitions ...partition) {
	t.Helper()
	for i, p := range partitions {
		line := make([]byte, 16)
		line[4] = p.kind
		binary.LittleEndian.PutUint32(line[8:], p.start)
		binary.LittleEndian.PutUint32(line[12:], p.count)
		poke(t, image, 446+16*int64(i), line...)
	}
	poke(t, image, 510, 0x55, 0xaa)
}

func TestCheckFindsDamageAndRepairsNothing(t *testing.T) {
	fat := []string{"mkfs.vfat", "-F", "32", "-s", "1"}
	for name, try := range map[string]struct {
		size  int64
		mkfs  []string
		poke  func(image string)
		whole bool
	}{
		"ext4":           {32 << 20, []string{"mke2fs", "-q", "-F", "-t", "ext4"}, func(string) {}, true},
		"damaged ext4":   {32 << 20, []string{"mke2fs", "-q", "-F", "-t", "ext4", "-O", "^metadata_csum"}, func(image string) { run(t, "debugfs", "-w", "-R", "clri lost+found", image) }, false},
		"FAT":            {64 << 20, fat, func(string) {}, true},
		"dirty FAT":      {64 << 20, fat, func(image string) { poke(t, image, 0x41, 1) }, true},
		"damaged FAT":    {64 << 20, fat, func(image string) { poke(t, image, 32*512+4*500, 1, 2, 0, 0) }, false},
		"no filesystem":  {64 << 20, []string{"true"}, func(string) {}, false},
		"exFAT":          {32 << 20, []string{"mkfs.exfat"}, func(string) {}, true},
		"dirty exFAT":    {32 << 20, []string{"mkfs.exfat"}, func(image string) { poke(t, image, 106, 2) }, true},
		"damaged exFAT":  {32 << 20, []string{"mkfs.exfat"}, func(image string) { poke(t, image, 0x50, 0xff) }, false},
		"two bad marks":  {64 << 20, fat, func(image string) { poke(t, image, 0x41, 1); poke(t, image, 32*512+4*500, 1, 2, 0, 0) }, false},
		"wrong FAT copy": {64 << 20, fat, func(image string) { poke(t, image, 32*512+4*600, 0xff, 0xff, 0xff, 0x0f) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			image := formatted(t, try.size, try.mkfs...)
			try.poke(image)
			before, err := os.ReadFile(image)
			must(t, err)
			_, local, device := plugged(t, image)
			if err := local.Check(t.Context(), device, whole); (err == nil) != try.whole {
				t.Errorf("check: %v", err)
			}
			after, err := os.ReadFile(image)
			must(t, err)
			if !bytes.Equal(before, after) {
				t.Error("the check changed the device")
			}
		})
	}
}
