package privileged

import (
	"encoding/binary"
	"io"
)

// What a folder of FAT is made of (fatgen103, "FAT Directory Structure").
const (
	entryBytes   = 32
	attrVolume   = 0x08
	attrFolder   = 0x10
	attrLongName = 0x0f
	longNamePart = 13 // characters
)

// fat walks the folders of a FAT volume.
func (v *volumeReader) fat(f fat) ([]Unfinished, error) {
	v.tableBits, v.mask = f.bits, 1<<min(f.bits, 28)-1
	v.table, v.data, v.clusterBytes, v.clusters = f.table, f.data, f.clusterBytes, f.clusters
	p := &fatFolder{volume: v}
	if f.bits == 32 {
		p.waiting = []folder{{first: f.rootCluster}}
	} else {
		root := make([]byte, f.rootBytes)
		if _, err := v.r.ReadAt(root, f.root); err != nil && err != io.EOF {
			return nil, err
		}
		p.take(root)
	}
	for len(p.waiting) > 0 && p.err == nil {
		p.folder = p.waiting[len(p.waiting)-1]
		p.waiting, p.long = p.waiting[:len(p.waiting)-1], nil
		if err := v.pieces(p.folder, p.take); err != nil {
			return nil, err
		}
	}
	return v.found, p.err
}

// fatFolder reads the entries of one folder after the other.
type fatFolder struct {
	volume  *volumeReader
	folder  folder
	waiting []folder
	long    []byte // the long name before its short one: last part first
	err     error
}

func (p *fatFolder) take(piece []byte) {
	for ; len(piece) >= entryBytes && p.err == nil; piece = piece[entryBytes:] {
		entry := piece[:entryBytes]
		switch {
		case entry[0] == 0xe5 || entry[0] == 0: // the kernel reads on after a zero
			p.long = nil
		case entry[11] == attrLongName:
			if entry[0]&0x40 != 0 || len(p.long) >= 20*entryBytes {
				p.long = nil
			}
			p.long = append(p.long, entry...)
		default:
			p.err = p.object(entry)
			p.long = nil
		}
	}
}

// object is a file, a folder, or a volume's label.
func (p *fatFolder) object(entry []byte) error {
	attributes := entry[11]
	first := uint32(binary.LittleEndian.Uint16(entry[26:]))
	if p.volume.tableBits == 32 {
		first |= uint32(binary.LittleEndian.Uint16(entry[20:])) << 16
	}
	size := binary.LittleEndian.Uint32(entry[28:])
	name := p.name(entry)
	path := p.folder.path + name
	switch {
	case entry[0] == '.' && attributes&attrFolder != 0 && (entry[1] == ' ' || entry[1] == '.' && entry[2] == ' '):
		return nil // the folder itself and the one above
	case !p.volume.valid(first):
		return nil
	case attributes&attrVolume != 0:
		return p.note(path, first, int64(size), "a volume's label that has content")
	case !shown(name):
		return p.note(path, first, int64(size), "a name that cannot be shown")
	case attributes&attrFolder != 0:
		if p.folder.depth < maxDepth && len(path) < maxPath && !p.volume.seen[first] {
			p.waiting = append(p.waiting, folder{path: path + "/", depth: p.folder.depth + 1, first: first})
		}
	case size == 0:
		return p.note(path, first, 0, "a size of 0 with clusters behind it")
	}
	return nil
}

func (p *fatFolder) note(path string, first uint32, size int64, reason string) error {
	clusters, err := p.volume.length(first)
	if err != nil {
		return err
	}
	return p.volume.note(Unfinished{Name: path, SizeBytes: size, Clusters: clusters, Reason: reason})
}

// name is the long name if it belongs to the entry, or else the short one.
func (p *fatFolder) name(entry []byte) string {
	parts := len(p.long) / entryBytes
	if parts == 0 || p.long[0] != 0x40|byte(parts) {
		return shortName(entry[:11], entry[12])
	}
	var units []uint16
	for i := parts - 1; i >= 0; i-- {
		part := p.long[i*entryBytes:][:entryBytes]
		if int(part[0]&0x3f) != parts-i || part[13] != checksum(entry[:11]) {
			return shortName(entry[:11], entry[12])
		}
		for _, at := range [longNamePart]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
			unit := binary.LittleEndian.Uint16(part[at:])
			if unit == 0 {
				return longName(units)
			}
			units = append(units, unit)
		}
	}
	return longName(units)
}

// checksum ties the parts of a long name to their short one.
func checksum(short []byte) byte {
	var sum byte
	for _, c := range short {
		sum = sum>>1 | sum<<7
		sum += c
	}
	return sum
}
