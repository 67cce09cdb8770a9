package privileged

import (
	"encoding/binary"
	"math/bits"
)

// fat is where things are on a FAT volume, in bytes from its beginning, as the
// kernel's driver works it out (fs/fat/inode.c), which is not in every corner
// what the specification says.
type fat struct {
	bits         int // 12, 16 or 32
	table        int64
	tableBytes   int64
	root         int64 // FAT12 and FAT16: a place of fixed size
	rootBytes    int64
	rootCluster  uint32 // FAT32
	data         int64  // of cluster 2
	clusterBytes int64
	clusters     uint32 // numbers from 2 on
}

// lastCluster is the largest number of a cluster that FAT32 has.
const lastCluster = 0x0ffffff6

// readFAT reads a boot sector; false if it is none of FAT.
func readFAT(boot []byte) (fat, bool) {
	half := func(at int) int64 { return int64(binary.LittleEndian.Uint16(boot[at:])) }
	full := func(at int) int64 { return int64(binary.LittleEndian.Uint32(boot[at:])) }
	sector, perCluster, tables := half(11), int64(boot[13]), int64(boot[16])
	media := boot[21]
	switch {
	case half(14) == 0 || tables == 0: // reserved sectors, tables
		return fat{}, false
	case media < 0xf8 && media != 0xf0:
		return fat{}, false
	case sector < 512 || sector > 4096 || bits.OnesCount16(uint16(sector)) != 1:
		return fat{}, false
	case bits.OnesCount8(uint8(perCluster)) != 1:
		return fat{}, false
	}
	f := fat{bits: 32, table: half(14) * sector, tableBytes: half(22) * sector, clusterBytes: perCluster * sector}
	if f.tableBytes == 0 {
		f.tableBytes = full(36) * sector
		f.rootCluster = uint32(full(44))
	}
	f.root = f.table + tables*f.tableBytes
	f.rootBytes = half(17) * 32
	f.data = f.root + (f.rootBytes+sector-1)/sector*sector
	total := half(19)
	if total == 0 {
		total = full(32)
	}
	clusters := (total*sector - f.data) / f.clusterBytes
	if f.tableBytes == 0 || clusters <= 0 {
		return fat{}, false
	}
	if half(22) != 0 {
		f.bits = 16
		if clusters <= 4084 {
			f.bits = 12
		}
	}
	// No more clusters than the table has places for.
	clusters = min(clusters, f.tableBytes*8/int64(f.bits)-2)
	if clusters <= 0 || clusters > lastCluster {
		return fat{}, false
	}
	f.clusters = uint32(clusters)
	return f, true
}
