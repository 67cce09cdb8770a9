package rack

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// The kinds of entries of an archive, as in a mode of stat(2).
const (
	kindDirectory = 0o040000
	kindFile      = 0o100000
	kindLink      = 0o120000
	kindCharacter = 0o020000
)

// archive writes what the kernel unpacks as its first root: the "newc" format of
// Documentation/driver-api/early-userspace/buffer-format.rst. Everything belongs
// to root; times are zero, so that equal content gives equal bytes.
type archive struct {
	to    io.Writer
	inode int
	made  map[string]bool // directories that stand in it already
}

func newArchive(to io.Writer) *archive { return &archive{to: to, made: map[string]bool{}} }

// entry is one thing in an archive; its name has no slash in front.
type entry struct {
	name         string
	mode         int64 // kind and permissions
	size         int64 // of the body
	body         io.Reader
	major, minor int64 // of a device
}

// add writes one entry.
func (a *archive) add(e entry) error {
	a.inode++
	const magic, noTime, noChecksum = "070701", 0, 0
	const links, device = 1, 0
	name := e.name + "\x00"
	header := fmt.Sprintf("%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", magic,
		a.inode, e.mode, 0, 0, links, noTime, e.size, device, device, e.major, e.minor, len(name), noChecksum)
	text := header + name
	if _, err := io.WriteString(a.to, text+padding(int64(len(text)))); err != nil {
		return err
	}
	if e.size == 0 {
		return nil
	}
	n, err := io.Copy(a.to, io.LimitReader(e.body, e.size))
	if err != nil {
		return err
	}
	if n != e.size {
		return fmt.Errorf("archiving: %d bytes came of %d: %w", n, e.size, io.ErrUnexpectedEOF)
	}
	_, err = io.WriteString(a.to, padding(n))
	return err
}

// file adds a file with the directories above it.
func (a *archive) file(name string, permissions, size int64, body io.Reader) error {
	for i, c := range name {
		if c == '/' && !a.made[name[:i]] {
			a.made[name[:i]] = true
			if err := a.add(entry{name: name[:i], mode: kindDirectory | 0o755}); err != nil {
				return err
			}
		}
	}
	return a.add(entry{name: name, mode: kindFile | permissions, size: size, body: body})
}

// end writes the trailer. Another archive may follow it.
func (a *archive) end() error {
	const name = "TRAILER!!!"
	if err := a.add(entry{name: name}); err != nil {
		return errors.Join(err, io.ErrShortWrite)
	}
	return nil
}

func padding(written int64) string { return strings.Repeat("\x00", int((4-written%4)%4)) }
