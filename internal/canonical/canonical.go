// SPDX-License-Identifier: Apache-2.0

// Package canonical writes decoded JSON in one form: keys in order, no spaces. It is what encoding/json writes, which
// spends most of its time on finding out the types of values that are of few types.
package canonical

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Append adds the JSON of a value to a text. The bytes are those of json.Marshal, and so are the errors.
func Append(to []byte, v any) ([]byte, error) {
	e := encoder{text: to}
	err := e.value(v)
	return e.text, err
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
		return e.string(v)
	case bool:
		e.text = strconv.AppendBool(e.text, v)
	case int:
		e.text = strconv.AppendInt(e.text, int64(v), 10)
	case int64:
		e.text = strconv.AppendInt(e.text, v, 10)
	case map[string]any:
		return e.object(v)
	case []any:
		return e.list(v)
	default:
		return e.other(v)
	}
	return nil
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
		if err := e.string(key); err != nil {
			return err
		}
		e.text = append(e.text, ':')
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

func (e *encoder) string(s string) error {
	for i := range len(s) {
		if !plain[s[i]] {
			return e.other(s)
		}
	}
	e.text = append(append(append(e.text, '"'), s...), '"')
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
