// SPDX-License-Identifier: Apache-2.0

package contest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// PointerTo turns a field path of a server-side apply conflict into a JSON pointer into the object. It returns false
// when the object does not have the field.
//
// The server writes paths in the notation of structured-merge-diff: .spec.containers[name="model"].image for an item
// of a list by its keys, [="a"] for a value of a set, [0] for an index. Names are not quoted, although they may hold
// dots, so the object decides how far a name goes: the longest key that fits.
func PointerTo(value any, path string) (string, bool) {
	pointer := ""
	for path != "" {
		var step string
		var ok bool
		switch v := value.(type) {
		case map[string]any:
			step, path, ok = nextKey(v, path)
			value = v[step]
		case []any:
			var i int
			i, path, ok = nextItem(v, path)
			if ok {
				step, value = strconv.Itoa(i), v[i]
			}
		}
		if !ok {
			return "", false
		}
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
	}
	return pointer, true
}

// nextKey returns the key of a mapping at the beginning of path, and the rest of path.
func nextKey(m map[string]any, path string) (key, rest string, ok bool) {
	path, ok = strings.CutPrefix(path, ".")
	if !ok {
		return "", "", false
	}
	found := false
	for k := range m {
		after, fits := strings.CutPrefix(path, k)
		if fits && (after == "" || after[0] == '.' || after[0] == '[') && (!found || len(k) > len(key)) {
			key, rest, found = k, after, true
		}
	}
	return key, rest, found
}

// nextItem returns the index of the item of a list at the beginning of path, and the rest of path.
func nextItem(list []any, path string) (i int, rest string, ok bool) {
	inside, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
	if !ok || !strings.HasPrefix(path, "[") {
		return 0, "", false
	}
	if n, err := strconv.Atoi(inside); err == nil {
		return n, rest, n >= 0 && n < len(list)
	}
	i = slices.IndexFunc(list, func(item any) bool { return hasKeys(item, inside) })
	return i, rest, i >= 0
}

// hasKeys reports whether an item has the keys of a selector, such as: containerPort=80,protocol="TCP".
func hasKeys(item any, selector string) bool {
	m, _ := item.(map[string]any)
	for _, pair := range strings.Split(selector, ",") {
		key, text, ok := strings.Cut(pair, "=")
		var want any
		if !ok || json.Unmarshal([]byte(text), &want) != nil {
			return false
		}
		var got any = item
		if key != "" {
			got = m[key]
		}
		data, err := json.Marshal(got)
		if err != nil || string(data) != text && !(got == nil && want == nil) {
			return false
		}
	}
	return true
}
