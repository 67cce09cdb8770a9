package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Load reads, checks and completes the config file at path, and looks whether
// the recipients' files can be read; what is in them is not judged here. The
// error is a Problems.
func Load(path string) (*Config, error) {
	c, problems := load(path)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Check returns every problem that Load finds.
func Check(path string) Problems {
	_, problems := load(path)
	return problems
}

func load(path string) (*Config, Problems) {
	text, err := readFile(path, SizeMax+1) // one more than allowed, so that Parse sees it
	if err != nil {
		return nil, Problems{{File: path, Text: "cannot be read: " + err.Error(), Hint: "name the file with --config"}}
	}
	c, w := parse(path, text)
	if c == nil {
		return nil, w.problems.sorted()
	}
	w.checkPlaces(c, resolved)
	for i, recipient := range c.Sealing.Recipients {
		if recipient == "" {
			continue // told already
		}
		if _, err := readFile(recipient, 1); err != nil {
			key := at("sealing.recipients", i)
			w.problem(w.line(key), key, fmt.Sprintf("%s cannot be read: %v", quote(recipient), err),
				"put the recipient's public key there, readable for the station's user")
		}
	}
	return c, w.problems.sorted()
}

// readFile reads at most limit bytes of a regular file; a pipe or device is
// refused and never waited for. Its errors do not repeat the path.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	text, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, cause(err)
	}
	return text, nil
}

func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
