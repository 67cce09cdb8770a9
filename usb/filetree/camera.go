package filetree

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"berth/dock"
)

// Word is something that the driver knows of a camera's identity.
type Word struct {
	Source string // "folder-name", "usb-serial"
	Text   string // raw and hostile
}

const (
	idFileBytes = 256 // what is read of an identity file
	idBytes     = 64  // the longest camera ID
)

// Identify asks the profile's sources in their order, then the driver's words.
// A source that cannot be read, or says what many cameras say, is passed over.
// A file is looked for below each root in turn; they stay open.
func Identify(p Profile, words []Word, roots ...int) dock.CameraInfo {
	info := dock.CameraInfo{Profile: p.Name}
	take := func(source, text string) bool {
		info.ID, info.Basis = cameraID(text), source
		return info.ID != ""
	}
	for _, source := range p.Identity {
		if path, file := strings.CutPrefix(source, fileSource); file {
			for _, root := range roots {
				if text, ok := idFile(root, path); ok && take(source, text) {
					return info
				}
			}
		}
		for _, word := range words {
			if word.Source == source && !generic(word.Text) && take(source, word.Text) {
				return info
			}
		}
	}
	for i, word := range words {
		if (i == len(words)-1 || !generic(word.Text)) && take(word.Source, word.Text) {
			return info
		}
	}
	info.ID, info.Basis = "", ""
	return info
}

// idFile returns the first line of a small text file.
func idFile(root int, path string) (string, bool) {
	looked, err := lookUp(root, path)
	if err != nil {
		return "", false
	}
	defer unix.Close(looked)
	if st, err := fstat(looked); err != nil || !isRegular(st) {
		return "", false
	}
	fd, err := reopen(looked, unix.O_RDONLY)
	if err != nil {
		return "", false
	}
	file := os.NewFile(uintptr(fd), "identity file on camera")
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, idFileBytes+1))
	if err != nil {
		return "", false
	}
	return idLine(content)
}

// idLine: the line must be whole, short and printable ASCII.
func idLine(content []byte) (string, bool) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	line, _, whole := bytes.Cut(content, []byte("\n"))
	if !whole && len(content) > idFileBytes {
		return "", false
	}
	line = bytes.Trim(line, " \t\r\x00")
	if len(line) == 0 || len(line) > idBytes || generic(string(line)) {
		return "", false
	}
	for _, c := range line {
		if c < ' ' || c > '~' {
			return "", false
		}
	}
	return string(line), true
}

// generic reports a text that factories leave in many cameras at once: nothing
// but one digit or letter over and over, counting up, or a word for nothing.
func generic(text string) bool {
	var core strings.Builder
	for _, c := range []byte(lowerASCII(text)) {
		if '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c >= 0x80 {
			core.WriteByte(c)
		}
	}
	s := core.String()
	switch s {
	case "", "unknown", "none", "na", "null", "nil", "default", "serial", "serialnumber", "id", "test", "camera":
		return true
	}
	same := strings.Count(s, s[:1]) == len(s)
	counting := false
	for _, row := range []string{"01234567890123456789", "1234567890123456789", "0123456789abcdef", "123456789abcdef"} {
		counting = counting || len(s) >= 6 && strings.HasPrefix(row, s)
	}
	return same && (s[0] == '0' || len(s) >= 4) || counting
}

// cameraID writes any bytes so that they are safe to show, to type and to pass
// on: letters, digits, '.', '_' and '-' stay, every other byte and a leading
// '-' or '.' becomes %XX, so that different texts keep different IDs. A long
// text is cut and told apart by its digest.
func cameraID(text string) dock.CameraID {
	var b strings.Builder
	for i, c := range []byte(text) {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', i > 0 && (c == '-' || c == '.'):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	id := b.String()
	if len(id) > idBytes {
		sum := sha256.Sum256([]byte(text))
		tail := fmt.Sprintf("~%x", sum[:8])
		id = id[:idBytes-len(tail)] + tail
	}
	return dock.CameraID(id)
}

// HasFile reports whether there is a regular file at path below root.
func HasFile(root int, path string) bool {
	looked, err := lookUp(root, path)
	if err != nil {
		return false
	}
	defer unix.Close(looked)
	st, err := fstat(looked)
	return err == nil && isRegular(st)
}
