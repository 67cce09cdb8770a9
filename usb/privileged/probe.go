package privileged

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// probeBytes is how much of a volume says what it is: ext4's superblock ends there.
const probeBytes = 2048

// probe says what the first blocks of a volume claim to be, by the rules of the
// kernel's drivers. A volume that is too short for any of them is Unknown.
func probe(r io.ReaderAt) (VolumeInfo, error) {
	head := make([]byte, probeBytes)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return VolumeInfo{}, fmt.Errorf("read the beginning of a volume: %w", err)
	}
	if n < probeBytes {
		return VolumeInfo{}, nil
	}
	if info, ok := probeExFAT(head); ok {
		return info, nil
	}
	if info, ok := probeExt4(head[1024:]); ok {
		return info, nil
	}
	if f, ok := readFAT(head); ok {
		return f.probe(r, head)
	}
	return VolumeInfo{}, nil
}

// probeExFAT reads the main boot sector (exFAT specification, section 3.1).
func probeExFAT(boot []byte) (VolumeInfo, bool) {
	if string(boot[3:11]) != "EXFAT   " || boot[510] != 0x55 || boot[511] != 0xaa {
		return VolumeInfo{}, false
	}
	const volumeDirty, mediaFailure = 1 << 1, 1 << 2
	return VolumeInfo{
		Kind: ExFAT, UUID: volumeID(binary.LittleEndian.Uint32(boot[100:])),
		Dirty: binary.LittleEndian.Uint16(boot[106:])&(volumeDirty|mediaFailure) != 0,
	}, true
}

// probeExt4 reads the superblock (Linux, ext4 data structures and algorithms,
// "The Super Block"). One that names another disk as its journal, or brings
// mount options along, is none that anybody mounts here: both would reach
// beyond the volume.
func probeExt4(super []byte) (VolumeInfo, bool) {
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(super[at:]) }
	if binary.LittleEndian.Uint16(super[0x38:]) != 0xef53 {
		return VolumeInfo{}, false
	}
	const hasJournal = 0x4 // compatible features
	const recover, journalDevice = 0x4, 0x8
	compatible, incompatible := word(0x5c), word(0x60)
	external := compatible&hasJournal != 0 && (word(0xe4) != 0 || word(0xe0) == 0)
	if incompatible&journalDevice != 0 || external || super[0x200] != 0 {
		return VolumeInfo{}, true
	}
	const valid, errorsFound = 1, 2
	state := binary.LittleEndian.Uint16(super[0x3a:])
	replay := incompatible&recover != 0
	id := hex.EncodeToString(super[0x68:0x78])
	return VolumeInfo{
		Kind: Ext4, UUID: id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:],
		Dirty: replay || state&valid == 0 || state&errorsFound != 0, Replay: replay,
	}, true
}

// probe of a FAT volume also looks at what the first entries of its table say
// (fatgen103, "FAT[1]"): a system that stops in the middle clears a bit there
// or sets one in the boot sector. FAT12 has only the latter.
func (f fat) probe(r io.ReaderAt, boot []byte) (VolumeInfo, error) {
	state, id := boot[0x25], boot[0x27:]
	if f.bits == 32 {
		state, id = boot[0x41], boot[0x43:]
	}
	info := VolumeInfo{Kind: VFAT, UUID: volumeID(binary.LittleEndian.Uint32(id)), Dirty: state&3 != 0}
	if f.bits == 12 {
		return info, nil
	}
	entry := make([]byte, f.bits/8)
	if _, err := r.ReadAt(entry, f.table+int64(len(entry))); err != nil {
		return VolumeInfo{}, fmt.Errorf("read the beginning of a file allocation table: %w", err)
	}
	const good = 0xc0 // clean shutdown, no errors met
	clean := entry[1]&good == good
	if f.bits == 32 {
		clean = entry[3]&(good>>4) == good>>4
	}
	info.Dirty = info.Dirty || !clean
	return info, nil
}

// volumeID writes a serial number as other systems show it.
func volumeID(id uint32) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprintf("%04x-%04x", id>>16, id&0xffff)
}
