package filetree

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Profile is what IT says about a model of camera. Patterns are doublestar's
// (`**` crosses folders), are compared without regard to the case of ASCII
// letters, as FAT does, and match a base name in any folder if they have no
// slash. The zero value says nothing about any file.
type Profile struct {
	Name       string
	Recordings []string // files that are recordings; they win over Auxiliary
	Auxiliary  []string // files that are never pulled and never erased
	// Identity lists where the camera's identity is looked for, first found
	// first taken: "file:PATH" in the tree, or a word that the driver knows,
	// such as "folder-name". A file named here counts as auxiliary.
	Identity []string
}

const fileSource = "file:"

// Validate says everything that is wrong with the profile.
func (p Profile) Validate() error {
	var wrong []error
	for _, list := range [][]string{p.Recordings, p.Auxiliary} {
		for _, pattern := range list {
			if pattern == "" || !doublestar.ValidatePattern(pattern) {
				wrong = append(wrong, fmt.Errorf("profile %q: pattern %q is not valid", p.Name, pattern))
			}
		}
	}
	for _, source := range p.Identity {
		path, file := strings.CutPrefix(source, fileSource)
		if source == "" || file && checkHandle(path) != nil {
			wrong = append(wrong, fmt.Errorf("profile %q: identity source %q: want file:PATH below the camera's root, or a word", p.Name, source))
		}
	}
	return errors.Join(wrong...)
}

// IdentityFiles returns the paths of the "file:" sources.
func (p Profile) IdentityFiles() []string {
	var paths []string
	for _, source := range p.Identity {
		if path, ok := strings.CutPrefix(source, fileSource); ok {
			paths = append(paths, path)
		}
	}
	return paths
}

// fileKind is what a profile says about a file.
type fileKind int

const (
	unknown   fileKind = iota // pulled all the same
	recording                 // pulled
	auxiliary                 // listed as an exception
)

// sorter is a profile made ready for comparing.
type sorter struct {
	recordings, auxiliary []string
	identity              map[string]bool
}

func newSorter(p Profile) sorter {
	s := sorter{identity: map[string]bool{}}
	for _, pattern := range p.Recordings {
		s.recordings = append(s.recordings, lowerASCII(pattern))
	}
	for _, pattern := range p.Auxiliary {
		s.auxiliary = append(s.auxiliary, lowerASCII(pattern))
	}
	for _, path := range p.IdentityFiles() {
		s.identity[lowerASCII(path)] = true
	}
	return s
}

func (s sorter) sort(path string) fileKind {
	path = lowerASCII(path)
	switch {
	case s.identity[path]: // erasing it would erase who the camera is
		return auxiliary
	case matches(s.recordings, path):
		return recording
	case matches(s.auxiliary, path):
		return auxiliary
	}
	return unknown
}

func matches(patterns []string, path string) bool {
	base := path[strings.LastIndexByte(path, '/')+1:]
	for _, pattern := range patterns {
		subject := path
		if !strings.Contains(pattern, "/") {
			subject = base
		}
		if doublestar.MatchUnvalidated(pattern, subject) {
			return true
		}
	}
	return false
}

// lowerASCII changes no byte that is not an ASCII letter: names need not be text.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
