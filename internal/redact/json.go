// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"encoding/json"
)

// JSON returns a JSON document whose strings, keys included, went through Text. All else stays byte by byte.
func JSON(document []byte) []byte { return MapJSON(document, Text) }

// MapJSON returns a JSON document with a function applied to every string, keys included.
func MapJSON(document []byte, f func(string) string) []byte {
	var b bytes.Buffer
	for len(document) > 0 {
		open := bytes.IndexByte(document, '"')
		if open < 0 {
			break
		}
		b.Write(document[:open])
		document = document[open:]
		end := 1
		for end < len(document) && document[end] != '"' {
			if document[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end+1, len(document))
		b.Write(literal(document[:end], f))
		document = document[end:]
	}
	b.Write(document)
	return b.Bytes()
}

// literal returns a string of JSON after f.
func literal(text []byte, f func(string) string) []byte {
	var s string
	if json.Unmarshal(text, &s) != nil {
		return text
	}
	out := f(s)
	if out == s {
		return text
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(out) != nil { // a string: cannot happen
		return text
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
