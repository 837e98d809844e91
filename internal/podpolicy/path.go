// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"slices"
	"strconv"
	"strings"
)

// Path is the place of a field in an object: names of fields as string, indexes of lists as int.
type Path []any

// String returns the path as "spec.template.spec.containers[0].image".
func (p Path) String() string {
	var b strings.Builder
	for _, step := range p {
		switch step := step.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(step) + "]")
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		}
	}
	return b.String()
}

// with returns the path of a field below p. Paths share no memory.
func (p Path) with(steps ...any) Path { return append(slices.Clone(p), steps...) }

// at returns the value of a field, or nil.
func at(v any, p Path) any {
	for _, step := range p {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step < 0 || step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// find returns the paths of all fields below v that match a pattern such as "ports[].hostPort" and are not empty.
func find(v any, pattern string) []Path {
	found := []Path{nil}
	for part := range strings.SplitSeq(pattern, ".") {
		name, list := strings.CutSuffix(part, "[]")
		var next []Path
		for _, p := range found {
			p = p.with(name)
			if !list {
				next = append(next, p)
				continue
			}
			items, _ := at(v, p).([]any)
			for i := range items {
				next = append(next, p.with(i))
			}
		}
		found = next
	}
	return slices.DeleteFunc(found, func(p Path) bool { return empty(at(v, p)) })
}

// empty reports whether a field means the same as one that is not given, wherever the policy looks at it. The value
// false does not: it can differ from the default.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case int64:
		return v == 0
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

func text(v any) string { s, _ := v.(string); return s }

func mapping(v any) map[string]any { m, _ := v.(map[string]any); return m }

func list(v any) []any { l, _ := v.([]any); return l }
