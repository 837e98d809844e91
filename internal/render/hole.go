package render

// Most Workspaces differ from one another only in text that Kustomize copies without looking at it. An overlay marks such
// text, so that a build can be made once with tokens in its place, and be filled in for each Workspace.
//
// There are four marks. What they stand for in a plain build is what they hold.
type (
	// hole is a value that Kustomize only copies, of any type. As an item of a list, a list stands for its items.
	hole struct{ value any }
	// name is text that Kustomize may compare with other names: of objects, of what they refer to, of containers.
	name string
	// elements are the items of a list that Kustomize merges with other lists by the key.
	elements struct {
		key   string
		items list
	}
	// alike are items of a list, told apart by their names, that differ only in what is marked in them.
	alike list
)

// absent is what a hole holds that is the value of a key which is not there. A mapping of nothing else is not there either.
type absent struct{}

// isAbsent reports whether a value is not there.
func isAbsent(v any) bool {
	switch v := v.(type) {
	case hole:
		_, is := v.value.(absent)
		return is
	case elements:
		return len(v.items) == 0
	case object:
		for _, item := range v {
			if h, ok := item.(hole); !ok || !isAbsent(h) {
				return false
			}
		}
		return len(v) > 0
	}
	return false
}

// unmarked returns the value that marks stand for.
func unmarked(v any) any {
	switch v := v.(type) {
	case hole:
		return unmarked(v.value)
	case name:
		return string(v)
	case elements:
		return unmarked(v.items)
	case object:
		out := make(object, len(v))
		for key, item := range v {
			if !isAbsent(item) {
				out[key] = unmarked(item)
			}
		}
		return out
	case list:
		out := make(list, 0, len(v))
		for _, item := range v {
			if h, ok := item.(hole); ok {
				if several, ok := h.value.(list); ok {
					out = append(out, unmarked(several).(list)...)
					continue
				}
			}
			if several, ok := item.(alike); ok {
				out = append(out, unmarked(list(several)).(list)...)
				continue
			}
			out = append(out, unmarked(item))
		}
		return out
	}
	return v
}
