package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// results keeps what was seen in a file, so that a run that was cut off goes on
// where it was. Without a file it keeps nothing. It is for one goroutine at a
// time.
type results struct {
	file    *os.File
	noticed map[string][]string // the tests that noticed, by the mutant's digest
}

// line is one result in the file.
type line struct {
	Guard   string   `json:"guard"`
	Mutant  string   `json:"mutant"` // digest of the guard's entry and of the source without it
	Noticed bool     `json:"noticed"`
	By      []string `json:"by"`
}

func openResults(path string) (*results, error) {
	r := &results{noticed: map[string][]string{}}
	if path == "" {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for one := range bytes.Lines(text) {
		var l line
		if err := json.Unmarshal(one, &l); err != nil {
			return nil, fmt.Errorf("%s is no file of results: %w", path, err)
		}
		delete(r.noticed, l.Mutant)
		if l.Noticed {
			r.noticed[l.Mutant] = l.By
		}
	}
	r.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	return r, err
}

// seenBefore fills r in if the file says that its mutant was noticed.
func (k *results) seenBefore(r *result) bool {
	by, known := k.noticed[r.mutant]
	if known {
		r.verdict, r.by = noticed, by
	}
	return known
}

// keep adds what was tried and came to an end.
func (k *results) keep(r result) error {
	if k.file == nil || r.err != nil {
		return nil
	}
	text, err := json.Marshal(line{Guard: r.guard.name, Mutant: r.mutant, Noticed: r.verdict == noticed, By: r.by})
	if err != nil {
		return err
	}
	_, err = k.file.Write(append(text, '\n'))
	return err
}

func (k *results) close() {
	if k.file != nil {
		k.file.Close()
	}
}
