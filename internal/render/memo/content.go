// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"math"

	"syncer.dev/syncer/internal/canonical"
)

// normal returns a copy of a value with the Go types of decoded JSON objects.
func normal(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case float64:
		if i := int64(v); float64(i) == v && math.Abs(v) < 1<<53 {
			return i
		}
	case Object:
		out := make(Object, len(v))
		for key, item := range v {
			out[key] = normal(item)
		}
		return out
	case List:
		out := make(List, len(v))
		for i, item := range v {
			out[i] = normal(item)
		}
		return out
	}
	return v
}

// appendContent adds the canonical JSON of normal(Resolve(v)) to a text, without making that value.
func appendContent(to []byte, v any) (_ []byte, err error) {
	switch v := v.(type) {
	case string:
		return canonical.AppendString(to, v), nil
	case RefPlaceholder:
		return canonical.AppendString(to, string(v)), nil
	case Placeholder:
		return appendContent(to, v.Value)
	case ListPlaceholder:
		return appendContent(to, v.Items)
	case Object:
		var room [16]string
		to = append(to, '{')
		for _, key := range sortedKeys(room[:0], v) {
			item := v[key]
			if isAbsent(item) {
				continue
			}
			if to[len(to)-1] != '{' {
				to = append(to, ',')
			}
			if to, err = appendContent(append(canonical.AppendString(to, key), ':'), item); err != nil {
				return nil, err
			}
		}
		return append(to, '}'), nil
	case List:
		to, err = appendItems(append(to, '['), v)
		return append(to, ']'), err
	}
	return canonical.Append(to, normal(v))
}

// appendItems adds the items of a list to a text.
func appendItems(to []byte, items List) (_ []byte, err error) {
	for _, item := range items {
		several, isList := List(nil), false
		switch item := item.(type) {
		case Placeholder:
			several, isList = item.Value.(List)
		case Repeated:
			several, isList = List(item), true
		}
		if isList {
			to, err = appendItems(to, several)
		} else {
			to, err = appendContent(comma(to), item)
		}
		if err != nil {
			return nil, err
		}
	}
	return to, nil
}
