//go:build !windows

package custody

import (
	"errors"
	"fmt"
	"os"
)

// syncDirectory makes a new name in dir durable.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory of the output: %w", err)
	}
	return nil
}
