package privileged

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"berth/dock"
)

// Power switches a port and its peer, the other name of the same slot, and
// reads back what their hubs say then (sysfs-bus-usb, "disable", Linux 6.0). A
// hub that cannot cut the power may say that it did; whether the device is
// still attached tells. errors.ErrUnsupported: this kernel has no such switch.
func (l *Local) Power(ctx context.Context, port dock.Port, on bool) (Power, error) {
	tried := fmt.Sprintf("switch port %s", port)
	if err := errors.Join(ctx.Err(), port.Validate()); err != nil {
		return Power{}, err
	}
	ports := []string{l.portDirectory(port)}
	if peer, err := filepath.EvalSymlinks(ports[0] + "/peer"); err == nil {
		ports = append(ports, peer)
	}
	word := "1"
	if on {
		word = "0"
	}
	for _, each := range ports {
		err := writeFile(each+"/disable", word)
		if errors.Is(err, fs.ErrNotExist) {
			return Power{}, fmt.Errorf("%s: %w", tried, errors.ErrUnsupported)
		}
		if err != nil {
			return Power{}, fmt.Errorf("%s: %w", tried, err)
		}
	}
	now := Power{Method: "sysfs"}
	for _, each := range ports {
		disabled, err := os.ReadFile(each + "/disable")
		if err != nil {
			return Power{}, fmt.Errorf("%s: read back: %w", tried, err)
		}
		now.On = now.On || strings.TrimSpace(string(disabled)) != "1"
		if _, err := os.Stat(each + "/device"); err == nil {
			now.Attached = true
		}
	}
	return now, nil
}

// writeFile writes to a file that is there and makes none.
func writeFile(path, content string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Close())
}
