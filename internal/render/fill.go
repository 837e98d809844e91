package render

import (
	"fmt"
	"math"
	"strings"
)

// filler fills in what tokens stand for.
type filler struct {
	values map[string]any // by token
	copy   map[string]any // the same, of one of several copies; may be nil
}

func (f filler) of(token string) (any, bool) {
	if v, ok := f.copy[token]; ok {
		return v, true
	}
	v, ok := f.values[token]
	return v, ok
}

// fill returns a copy of v with the values of its tokens. The value of a token that is known is copied too.
func (f filler) fill(v any) any {
	switch v := v.(type) {
	case string:
		value, ok := f.of(v)
		if !ok {
			return v
		}
		if s, ok := value.(span); ok {
			value = s.value
		}
		return normal(value)
	case object:
		out := make(object, len(v))
		for key, item := range v {
			if items, ok := item.(list); ok && f.onlySpans(items) {
				if filled := f.items(items); len(filled) > 0 {
					out[key] = filled
				}
				continue
			}
			if !f.isAbsent(item) {
				out[key] = f.fill(item)
			}
		}
		return out
	case list:
		return f.items(v)
	}
	return v
}

// isAbsent reports whether a token, or a mapping of nothing but such tokens, stands for what is not there.
func (f filler) isAbsent(v any) bool {
	switch v := v.(type) {
	case string:
		value, _ := f.of(v)
		s, _ := value.(span)
		_, is := s.value.(absent)
		return is
	case object:
		for _, item := range v {
			if token, ok := item.(string); !ok || !f.isAbsent(token) {
				return false
			}
		}
		return len(v) > 0
	}
	return false
}

// items fills in a list. An item that is a token may stand for several.
func (f filler) items(items list) list {
	out := make(list, 0, len(items))
	for _, item := range items {
		if s, ok := f.spanOf(item); ok {
			if several, ok := s.value.(list); ok {
				out = append(out, normal(several).(list)...)
				continue
			}
		}
		if several, ok := f.copiesOf(item); ok {
			for _, values := range several.values {
				out = append(out, filler{f.values, values}.fill(item))
			}
			continue
		}
		out = append(out, f.fill(item))
	}
	return out
}

// copiesOf returns the values of an item that stands for several.
func (f filler) copiesOf(item any) (copies, bool) {
	o, _ := item.(object)
	token, ok := o["name"].(string)
	if !ok {
		return copies{}, false
	}
	value, _ := f.of(token)
	c, ok := value.(copies)
	return c, ok
}

// spanOf returns the span that an item of a list stands for: it is a token, or an element of which a token is the key.
func (f filler) spanOf(item any) (span, bool) {
	if o, ok := item.(object); ok && len(o) == 1 {
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

// onlySpans reports whether a list holds nothing but tokens of elements, so that it is only there if they stand for something.
func (f filler) onlySpans(items list) bool {
	for _, item := range items {
		if s, ok := f.spanOf(item); !ok {
			return false
		} else if _, several := s.value.(list); !several {
			return false
		}
	}
	return len(items) > 0
}

// normal returns a copy of a value in the types that decoded objects have.
func normal(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case float64:
		if i := int64(v); float64(i) == v && math.Abs(v) < 1<<53 {
			return i
		}
	case object:
		out := make(object, len(v))
		for key, item := range v {
			out[key] = normal(item)
		}
		return out
	case list:
		out := make(list, len(v))
		for i, item := range v {
			out[i] = normal(item)
		}
		return out
	}
	return v
}

// foreign returns an error if tokens came out otherwise than whole: then whatever was built with them cannot be filled in.
func (f filler) foreign(v any) error {
	check := func(s string) error {
		if _, ok := f.values[s]; !ok && strings.Contains(s, tokenPrefix) {
			return fmt.Errorf("a token became part of %q", s)
		}
		return nil
	}
	switch v := v.(type) {
	case string:
		return check(v)
	case object:
		for key, item := range v {
			if strings.Contains(key, tokenPrefix) {
				return fmt.Errorf("a token became the key %q", key)
			}
			if err := f.foreign(item); err != nil {
				return err
			}
		}
	case list:
		for _, item := range v {
			if err := f.foreign(item); err != nil {
				return err
			}
		}
	}
	return nil
}
