// SPDX-License-Identifier: Apache-2.0

// Package canonical writes decoded JSON in one form: keys in order, no spaces. It is what encoding/json writes, which
// spends most of its time on finding out the types of values that are of few types.
package canonical

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"
)

// Append adds the JSON of a value to a text. The bytes are those of json.Marshal, and so are the errors.
func Append(to []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return AppendString(to, v), nil
	case map[string]any, []any:
	default:
		e := encoder{text: to}
		err := e.value(v)
		return e.text, err
	}
	e := encoders.Get().(*encoder)
	e.text = to
	err := e.value(v)
	to, e.text = e.text, nil
	e.keys = e.keys[:0]
	encoders.Put(e)
	return to, err
}

// encoders are idle ones, with room for keys.
var encoders = sync.Pool{New: func() any { return &encoder{keys: make([]string, 0, 64)} }}

// AppendString adds the JSON of a text to a text.
func AppendString(to []byte, s string) []byte {
	to = append(to, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if plain[c] {
			continue
		}
		if c >= 0x7f { // it may be no UTF-8
			text, _ := json.Marshal(s[from:]) // a string can always be encoded
			return append(to, text[1:]...)
		}
		to = append(to, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			to = append(to, '\\', c)
		case '\b':
			to = append(to, `\b`...)
		case '\f':
			to = append(to, `\f`...)
		case '\n':
			to = append(to, `\n`...)
		case '\r':
			to = append(to, `\r`...)
		case '\t':
			to = append(to, `\t`...)
		default:
			const hex = "0123456789abcdef"
			to = append(to, `\u00`...)
			to = append(to, hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(to, s[from:]...), '"')
}

// encoder is a text that is being written.
type encoder struct {
	text []byte
	keys []string // of all objects that are open
}

func (e *encoder) value(v any) error {
	switch v := v.(type) {
	case nil:
		e.text = append(e.text, "null"...)
	case string:
		e.text = AppendString(e.text, v)
	case bool:
		e.text = strconv.AppendBool(e.text, v)
	case int:
		e.text = strconv.AppendInt(e.text, int64(v), 10)
	case int64:
		e.text = strconv.AppendInt(e.text, v, 10)
	case map[string]any, []any:
		if text := textOf(v); text != nil {
			e.text = append(e.text, text...)
			return nil
		}
		return e.nested(v)
	default:
		return e.other(v)
	}
	return nil
}

func (e *encoder) nested(v any) error {
	if list, is := v.([]any); is {
		return e.list(list)
	}
	object, _ := v.(map[string]any)
	return e.object(object)
}

func (e *encoder) object(v map[string]any) error {
	if v == nil {
		e.text = append(e.text, "null"...)
		return nil
	}
	from := len(e.keys)
	for key := range v {
		e.keys = append(e.keys, key)
	}
	slices.Sort(e.keys[from:])
	e.text = append(e.text, '{')
	for i := from; i < from+len(v); i++ {
		if i > from {
			e.text = append(e.text, ',')
		}
		key := e.keys[i]
		e.text = append(AppendString(e.text, key), ':')
		if err := e.value(v[key]); err != nil {
			return err
		}
	}
	e.text, e.keys = append(e.text, '}'), e.keys[:from]
	return nil
}

func (e *encoder) list(v []any) error {
	if v == nil {
		e.text = append(e.text, "null"...)
		return nil
	}
	e.text = append(e.text, '[')
	for i, item := range v {
		if i > 0 {
			e.text = append(e.text, ',')
		}
		if err := e.value(item); err != nil {
			return err
		}
	}
	e.text = append(e.text, ']')
	return nil
}

// other leaves a value to encoding/json.
func (e *encoder) other(v any) error {
	text, err := json.Marshal(v)
	e.text = append(e.text, text...)
	return err
}

// plain are the bytes that a JSON text has as they are.
var plain = func() (is [256]bool) {
	for b := byte(' '); b < 0x7f; b++ {
		is[b] = b != '"' && b != '\\' && b != '<' && b != '>' && b != '&'
	}
	return is
}()
