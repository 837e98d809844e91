// SPDX-License-Identifier: Apache-2.0

package workspace

import "maps"

// StringMap returns the string values of a free-form mapping, and leaves out all others.
func StringMap(v any) map[string]string {
	out := map[string]string{}
	m, _ := v.(map[string]any)
	for key, value := range m {
		if text, ok := value.(string); ok {
			out[key] = text
		}
	}
	return out
}

// With returns the facts of both.
func (f Facts) With(more Facts) Facts {
	f.Nodes, f.NodesKnown = append(f.Nodes[:len(f.Nodes):len(f.Nodes)], more.Nodes...), f.NodesKnown || more.NodesKnown
	join(&f.ConfigMaps, more.ConfigMaps)
	join(&f.Secrets, more.Secrets)
	join(&f.Claims, more.Claims)
	join(&f.Unknown, more.Unknown)
	return f
}

// join adds the entries of more; an empty map also counts as known. It copies maps, because callers share them.
func join[K comparable, V any](m *map[K]V, more map[K]V) {
	if more == nil {
		return
	}
	both := map[K]V{}
	maps.Copy(both, *m)
	maps.Copy(both, more)
	*m = both
}

// Empty reports whether nothing is known.
func (f Facts) Empty() bool {
	return !f.NodesKnown && len(f.Nodes)+len(f.ConfigMaps)+len(f.Secrets)+len(f.Claims)+len(f.Unknown) == 0
}
