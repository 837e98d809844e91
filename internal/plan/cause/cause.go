// SPDX-License-Identifier: Apache-2.0

// Package cause says why a live object differs from the desired one: a commit, another client, or another rendering.
// Pure.
package cause

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// Cause is why a live object differs from the desired one.
type Cause string

// The causes. The empty Cause is unknown, or that of an object that does not exist.
const (
	// Commit is that the file of the Workspace, its patch or its ConfigMap says something else.
	Commit Cause = "Commit"
	// Drift is that another client changed the object since syncer applied it.
	Drift Cause = "Drift"
	// Rendering is that the same inputs render differently, and no client changed what syncer had applied: another
	// version of syncer, another preset of the repository, another configuration, or another size.
	Rendering Cause = "Rendering"
)

// Text says the cause to people; "" for those that the rest of the plan shows.
func (c Cause) Text() string {
	switch c {
	case Drift:
		return "another client changed it"
	case Rendering:
		return "the same inputs render differently: another version or configuration of syncer, another preset or size"
	}
	return ""
}

// Of returns why a live object differs in these fields. The API server records which client set each field last.
// What syncer set, and no other client changed, differs because syncer now wants something else. A field that the live
// object lacks says nothing: it is new, or another client removed it.
func Of(live, desired *unstructured.Unstructured, fields []string) Cause {
	before, known := cluster.TextIn(live, "annotations", cluster.AnnotationInputs)
	after, _ := cluster.TextIn(desired, "annotations", cluster.AnnotationInputs)
	entries := live.GetManagedFields()
	switch {
	case len(entries) == 0: // it is not from an API server
		return ""
	case known && before != after:
		return Commit
	}
	ours, others := false, false
	for _, field := range fields {
		p := parsePath(field)
		if _, present := valueAt(live.Object, p); !present {
			continue
		}
		var by []string
		for i := range entries {
			if entries[i].Subresource == "" && sets(&entries[i], live.Object, p) {
				by = append(by, entries[i].Manager)
			}
		}
		own := slices.Contains(by, cluster.ManagedBy)
		ours, others = ours || own, others || !own && len(by) > 0
	}
	switch {
	case others:
		return Drift
	case ours && known:
		return Rendering
	}
	return ""
}

// parsePath takes a path such as "spec.containers[0].image" or "metadata.labels[a.b/c]" apart: indexes are int.
func parsePath(path string) []any {
	var out []any
	for path != "" {
		end := strings.IndexAny(path, ".[")
		switch {
		case end < 0:
			return append(out, path)
		case end > 0:
			out = append(out, path[:end])
			path = path[end:]
		case path[0] == '.':
			path = path[1:]
		default:
			name, rest, closed := strings.Cut(path[1:], "]")
			if !closed {
				return append(out, path)
			}
			index := 0
			if _, err := fmt.Sscanf(name, "%d", &index); err == nil && fmt.Sprint(index) == name {
				out = append(out, index)
			} else {
				out = append(out, name)
			}
			path = rest
		}
	}
	return out
}

// valueAt returns the value at a path, and whether there is one.
func valueAt(v any, path []any) (any, bool) {
	for _, step := range path {
		switch of := v.(type) {
		case map[string]any:
			item, ok := of[fmt.Sprint(step)]
			if !ok {
				return nil, false
			}
			v = item
		case []any:
			i, ok := step.(int)
			if !ok || i >= len(of) {
				return nil, false
			}
			v = of[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// sets reports whether a client set the field at a path, or a part of it.
func sets(entry *metav1.ManagedFieldsEntry, object any, path []any) bool {
	var fields map[string]any
	if entry.FieldsV1 == nil || json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
		return false
	}
	for _, step := range path {
		if len(fields) == 0 {
			return true // a value that is set as a whole
		}
		next, ok := fields["f:"+fmt.Sprint(step)].(map[string]any)
		item, _ := valueAt(object, []any{step})
		if i, index := step.(int); index && !ok {
			next, ok = itemOf(fields, item, i)
		}
		if !ok {
			return false
		}
		fields, object = next, item
	}
	return true
}

// itemOf returns the fields of an item of a list, which is named by its keys, its value or its index.
func itemOf(fields map[string]any, item any, index int) (map[string]any, bool) {
	for name, below := range fields {
		next, _ := below.(map[string]any)
		kind, text, _ := strings.Cut(name, ":")
		var said any
		if json.Unmarshal([]byte(text), &said) != nil {
			continue
		}
		switch kind {
		case "k":
			keys, _ := said.(map[string]any)
			of, ok := item.(map[string]any)
			for key, v := range keys {
				ok = ok && fmt.Sprint(of[key]) == fmt.Sprint(v)
			}
			if ok {
				return next, true
			}
		case "v":
			if reflect.DeepEqual(said, item) {
				return next, true
			}
		case "i":
			if fmt.Sprint(said) == fmt.Sprint(index) {
				return next, true
			}
		}
	}
	return nil, false
}
