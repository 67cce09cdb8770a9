package hashing

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
)

// maxDepth is how deep values may nest.
const maxDepth = 64

// checkEscapes refuses the two places where encoding/json replaces text without
// a word: it writes bytes that are not UTF-8 as the escape \ufffd (a genuine
// U+FFFD it writes as itself), and it reads half of a surrogate pair as U+FFFD.
// A backslash occurs only inside strings, so no parsing is needed.
func checkEscapes(text []byte) error {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		r, ok := unicodeEscape(text[i:])
		switch {
		case !ok:
			i++ // a short escape, which may be of a backslash
		case r == 0xfffd:
			return fmt.Errorf("text that is not UTF-8")
		case utf16.IsSurrogate(r):
			low, ok := unicodeEscape(text[min(i+6, len(text)):])
			if !ok || utf16.DecodeRune(r, low) == 0xfffd {
				return fmt.Errorf("half of a surrogate pair")
			}
			i += 11
		default:
			i += 5
		}
	}
	return nil
}

// unicodeEscape reads the escape \uXXXX that text begins with.
func unicodeEscape(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}

// readValue reads one value. Unlike Decode into a map it refuses a name that
// occurs twice in one object, which two readers could understand differently.
func readValue(decoder *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		items := []any{}
		for decoder.More() {
			item, err := readValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		_, err = decoder.Token()
		return items, err
	case json.Delim('{'):
		members := map[string]any{}
		for decoder.More() {
			if err := readMember(decoder, depth, members); err != nil {
				return nil, err
			}
		}
		_, err = decoder.Token()
		return members, err
	}
	return token, nil
}

func readMember(decoder *json.Decoder, depth int, members map[string]any) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	name, ok := token.(string)
	if !ok {
		return fmt.Errorf("name %v is not text", token)
	}
	if _, twice := members[name]; twice {
		return fmt.Errorf("name %q twice in one object", name)
	}
	members[name], err = readValue(decoder, depth+1)
	return err
}
