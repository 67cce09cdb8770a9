package custody

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// writeOutput lets write fill a temporary file beside path, readable by its
// owner only, and gives it its name when everything is on the disk: fsync,
// link (or rename, to replace), fsync of the directory. On any error nothing
// appears under path and the temporary file is removed; after a crash a file
// .berth-*.partial may stay behind.
func writeOutput(path string, replace bool, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".berth-*.partial")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if err := errors.Join(fill(temp, write), temp.Close()); err != nil {
		return err
	}
	if err := name(temp.Name(), path, replace); err != nil {
		return err
	}
	return syncDirectory(dir)
}

func fill(temp *os.File, write func(io.Writer) error) error {
	if err := write(temp); err != nil {
		return err
	}
	return temp.Sync()
}

func name(temp, path string, replace bool) error {
	if replace {
		return os.Rename(temp, path)
	}
	err := os.Link(temp, path)
	if err == nil {
		return nil
	}
	if _, existing := os.Lstat(path); !errors.Is(existing, os.ErrNotExist) {
		return fmt.Errorf("output %s appeared meanwhile; it was left as it is", path)
	}
	// Not every filesystem has links (FAT has none): there, a file that appears
	// between the look above and the rename would be replaced.
	return os.Rename(temp, path)
}
