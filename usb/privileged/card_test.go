package privileged

import (
	"encoding/binary"
	"unicode/utf16"
)

// card is a FAT or exFAT volume that a test writes byte by byte.
type card struct {
	bytes   []byte
	kind    int // 12, 16, 32; 64 stands for exFAT
	cluster int // bytes
	table   int
	root    int // of FAT12 and FAT16
	data    int // of cluster 2
	next    uint32
}

const sector = 512

// newCard formats one with clusters of one sector.
func newCard(kind int) *card {
	clusters := map[int]int{12: 2000, 16: 5000, 32: 5000, 64: 5000}[kind]
	tableSectors := (clusters*4 + 8 + sector - 1) / sector
	c := &card{kind: kind, cluster: sector, table: 32 * sector, next: 2}
	c.root = c.table + tableSectors*sector
	c.data = c.root
	if kind == 12 || kind == 16 {
		c.data += 16 * sector
	}
	c.bytes = make([]byte, c.data+clusters*sector)
	b := c.bytes
	half, full := binary.LittleEndian.PutUint16, binary.LittleEndian.PutUint32
	b[510], b[511] = 0x55, 0xaa
	if kind == 64 {
		copy(b[3:], "EXFAT   ")
		full(b[80:], 32)
		full(b[88:], uint32(c.data/sector))
		full(b[92:], uint32(clusters))
		full(b[96:], 2)
		full(b[100:], 0x1a2b3c4d)
		b[108], b[109] = 9, 0
	} else {
		half(b[11:], sector)
		b[13], b[16], b[21] = 1, 1, 0xf8
		half(b[14:], 32)
		full(b[32:], uint32(len(b)/sector))
		id := b[0x27:]
		if kind == 32 {
			full(b[36:], uint32(tableSectors))
			full(b[44:], 2)
			id = b[0x43:]
		} else {
			half(b[17:], 16*16)
			half(b[22:], uint16(tableSectors))
		}
		full(id, 0x1a2b3c4d)
	}
	c.link(1, 0xffffffff)
	if kind >= 32 {
		c.chain(1) // the root
	}
	return c
}

// link writes one entry of the table.
func (c *card) link(cluster, next uint32) {
	switch c.kind {
	case 12:
		at := c.table + int(cluster)*3/2
		now := binary.LittleEndian.Uint16(c.bytes[at:])
		if cluster&1 == 1 {
			now = now&0x000f | uint16(next)<<4
		} else {
			now = now&0xf000 | uint16(next)&0x0fff
		}
		binary.LittleEndian.PutUint16(c.bytes[at:], now)
	case 16:
		binary.LittleEndian.PutUint16(c.bytes[c.table+2*int(cluster):], uint16(next))
	default:
		binary.LittleEndian.PutUint32(c.bytes[c.table+4*int(cluster):], next)
	}
}

// chain takes free clusters for a chain of this length.
func (c *card) chain(length int) (first uint32) {
	first = c.next
	for range length - 1 {
		c.link(c.next, c.next+1)
		c.next++
	}
	c.link(c.next, 0xffffffff)
	c.next++
	return first
}

// place is where a cluster's bytes are.
func (c *card) place(cluster uint32) []byte {
	return c.bytes[c.data+int(cluster-2)*c.cluster:][:c.cluster]
}

// rootPlace is where the root's entries begin.
func (c *card) rootPlace() []byte {
	if c.kind < 32 {
		return c.bytes[c.root:c.data]
	}
	return c.place(2)
}

// put writes entries into a folder, after those that are there.
func put(folder []byte, entries ...[]byte) {
	at := 0
	for at < len(folder) && folder[at] != 0 {
		at += entryBytes
	}
	for _, entry := range entries {
		at += copy(folder[at:], entry)
	}
}

// short is a file or folder of FAT without a long name.
func short(name string, attributes byte, first uint32, size uint32) []byte {
	e := make([]byte, entryBytes)
	copy(e, name)
	e[11] = attributes
	binary.LittleEndian.PutUint16(e[26:], uint16(first))
	binary.LittleEndian.PutUint16(e[20:], uint16(first>>16))
	binary.LittleEndian.PutUint32(e[28:], size)
	return e
}

// long is a file of FAT with a long name.
func long(name string, attributes byte, first, size uint32) [][]byte {
	last := short("LONG    MP4", attributes, first, size)
	units := append(utf16.Encode([]rune(name)), 0)
	for len(units)%longNamePart != 0 {
		units = append(units, 0xffff)
	}
	var entries [][]byte
	for part := len(units) / longNamePart; part > 0; part-- {
		e := make([]byte, entryBytes)
		e[0], e[11], e[13] = byte(part), attrLongName, checksum(last[:11])
		if len(entries) == 0 {
			e[0] |= 0x40
		}
		for i, at := range [longNamePart]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
			binary.LittleEndian.PutUint16(e[at:], units[(part-1)*longNamePart+i])
		}
		entries = append(entries, e)
	}
	return append(entries, last)
}

// fileSet is a file or folder of exFAT.
func fileSet(name string, attributes uint16, first uint32, size, valid uint64, noChain bool) [][]byte {
	file, stream := make([]byte, entryBytes), make([]byte, entryBytes)
	file[0], stream[0] = exFATFile, exFATStream
	binary.LittleEndian.PutUint16(file[4:], attributes)
	stream[1] = 1
	if noChain {
		stream[1] |= 2
	}
	units := utf16.Encode([]rune(name))
	stream[3] = byte(len(units))
	binary.LittleEndian.PutUint64(stream[8:], valid)
	binary.LittleEndian.PutUint32(stream[20:], first)
	binary.LittleEndian.PutUint64(stream[24:], size)
	entries := [][]byte{file, stream}
	for len(units) > 0 {
		part := make([]byte, entryBytes)
		part[0] = exFATName
		for i := 0; i < 15 && len(units) > 0; i++ {
			binary.LittleEndian.PutUint16(part[2+2*i:], units[0])
			units = units[1:]
		}
		entries = append(entries, part)
	}
	file[1] = byte(len(entries) - 1)
	return entries
}
