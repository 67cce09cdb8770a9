package privileged

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"berth/dock"
)

// The most that is read of the folders of one volume.
const (
	maxFolderBytes = 256 << 20 // of one; the longest that exFAT allows
	maxFoldersRead = 1 << 30   // of all together
	maxUnfinished  = 10_000
	maxChain       = 1 << 20 // clusters that are counted of one file
	maxPath        = 1 << 16 // bytes
	maxDepth       = 64      // deeper folders are not walked by anybody
)

// volumeReader follows chains of clusters on a raw volume. Nothing on it is
// believed: every number is checked before it becomes a place, no folder is
// read twice, and all loops are bounded.
type volumeReader struct {
	ctx          context.Context
	r            io.ReaderAt
	tableBits    int
	mask         uint32 // of what counts in an entry of the table; the last eight values end a chain
	table        int64
	data         int64 // of cluster 2
	clusterBytes int64
	clusters     uint32 // numbers from 2 on
	read         int64
	seen         map[uint32]bool // clusters of folders that were read
	found        []Unfinished
}

// folder is one that is still to be read.
type folder struct {
	path       string // with a closing slash; empty for the root
	depth      int
	first      uint32
	contiguous int64 // clusters in a row without a chain; 0: a chain
}

var errOutside = errors.New("a chain of clusters leads out of the volume")

// valid reports whether the volume has such a cluster.
func (v *volumeReader) valid(cluster uint32) bool {
	return cluster >= 2 && uint64(cluster) < 2+uint64(v.clusters)
}

// next is the cluster that follows; 0 at the end of a chain.
func (v *volumeReader) next(cluster uint32) (uint32, error) {
	if !v.valid(cluster) {
		return 0, errOutside
	}
	at, wide := int64(cluster)*int64(v.tableBits)/8, (v.tableBits+7)/8
	var entry [4]byte
	if _, err := v.r.ReadAt(entry[:wide], v.table+at); err != nil {
		return 0, fmt.Errorf("read a file allocation table: %w", err)
	}
	next := binary.LittleEndian.Uint32(entry[:])
	if v.tableBits == 12 && cluster&1 == 1 {
		next >>= 4
	}
	if next &= v.mask; next >= v.mask-7 {
		return 0, nil
	}
	if !v.valid(next) {
		return 0, errOutside
	}
	return next, nil
}

// length counts the clusters of a chain, up to maxChain; a chain that is broken
// ends where it breaks.
func (v *volumeReader) length(first uint32) (int, error) {
	count := 0
	for at := first; at != 0 && count < maxChain; count++ {
		dock.Sign(v.ctx)
		if err := v.ctx.Err(); err != nil {
			return 0, err
		}
		next, err := v.next(at)
		if err != nil {
			return count + 1, nil
		}
		at = next
	}
	return count, nil
}

// pieces gives the content of a folder to use, cluster by cluster. A folder
// that is broken ends where it breaks: the mounted filesystem says what is
// wrong with it.
func (v *volumeReader) pieces(f folder, use func([]byte)) error {
	buffer := make([]byte, v.clusterBytes)
	at := f.first
	for done := int64(0); at != 0 && v.valid(at) && !v.seen[at] && done < maxFolderBytes; done += v.clusterBytes {
		dock.Sign(v.ctx)
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if v.read += v.clusterBytes; v.read > maxFoldersRead {
			return fmt.Errorf("%w: its folders have more than %d bytes", dock.ErrLimit, maxFoldersRead)
		}
		v.seen[at] = true
		if _, err := v.r.ReadAt(buffer, v.data+int64(at-2)*v.clusterBytes); err != nil {
			return nil
		}
		use(buffer)
		if f.contiguous > 0 {
			if f.contiguous--; f.contiguous == 0 {
				return nil
			}
			at++
			continue
		}
		next, err := v.next(at)
		if err != nil {
			return nil
		}
		at = next
	}
	return nil
}

// note keeps a finding.
func (v *volumeReader) note(u Unfinished) error {
	if v.found = append(v.found, u); len(v.found) > maxUnfinished {
		return fmt.Errorf("%w: more than %d unfinished files", dock.ErrLimit, maxUnfinished)
	}
	return nil
}

// unfinished lists the files of a raw volume that claim to hold less than they
// have clusters for, or that no mounted filesystem would show.
func unfinished(ctx context.Context, r io.ReaderAt) ([]Unfinished, error) {
	head := make([]byte, probeBytes)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("read the beginning of a volume: %w", err)
	}
	v := &volumeReader{ctx: ctx, r: r, seen: map[uint32]bool{}}
	if _, ok := probeExFAT(head); ok {
		return v.exFAT(head)
	}
	if f, ok := readFAT(head); ok {
		return v.fat(f)
	}
	return nil, nil
}
