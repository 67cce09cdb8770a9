package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"berth/usb/rack/call"
	"berth/usb/rack/content"
)

// read gives a file's bytes up to a limit. The files of sysfs have no length
// that could be trusted, so that all are read to their end.
func read(path string, most int64) ([]byte, error) {
	if most <= 0 {
		most = 8 << 20
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}

// write makes a file, or writes to one of sysfs, which cannot be made.
func write(q call.Request) error {
	mode := fs.FileMode(q.Mode)
	if mode == 0 {
		mode = 0o644
	}
	if err := os.MkdirAll(filepath.Dir(q.Path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(q.Path, q.Data, mode)
}

// tree lists everything below a directory in lexical order, files with their
// digests.
func tree(root string) ([]call.File, error) {
	var found []call.File
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		file := call.File{Path: name, Kind: "other"}
		switch {
		case entry.IsDir():
			file.Kind = "dir"
		case entry.Type().IsRegular():
			file.Kind = "file"
			if file.SHA256, file.Size, err = digest(path); err != nil {
				return err
			}
		}
		found = append(found, file)
		return nil
	})
	return found, err
}

func digest(path string) (string, int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), n, err
}

// fill writes the files of a manifest below a directory and syncs them.
func fill(q call.Request) error {
	for _, want := range q.Files {
		path := filepath.Join(q.Path, want.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content.New(q.Seed, want.Path, want.Size))
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	root, err := os.Open(q.Path)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := unix.Syncfs(int(root.Fd())); err != nil {
		return fmt.Errorf("syncing what was filled: %w", err)
	}
	return nil
}

// until looks whenever the kernel says something about a device, and ten times
// a second beside, since most of what changes a path is silent.
func (a *agent) until(q call.Request) (timedOut bool, err error) {
	timer := time.NewTimer(limit(q))
	defer timer.Stop()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		news := a.events.news()
		if holds(q) {
			return false, nil
		}
		select {
		case <-news:
		case <-ticker.C:
		case <-timer.C:
			return true, nil
		}
	}
}

func holds(q call.Request) bool {
	there := true
	if len(q.Data) > 0 {
		text, err := read(q.Path, 0)
		there = err == nil && bytes.Contains(text, q.Data)
	} else if _, err := os.Lstat(q.Path); err != nil {
		there = false
	}
	return there != q.Absent
}
