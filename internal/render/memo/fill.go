// SPDX-License-Identifier: Apache-2.0

package memo

import (
	"fmt"
	"maps"
	"math"
	"strings"
)

// Filler replaces tokens by their values.
type Filler struct {
	Values map[string]any // by token
	copy   map[string]any // values of one item of a Repeated, which win; may be nil
}

func (f Filler) of(token string) (any, bool) {
	if v, ok := f.copy[token]; ok {
		return v, true
	}
	v, ok := f.Values[token]
	return v, ok
}

// Fill returns v with values for tokens. What holds no token is v itself, which all that fill in one template have in
// common: it must not change. Fill copies the values.
func (f Filler) Fill(v any) any {
	out, _ := f.fill(v)
	return out
}

// fill also reports whether the result is another value than v.
func (f Filler) fill(v any) (out any, other bool) {
	switch v := v.(type) {
	case string:
		value, ok := f.of(v)
		if !ok {
			return v, false
		}
		if s, ok := value.(span); ok {
			value = s.value
		}
		return normal(value), true
	case Object:
		return f.object(v)
	case List:
		return f.items(v)
	}
	return v, false
}

// object fills in the fields of an object.
func (f Filler) object(v Object) (out Object, other bool) {
	set := func(key string, value any, keep bool) {
		if !other {
			out, other = maps.Clone(v), true
		}
		if out[key] = value; !keep {
			delete(out, key)
		}
	}
	out = v
	for key, item := range v {
		if items, ok := item.(List); ok && f.onlySpans(items) {
			filled, _ := f.items(items)
			set(key, filled, len(filled) > 0)
			continue
		}
		if f.isAbsent(item) {
			set(key, nil, false)
		} else if filled, is := f.fill(item); is {
			set(key, filled, true)
		}
	}
	return out, other
}

// isAbsent reports whether a value is a token for Omit, or a mapping of nothing but such tokens.
func (f Filler) isAbsent(v any) bool {
	switch v := v.(type) {
	case string:
		value, _ := f.of(v)
		s, _ := value.(span)
		_, is := s.value.(Omit)
		return is
	case Object:
		for _, item := range v {
			if token, ok := item.(string); !ok || !f.isAbsent(token) {
				return false
			}
		}
		return len(v) > 0
	}
	return false
}

// items fills in a list. A token may stand for several items.
func (f Filler) items(items List) (out List, other bool) {
	add := func(at int, values ...any) {
		if !other {
			out, other = append(make(List, 0, len(items)), items[:at]...), true
		}
		out = append(out, values...)
	}
	for i, item := range items {
		if s, ok := f.spanOf(item); ok {
			if several, ok := s.value.(List); ok {
				add(i, normal(several).(List)...)
				continue
			}
		}
		if several, ok := f.copiesOf(item); ok {
			add(i)
			for _, values := range several.values {
				add(i, Filler{f.Values, values}.Fill(item))
			}
			continue
		}
		if filled, is := f.fill(item); is || other {
			add(i, filled)
		}
	}
	if !other {
		return items, false
	}
	return out, true
}

// copiesOf returns the values of an item that stands for a Repeated.
func (f Filler) copiesOf(item any) (copies, bool) {
	o, _ := item.(Object)
	token, ok := o["name"].(string)
	if !ok {
		return copies{}, false
	}
	value, _ := f.of(token)
	c, ok := value.(copies)
	return c, ok
}

// spanOf returns the span of an item: the item is a token, or an object whose only field is a token.
func (f Filler) spanOf(item any) (span, bool) {
	if o, ok := item.(Object); ok && len(o) == 1 {
		for _, only := range o {
			item = only
		}
	}
	token, ok := item.(string)
	if !ok {
		return span{}, false
	}
	value, _ := f.of(token)
	s, ok := value.(span)
	return s, ok
}

// onlySpans reports whether all items of a list are tokens for lists. Such a list is omitted if all of them are empty.
func (f Filler) onlySpans(items List) bool {
	for _, item := range items {
		if s, ok := f.spanOf(item); !ok {
			return false
		} else if _, several := s.value.(List); !several {
			return false
		}
	}
	return len(items) > 0
}

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

// Foreign returns an error if a token is part of another text. A template with such a token cannot be filled in.
func (f Filler) Foreign(v any) error {
	check := func(s string) error {
		if _, ok := f.Values[s]; !ok && strings.Contains(s, TokenPrefix) {
			return fmt.Errorf("a token became part of %q", s)
		}
		return nil
	}
	switch v := v.(type) {
	case string:
		return check(v)
	case Object:
		for key, item := range v {
			if strings.Contains(key, TokenPrefix) {
				return fmt.Errorf("a token became the key %q", key)
			}
			if err := f.Foreign(item); err != nil {
				return err
			}
		}
	case List:
		for _, item := range v {
			if err := f.Foreign(item); err != nil {
				return err
			}
		}
	}
	return nil
}
