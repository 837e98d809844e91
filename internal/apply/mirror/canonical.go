// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// appendJSON appends a value of an object as json.Marshal writes it, with sorted keys. Reflection over maps takes
// several times as long.
func appendJSON(out []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case map[string]any:
		return appendMap(out, v)
	case []any:
		if v == nil {
			return append(out, "null"...), nil
		}
		out = append(out, '[')
		for i, item := range v {
			if i > 0 {
				out = append(out, ',')
			}
			var err error
			if out, err = appendJSON(out, item); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	case string:
		return appendText(out, v), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case int64:
		return strconv.AppendInt(out, v, 10), nil
	case nil:
		return append(out, "null"...), nil
	}
	text, err := json.Marshal(value)
	return append(out, text...), err
}

// keyLists are room for the keys of one map each.
var keyLists = sync.Pool{New: func() any { return new([]string) }}

func appendMap(out []byte, m map[string]any) ([]byte, error) {
	if m == nil {
		return append(out, "null"...), nil
	}
	room := keyLists.Get().(*[]string)
	defer keyLists.Put(room)
	keys := (*room)[:0]
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	out = append(out, '{')
	for i, key := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, key), ':')
		var err error
		if out, err = appendJSON(out, m[key]); err != nil {
			return nil, err
		}
	}
	clear(keys)
	*room = keys
	return append(out, '}'), nil
}

const hexDigits = "0123456789abcdef"

// appendText appends a string with the escapes of json.Marshal, which are also those for HTML.
func appendText(out []byte, text string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if !escaped[c] {
				i++
				continue
			}
			out = appendEscape(append(out, text[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			out = append(append(out, text[start:i]...), `\ufffd`...)
		case r == '\u2028' || r == '\u2029': // ends of lines in JavaScript
			out = append(append(out, text[start:i]...), `\u202`...)
			out = append(out, hexDigits[r&0xf])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	return append(append(out, text[start:]...), '"')
}

// escaped are the ASCII characters that are not written as they are.
var escaped = func() (out [utf8.RuneSelf]bool) {
	for c := range byte(0x20) {
		out[c] = true
	}
	for _, c := range []byte(`"\<>&`) {
		out[c] = true
	}
	return out
}()

func appendEscape(out []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(out, '\\', c)
	case '\b':
		return append(out, '\\', 'b')
	case '\f':
		return append(out, '\\', 'f')
	case '\n':
		return append(out, '\\', 'n')
	case '\r':
		return append(out, '\\', 'r')
	case '\t':
		return append(out, '\\', 't')
	}
	return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
