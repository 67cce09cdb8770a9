package main

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
)

// mostAttribute is how much of one attribute of sysfs is kept.
const mostAttribute = 64 << 10

// pack makes a tar archive of a directory of sysfs, whose files do not say how
// long they are.
func pack(root string) ([]byte, error) {
	var archive bytes.Buffer
	out := tar.NewWriter(&archive)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // it went away, or nobody may look
		}
		name, err := filepath.Rel("/", path)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg}
		var text []byte
		switch {
		case entry.IsDir():
			header.Typeflag, header.Mode, header.Name = tar.TypeDir, 0o755, name+"/"
		case entry.Type()&fs.ModeSymlink != 0:
			header.Typeflag = tar.TypeSymlink
			if header.Linkname, err = os.Readlink(path); err != nil {
				return nil
			}
		default:
			if text, err = read(path, mostAttribute); err != nil {
				return nil
			}
			header.Size = int64(len(text))
		}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		_, err = out.Write(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := out.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}
