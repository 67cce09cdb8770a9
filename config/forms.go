package config

import (
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// The sources of an identity beside files.
const (
	identityFolder = "folder-name"
	identitySerial = "usb-serial"
	identityVolume = "volume-id"
)

const (
	textMax = 128  // bytes of a free text
	pathMax = 4096 // bytes of a path
	globMax = 255  // bytes of a pattern
)

// checkForm says what is wrong with a text by the rule that its key names, and
// what to write instead; empty if nothing is.
func checkForm(form, value string) (text, hint string) {
	switch form {
	case "station-id":
		return checkPattern(value, `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`,
			"1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit")
	case "bay-name":
		return checkPattern(value, `^[A-Za-z0-9]([A-Za-z0-9 _.-]{0,30}[A-Za-z0-9_.-])?$`,
			"1 to 32 letters, digits, blanks, '_', '.' and '-', beginning with a letter or digit")
	case "name":
		return checkPattern(value, `^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$`,
			"1 to 32 letters, digits, '_', '.' and '-', beginning with a letter or digit")
	case "port":
		// The form of dock.Port.
		return checkPattern(value, `^[1-9][0-9]{0,2}-[1-9][0-9]{0,2}(\.[1-9][0-9]{0,2}){0,5}$`,
			"a port as 'berth ports' shows it, such as 1-1.4")
	case "usb-id":
		return checkPattern(value, `^[0-9a-fA-F]{4}:([0-9a-fA-F]{4}|\*)$`,
			`vendor and product as 'berth ports' shows them, such as "1234:5678", or "1234:*"`)
	case "path":
		return checkPath(value)
	case "glob":
		return checkGlob(value)
	case "identity":
		return checkIdentity(value)
	}
	return checkText(value)
}

func checkPattern(value, pattern, want string) (text, hint string) {
	if !regexp.MustCompile(pattern).MatchString(value) {
		return quote(value) + " is no name that can be used here", "use " + want
	}
	return "", ""
}

func checkText(value string) (text, hint string) {
	if len(value) > textMax {
		return "is longer than 128 bytes", "shorten it"
	}
	if !printable(value) {
		return quote(value) + " holds characters that cannot be shown", "write it on one line, without control characters"
	}
	return "", ""
}

func checkPath(value string) (text, hint string) {
	switch {
	case value == "":
		return "is empty", "write a path"
	case len(value) > pathMax:
		return "is longer than 4096 bytes", "shorten it"
	case !printable(value):
		return quote(value) + " holds characters that cannot be shown", "write the path without control characters"
	case value == "~" || strings.HasPrefix(value, "~/"):
		return quote(value) + " begins with '~', which is nobody's home here", "write the whole path"
	case strings.Contains(value, "$"):
		return quote(value) + " holds '$', and variables are not replaced", "write the whole path"
	}
	return "", ""
}

func checkGlob(value string) (text, hint string) {
	const want = `write a pattern of paths on the camera, such as "DCIM/**" or "*.THM"`
	switch {
	case value == "" || len(value) > globMax || !printable(value):
		return quote(value) + " is no pattern", want
	case strings.HasPrefix(value, "/") || value != path.Clean(value) || strings.HasPrefix(value, "../"):
		return quote(value) + " is no path below a camera's root", want
	case !doublestar.ValidatePattern(value):
		return quote(value) + " is a pattern that does not compile", "close every '[' and '{', and write '\\' twice"
	}
	return "", ""
}

func checkIdentity(value string) (text, hint string) {
	const want = `write "file:NAME", such as "file:ID.TXT", or one of "folder-name", "usb-serial", "volume-id"`
	switch value {
	case identityFolder, identitySerial, identityVolume:
		return "", ""
	}
	name, found := strings.CutPrefix(value, "file:")
	if !found {
		return quote(value) + " is no source of an identity", want
	}
	if len(name) > globMax || !printable(name) || !filepath.IsLocal(name) || name != path.Clean(name) || name == "." {
		return quote(value) + " names no file below a camera's root", want
	}
	return "", ""
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// quote shows a value in a message, escaped and cut to what a person reads.
func quote(s string) string {
	const shown = 64
	if len(s) > shown {
		s = strings.ToValidUTF8(s[:shown], "") + "..."
	}
	return strconv.Quote(s)
}
