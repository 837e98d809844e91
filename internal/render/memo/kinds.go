// SPDX-License-Identifier: Apache-2.0

package memo

// Most Workspaces differ from one another only in text that Kustomize copies as it is. An overlay wraps such text in
// placeholders, so that one build with tokens serves all these Workspaces.
//
// There are four kinds of placeholder. In a plain build, Resolve replaces each by its content.
type (
	// Placeholder is a value of any type that Kustomize only copies. In a list, a list stands for its items.
	Placeholder struct{ Value any }
	// RefPlaceholder is a name that Kustomize may compare with others: of an object, of a reference, of a container.
	RefPlaceholder string
	// ListPlaceholder is a list that Kustomize merges with other lists by the key.
	ListPlaceholder struct {
		Key   string
		Items List
	}
	// Repeated is a list of items with different names that differ only in their placeholders.
	Repeated List
)

// Omit in a Placeholder removes its key. A mapping of nothing but Omit is removed too.
type Omit struct{}

// isAbsent reports whether Resolve removes the key of a value.
func isAbsent(v any) bool {
	switch v := v.(type) {
	case Placeholder:
		_, is := v.Value.(Omit)
		return is
	case ListPlaceholder:
		return len(v.Items) == 0
	case Object:
		for _, item := range v {
			if h, ok := item.(Placeholder); !ok || !isAbsent(h) {
				return false
			}
		}
		return len(v) > 0
	}
	return false
}

// Resolve returns a copy of a value with the content of its placeholders.
func Resolve(v any) any {
	switch v := v.(type) {
	case Placeholder:
		return Resolve(v.Value)
	case RefPlaceholder:
		return string(v)
	case ListPlaceholder:
		return Resolve(v.Items)
	case Object:
		out := make(Object, len(v))
		for key, item := range v {
			if !isAbsent(item) {
				out[key] = Resolve(item)
			}
		}
		return out
	case List:
		out := make(List, 0, len(v))
		for _, item := range v {
			if h, ok := item.(Placeholder); ok {
				if several, ok := h.Value.(List); ok {
					out = append(out, Resolve(several).(List)...)
					continue
				}
			}
			if several, ok := item.(Repeated); ok {
				out = append(out, Resolve(List(several)).(List)...)
				continue
			}
			out = append(out, Resolve(item))
		}
		return out
	}
	return v
}

// Texts makes a placeholder of every text in a value. That is correct for the parts of a pod in which Kustomize looks
// for neither selectors nor names of other objects: it only copies the texts.
func Texts(v any) any {
	switch v := v.(type) {
	case string:
		return Placeholder{Value: v}
	case Object:
		out := make(Object, len(v))
		for key, item := range v {
			out[key] = Texts(item)
		}
		return out
	case List:
		out := make(List, len(v))
		for i, item := range v {
			out[i] = Texts(item)
		}
		return out
	}
	return v
}

// Object and list are JSON-shaped values.
type (
	Object = map[string]any
	List   = []any
)
