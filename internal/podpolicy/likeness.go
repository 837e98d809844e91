// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"crypto/sha256"
	"reflect"
	"slices"
	"strings"
	"sync"

	"syncer.dev/syncer/internal/canonical"
	"syncer.dev/syncer/internal/wellknown"
)

// Likeness is equal for objects that Judge tells nothing apart: if it finds nothing in one, it finds nothing in the
// other.
type Likeness [sha256.Size]byte

// Likeness returns that of an object under this policy. It leaves out texts that no rule looks at, such as the command
// line of a container: the pods of a fleet are much alike without them. known is false for objects that Judge does not
// look into, and for those that cannot be encoded.
func (p Policy) Likeness(object map[string]any) (_ Likeness, known bool) {
	if hasData(object) {
		return Likeness{}, false
	}
	l, _ := writers.Get().(*likeness)
	defer writers.Put(l)
	l.text, l.keys, l.err = l.text[:0], l.keys[:0], nil
	l.value(root, map[string]any{
		"verdict": string(p.Verdict), "level": string(p.level()), "noLoadBalancers": p.NoLoadBalancers,
		"serviceAccounts": anyOf(p.ServiceAccounts), "secrets": anyOf(p.Secrets),
	})
	l.value(root, object)
	return sha256.Sum256(l.text), l.err == nil
}

// anyOf returns names as a list of a decoded object; nil stays nil, which admits all names, as an empty list does not.
func anyOf(names []string) any {
	if names == nil {
		return nil
	}
	out := make([]any, len(names))
	for i, name := range names {
		out[i] = name
	}
	return out
}

// likeness writes what Judge may look at.
type likeness struct {
	text []byte
	keys []string // of all objects that are open
	err  error
}

var writers = sync.Pool{New: func() any { return &likeness{} }}

// role is what an object or a list is for, which says which of its texts are left out.
type role int

const (
	other role = iota
	root
	objectMeta
	labels
	annotations
	containers
	oneContainer
	variables
	variable
	requirements // of labels
	requirement
)

// below returns the role of a field.
func (r role) below(key string) role {
	switch key {
	case "metadata":
		if r == root {
			return objectMeta
		}
	case "labels", "matchLabels", "nodeSelector", "selector":
		return labels
	case "annotations":
		return annotations
	case "matchExpressions":
		return requirements
	case "env":
		if r == oneContainer {
			return variables
		}
	}
	if slices.Contains(containerLists, key) {
		return containers
	}
	return other
}

// item returns the role of an item.
func (r role) item() role {
	switch r {
	case containers:
		return oneContainer
	case variables:
		return variable
	case requirements:
		return requirement
	}
	return other
}

// free reports whether no rule looks at the value of a field as long as it is a text, or a list of texts. A name with a
// slash is that of no field: it is a label, or an annotation.
func (r role) free(key string, v any) bool {
	if _, isText := v.(string); isText {
		switch r {
		case objectMeta:
			return key == "name" || key == "namespace"
		case labels:
			return strings.Contains(key, "/")
		case annotations:
			return strings.HasPrefix(key, wellknown.PrefixSyncer)
		case oneContainer:
			return key == "name"
		case variable:
			return key == "name" || key == "value"
		}
		return key == "serviceName"
	}
	return (r == requirement && key == "values" || r == oneContainer && (key == "args" || key == "command")) && areTexts(v)
}

func areTexts(v any) bool {
	items, isList := v.([]any)
	return isList && !slices.ContainsFunc(items, func(item any) bool { _, is := item.(string); return !is })
}

func (l *likeness) value(r role, v any) {
	switch v := v.(type) {
	case map[string]any:
		l.object(r, v)
	case []any:
		l.text = append(l.text, '[')
		for _, item := range v {
			l.value(r.item(), item)
			l.text = append(l.text, ',')
		}
		l.text = append(l.text, ']')
	case int, float64: // a whole number may be of either type, which are not the same to all rules
		l.text = append(l.text, reflect.TypeOf(v).Name()...)
		l.leaf(v)
	default:
		l.leaf(v)
	}
}

func (l *likeness) leaf(v any) {
	text, err := canonical.Append(l.text, v)
	if l.text = text; err != nil {
		l.err = err
	}
}

func (l *likeness) object(r role, v map[string]any) {
	from := len(l.keys)
	for key := range v {
		l.keys = append(l.keys, key)
	}
	slices.Sort(l.keys[from:])
	l.text = append(l.text, '{')
	for i := from; i < from+len(v); i++ {
		key := l.keys[i]
		l.text = append(canonical.AppendString(l.text, key), ':')
		if item := v[key]; r.free(key, item) {
			l.text = append(l.text, '~') // which begins no value
		} else {
			l.value(r.below(key), item)
		}
		l.text = append(l.text, ',')
	}
	l.text, l.keys = append(l.text, '}'), l.keys[:from]
}
