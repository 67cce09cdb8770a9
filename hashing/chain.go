package hashing

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Chain is the head of a hash chain: the number of lines so far and the digest
// of the last one. A line is one canonical JSON object that carries its own
// number as "seq" and the digest of the line before as "prev"; the digest of a
// line is the SHA-256 of its bytes, so `sha256sum` alone walks the chain. The
// zero value is the empty chain. Not safe for concurrent use.
type Chain struct {
	Seq  int64  // number of the last line; the first line has number 1
	Head Digest // digest of the last line; zero for an empty chain
}

// Extend encodes fields as the next line and moves the head past it. "seq" and
// "prev" belong to the chain: fields that carry them are an error. On an error
// the chain is as it was.
func (c *Chain) Extend(fields map[string]any) ([]byte, error) {
	object := make(map[string]any, len(fields)+2)
	for name, value := range fields {
		if name == "seq" || name == "prev" {
			return nil, fmt.Errorf("extend chain: %q belongs to the chain", name)
		}
		object[name] = value
	}
	object["seq"], object["prev"] = c.Seq+1, c.Head
	line, err := Canonical(object)
	if err != nil {
		return nil, fmt.Errorf("extend chain at %d: %w", c.Seq+1, err)
	}
	c.Seq, c.Head = c.Seq+1, Sum(line)
	return line, nil
}

// Follow checks that line is canonical and is the next one after the head, and
// moves the head past it. On an error the chain is as it was.
func (c *Chain) Follow(line []byte) error {
	again, err := canonicalise(line)
	if err != nil {
		return fmt.Errorf("follow chain at %d: %w", c.Seq+1, err)
	}
	if !bytes.Equal(again, line) {
		return fmt.Errorf("follow chain at %d: %w", c.Seq+1, ErrNotCanonical)
	}
	var own struct {
		Seq  int64  `json:"seq"`
		Prev Digest `json:"prev"`
	}
	if err := json.Unmarshal(line, &own); err != nil {
		return fmt.Errorf("follow chain at %d: %w", c.Seq+1, err)
	}
	if own.Seq != c.Seq+1 {
		return fmt.Errorf("follow chain: line says number %d, expected %d", own.Seq, c.Seq+1)
	}
	if own.Prev != c.Head {
		return &Mismatch{What: fmt.Sprintf("chain before line %d", own.Seq), Want: c.Head, Got: own.Prev}
	}
	c.Seq, c.Head = own.Seq, Sum(line)
	return nil
}
