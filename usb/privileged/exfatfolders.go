package privileged

import (
	"encoding/binary"
	"errors"
	"strings"
)

// exFAT walks the folders of an exFAT volume (exFAT specification, sections
// 3.1, 6 and 7).
func (v *volumeReader) exFAT(boot []byte) ([]Unfinished, error) {
	sectorShift, clusterShift := boot[108], boot[109]
	if sectorShift < 9 || sectorShift > 12 || clusterShift > 25-sectorShift {
		return nil, errors.New("the boot sector of an exFAT volume is not valid")
	}
	word := func(at int) int64 { return int64(binary.LittleEndian.Uint32(boot[at:])) }
	v.tableBits, v.mask = 32, 1<<32-1
	v.table, v.data = word(80)<<sectorShift, word(88)<<sectorShift
	v.clusterBytes, v.clusters = 1<<(sectorShift+clusterShift), uint32(min(word(92), 0xfffffff5))
	p := &exFATFolder{volume: v, waiting: []folder{{first: uint32(word(96))}}}
	for len(p.waiting) > 0 && p.err == nil {
		p.folder = p.waiting[len(p.waiting)-1]
		p.waiting, p.set = p.waiting[:len(p.waiting)-1], nil
		if err := v.pieces(p.folder, p.take); err != nil {
			return nil, err
		}
	}
	return v.found, p.err
}

// exFATFolder reads the entries of one folder after the other.
type exFATFolder struct {
	volume  *volumeReader
	folder  folder
	waiting []folder
	set     []byte // the entries that describe one file, as far as they were read
	err     error
}

// The entries of a file: itself, its stream and its name.
const (
	exFATFile   = 0x85
	exFATStream = 0xc0
	exFATName   = 0xc1
)

func (p *exFATFolder) take(piece []byte) {
	for ; len(piece) >= entryBytes && p.err == nil; piece = piece[entryBytes:] {
		kind := piece[0]
		if len(p.set) > 0 && kind&0xc0 != 0xc0 {
			p.err = p.volume.note(Unfinished{Name: strings.TrimSuffix(p.folder.path, "/"), Reason: "an entry of a folder that is not whole"})
			p.set = nil
		}
		switch {
		case kind == exFATFile:
			p.set = append([]byte(nil), piece[:entryBytes]...)
		case kind&0xc0 == 0xc0 && len(p.set) > 0: // in use and secondary
			p.set = append(p.set, piece[:entryBytes]...)
		default:
			p.set = nil
		}
		// The file's entry says how many follow it.
		if len(p.set) > 0 && len(p.set) == (1+int(p.set[1]))*entryBytes {
			p.err = p.object(p.set)
			p.set = nil
		}
	}
}

func (p *exFATFolder) object(set []byte) error {
	if len(set) < 3*entryBytes || set[entryBytes] != exFATStream {
		return nil
	}
	stream := set[entryBytes:][:entryBytes]
	v := p.volume
	noChain := stream[1]&2 != 0
	first := binary.LittleEndian.Uint32(stream[20:])
	valid, size := binary.LittleEndian.Uint64(stream[8:]), binary.LittleEndian.Uint64(stream[24:])
	if !v.valid(first) {
		return nil
	}
	name := exFATNameOf(set[2*entryBytes:], int(stream[3]))
	path := p.folder.path + name
	inRow := size / uint64(v.clusterBytes)
	if size%uint64(v.clusterBytes) != 0 || size == 0 {
		inRow++
	}
	inRow = min(inRow, uint64(v.clusters))
	note := func(reason string) error {
		clusters := int(min(inRow, maxChain))
		if !noChain {
			var err error
			if clusters, err = v.length(first); err != nil {
				return err
			}
		}
		return v.note(Unfinished{Name: path, SizeBytes: int64(min(size, 1<<62)), Clusters: clusters, Reason: reason})
	}
	switch {
	case !shown(name):
		return note("a name that cannot be shown")
	case binary.LittleEndian.Uint16(set[4:])&attrFolder != 0:
		if p.folder.depth < maxDepth && len(path) < maxPath && !v.seen[first] {
			next := folder{path: path + "/", depth: p.folder.depth + 1, first: first}
			if noChain {
				next.contiguous = int64(inRow)
			}
			p.waiting = append(p.waiting, next)
		}
	case size == 0:
		return note("a size of 0 with clusters behind it")
	case valid < size:
		return note("less of it is marked as written than it has")
	}
	return nil
}

// exFATNameOf joins the parts of a name.
func exFATNameOf(parts []byte, length int) string {
	var units []uint16
	for ; len(parts) >= entryBytes && parts[0] == exFATName; parts = parts[entryBytes:] {
		for at := 2; at < entryBytes && len(units) < length; at += 2 {
			units = append(units, binary.LittleEndian.Uint16(parts[at:]))
		}
	}
	return longName(units)
}
