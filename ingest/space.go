package ingest

import (
	"fmt"
	"math"
)

// room is space on the spool's disk that is promised to one temp file and not
// yet taken from the filesystem. Its bytes are guarded by the spool's mu.
type room struct {
	spool *Spool
	bytes int64
}

// claim promises sizeBytes, if they and the reserve fit beside everything that
// is promised already; otherwise *ErrNoSpace.
func (s *Spool) claim(sizeBytes int64) (*room, error) {
	if s.broken.Load() {
		return nil, ErrSync
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	free, _, err := s.Free()
	if err != nil {
		return nil, err
	}
	free -= s.claimed
	if sizeBytes < 0 || sizeBytes > math.MaxInt64-s.reserveBytes {
		return nil, fmt.Errorf("claim space on the spool: impossible size %d", sizeBytes)
	}
	if need := sizeBytes + s.reserveBytes; need > free {
		s.refused = need
		return nil, &ErrNoSpace{NeedBytes: need, FreeBytes: free}
	}
	s.claimed += sizeBytes
	s.refused = 0
	return &room{spool: s, bytes: sizeBytes}, nil
}

// Lacking is how many bytes must become free before the recording fits that was
// refused last; 0 if it would fit now, or none was.
func (s *Spool) Lacking() (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	free, _, err := s.Free()
	if err != nil {
		return 0, err
	}
	return max(s.refused-(free-s.claimed), 0), nil
}

// took says that n bytes of the claim are now the file's own.
func (r *room) took(n int64) {
	r.spool.mu.Lock()
	defer r.spool.mu.Unlock()
	n = min(n, r.bytes)
	r.bytes -= n
	r.spool.claimed -= n
}

// giveBack ends the claim.
func (r *room) giveBack() { r.took(math.MaxInt64) }
