package hashing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxInteger is the largest integer that every JSON reader keeps exact
// (RFC 8785, section 3.2.2.3; RFC 7493, section 2.2).
const maxInteger = 1<<53 - 1

// ErrNotCanonical says that bytes are not the canonical encoding of anything.
var ErrNotCanonical = errors.New("not the canonical encoding")

// Canonical encodes v as JSON in the one form that FORMAT.md describes: the
// JSON Canonicalization Scheme (RFC 8785) narrowed to integers within ±(2^53-1)
// and to names of a-z, 0-9 and underscore, so that sorting has one meaning in
// every language. Fractions, other names, a name twice in one object, invalid
// UTF-8 and half surrogates are errors; nothing is silently replaced. v may be
// anything that encoding/json takes.
func Canonical(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode canonically: %w", err)
	}
	return canonicalise(plain)
}

// ParseCanonical decodes b into v and refuses bytes that Canonical would not
// have written, so that one value never has two valid encodings.
func ParseCanonical(b []byte, v any) error {
	again, err := canonicalise(b)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return ErrNotCanonical
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v)
}

func canonicalise(plain []byte) ([]byte, error) {
	if !utf8.Valid(plain) {
		return nil, fmt.Errorf("encode canonically: %w: invalid UTF-8", ErrNotCanonical)
	}
	if err := checkEscapes(plain); err != nil {
		return nil, fmt.Errorf("encode canonically: %w: %w", ErrNotCanonical, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.UseNumber()
	tree, err := readValue(decoder, 0)
	if err != nil {
		return nil, fmt.Errorf("encode canonically: %w: %w", ErrNotCanonical, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("encode canonically: %w: more than one value", ErrNotCanonical)
	}
	return appendValue(nil, tree)
}

func appendValue(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case string:
		return appendString(out, v), nil
	case json.Number:
		return appendInteger(out, v)
	case []any:
		return appendArray(out, v)
	case map[string]any:
		return appendObject(out, v)
	}
	return nil, fmt.Errorf("encode canonically: unexpected %T", v)
}

func appendInteger(out []byte, number json.Number) ([]byte, error) {
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || n > maxInteger || n < -maxInteger {
		return nil, fmt.Errorf("encode canonically: %w: number %q is not an integer within 53 bits", ErrNotCanonical, number)
	}
	return strconv.AppendInt(out, n, 10), nil
}

func appendArray(out []byte, items []any) ([]byte, error) {
	out = append(out, '[')
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendValue(out, item); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func appendObject(out []byte, members map[string]any) ([]byte, error) {
	names := make([]string, 0, len(members))
	for name := range members {
		if !validName(name) {
			return nil, fmt.Errorf("encode canonically: %w: name %q", ErrNotCanonical, name)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, name), ':')
		var err error
		if out, err = appendValue(out, members[name]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func validName(name string) bool {
	for _, c := range []byte(name) {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// appendString escapes exactly what RFC 8785, section 3.2.2.2 escapes.
func appendString(out []byte, s string) []byte {
	const short = "\b\t\n\f\r"
	const names = "btnfr"
	out = append(out, '"')
	for _, c := range []byte(s) {
		switch i := bytes.IndexByte([]byte(short), c); {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case i >= 0:
			out = append(out, '\\', names[i])
		case c < 0x20:
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
