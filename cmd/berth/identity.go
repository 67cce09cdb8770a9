package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"berth/ingest/seal"
)

// stationKeys are what a station makes for itself at its first start.
type stationKeys struct {
	signing ed25519.PrivateKey // signs every sealed file
	data    [32]byte           // encrypts personal fields in the journal
}

func keysDir(data string) string { return filepath.Join(data, "keys") }

// loadOrMakeKeys reads the station's own keys, and makes those that are
// missing: station.key.pem and data.key (0600), station.pub.pem for everybody.
// A key that exists but cannot be read is an error, never replaced.
func loadOrMakeKeys(data string) (stationKeys, error) {
	dir := keysDir(data)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return stationKeys{}, fmt.Errorf("make the station's key directory: %w", err)
	}
	if err := noneLost(data, dir); err != nil {
		return stationKeys{}, err
	}
	var keys stationKeys
	pem, err := readOrMake(filepath.Join(dir, "station.key.pem"), newSigningKey)
	if err != nil {
		return stationKeys{}, err
	}
	if keys.signing, err = seal.ParseStationKey(pem); err != nil {
		return stationKeys{}, fmt.Errorf("read the station's signing key in %s: %w", dir, err)
	}
	public, err := seal.EncodeStationPublic(keys.signing.Public().(ed25519.PublicKey))
	if err != nil {
		return stationKeys{}, err
	}
	if _, err := readOrMake(filepath.Join(dir, "station.pub.pem"), func() ([]byte, error) { return public, nil }); err != nil {
		return stationKeys{}, err
	}
	keys.data, err = loadDataKey(dir)
	return keys, err
}

// noneLost: a station that has a journal has its keys. New ones would make it
// another station, which cannot read its own journal.
func noneLost(data, dir string) error {
	for _, trace := range []string{journalPath(data), witnessPath(data)} {
		if _, err := os.Lstat(trace); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		for _, name := range []string{"station.key.pem", "data.key"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("the station has run before, and its key is not there: %w", err)
			}
		}
	}
	return nil
}

func newSigningKey() ([]byte, error) {
	key, err := seal.GenerateStationKey()
	if err != nil {
		return nil, err
	}
	return seal.EncodeStationKey(key)
}

func loadDataKey(dir string) (key [32]byte, err error) {
	path := filepath.Join(dir, "data.key")
	text, err := readOrMake(path, func() ([]byte, error) {
		var fresh [32]byte
		rand.Read(fresh[:]) // never fails: crypto/rand ends the process instead
		return []byte(hex.EncodeToString(fresh[:]) + "\n"), nil
	})
	if err != nil {
		return key, err
	}
	return parseDataKey(path, text)
}

func parseDataKey(path string, text []byte) (key [32]byte, err error) {
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != len(key) {
		return key, fmt.Errorf("read the station's data key %s: want 64 hexadecimal digits", path)
	}
	copy(key[:], raw)
	return key, nil
}

// existingDataKey is the data key for commands that only read: they make none.
func existingDataKey(data string) ([32]byte, error) {
	path := filepath.Join(keysDir(data), "data.key")
	text, err := os.ReadFile(path)
	if err != nil {
		return [32]byte{}, fmt.Errorf("the station in %s has never run: %w", data, err)
	}
	return parseDataKey(path, text)
}

// readOrMake returns the file's content; a missing file is made first, whole
// and durable before it has its name, and never over an existing one.
func readOrMake(path string, fresh func() ([]byte, error)) ([]byte, error) {
	content, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	if content, err = fresh(); err != nil {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	if err := createFile(path, content, 0o600); err != nil {
		return nil, err
	}
	return content, nil
}

// createFile writes a new file durably: temporary file, fsync, link (which
// refuses to replace), fsync of the directory.
func createFile(path string, content []byte, mode fs.FileMode) (err error) {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	defer func() {
		err = errors.Join(err, temp.Close(), os.Remove(temp.Name()))
	}()
	if err := temp.Chmod(mode); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	if _, err := temp.Write(content); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	if err := temp.Sync(); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	if err := os.Link(temp.Name(), path); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}
