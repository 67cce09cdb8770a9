package custody

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"berth/ingest/seal"
)

// maxKeyFile is far more than any key needs, in bytes.
const maxKeyFile = 1 << 20

// ReadStationPublic reads a station's public key from a PEM file.
func ReadStationPublic(path string) (ed25519.PublicKey, error) {
	content, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	key, err := seal.ParseStationPublic(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

func readIdentities(paths []string) ([]seal.PrivateKey, error) {
	var keys []seal.PrivateKey
	for _, path := range paths {
		content, err := readKeyFile(path)
		if err != nil {
			return nil, err
		}
		key, err := seal.ParsePrivateKey(content)
		clear(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func readKeyFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxKeyFile {
		return nil, fmt.Errorf("%s: too large for a key", path)
	}
	return content, nil
}

// nameKeys tells a person which of their files is the wrong key.
func nameKeys(err error, paths []string) error {
	var wrong *seal.WrongKey
	if !errors.As(err, &wrong) {
		return err
	}
	return &wrongKeyFile{paths: paths, wrong: wrong}
}

type wrongKeyFile struct {
	paths []string
	wrong *seal.WrongKey
}

func (w *wrongKeyFile) Error() string {
	if len(w.paths) == 1 {
		return fmt.Sprintf("the key %s is not one of the %s", w.paths[0], w.wrong.Describe())
	}
	return fmt.Sprintf("none of the keys %s is one of the %s", strings.Join(w.paths, ", "), w.wrong.Describe())
}

func (w *wrongKeyFile) Unwrap() error { return w.wrong }
