// SPDX-License-Identifier: Apache-2.0

package eject

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"syncer.dev/syncer/internal/cluster"
)

// object and list are JSON-shaped values.
type (
	object = map[string]any
	list   = []any
)

// key identifies an object.
type key struct{ kind, name string }

func keyOf(o object) key {
	u := unstructured.Unstructured{Object: o}
	return key{u.GetKind(), u.GetName()}
}

// objectsOf decodes YAML documents.
func objectsOf(text []byte) (map[key]object, error) {
	out := map[key]object{}
	dec := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := object{}
		err := dec.Decode(&o)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decode the built objects: %w", err)
		}
		out[keyOf(o)] = o
	}
}

// plain returns a rendered object without the labels and annotations of syncer, and with the base's name of the main
// container.
func (t task) plain(u *unstructured.Unstructured) (object, error) {
	text, err := u.MarshalJSON() // numbers get the same type as in built objects
	if err != nil {
		return nil, err
	}
	o := object{}
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	metas := []object{}
	collect := func(fields ...string) {
		if m, ok, _ := unstructured.NestedFieldNoCopy(o, fields...); ok {
			if m, ok := m.(object); ok {
				metas = append(metas, m)
			}
		}
	}
	collect("metadata")
	collect("spec", "template", "metadata")
	for _, m := range metas {
		drop(m, "labels", cluster.LabelManagedBy, cluster.LabelCluster)
		drop(m, "annotations", cluster.AnnotationSource, cluster.AnnotationInputs)
	}
	containers, _, _ := unstructured.NestedFieldNoCopy(o, "spec", "template", "spec", "containers")
	for _, c := range asList(containers) {
		if c, ok := c.(object); ok && c["name"] == t.workspace.Name {
			c["name"] = mainContainer
		}
	}
	return o, nil
}

func asList(v any) list { l, _ := v.(list); return l }

// drop removes entries of a map in m, and the map itself if it is empty then.
func drop(m object, field string, names ...string) {
	entries, ok := m[field].(object)
	if !ok {
		return
	}
	for _, n := range names {
		delete(entries, n)
	}
	if len(entries) == 0 {
		delete(m, field)
	}
}

// originalName returns the name of an object in its base.
func (t task) originalName(u *unstructured.Unstructured) string {
	for _, r := range t.renames() {
		if u.GetKind() == r.kind && u.GetName() == r.to {
			return r.from
		}
	}
	return u.GetName()
}

// fileName is the name of the file with the patch of an object, such as service-headless.yaml.
func fileName(kind, name string) string {
	return strings.ToLower(kind) + strings.TrimPrefix(name, baseName) + ".yaml"
}

// withName returns metadata with a name.
func withName(metadata any, name string) object {
	m, _ := metadata.(object)
	if m == nil {
		m = object{}
	}
	m["name"] = name
	return m
}

// mergeKeys are the fields by which Kubernetes identifies elements of lists; a patch replaces other lists as a whole.
var mergeKeys = map[string][]string{
	"containers": {
		"name",
	}, "initContainers": {"name"}, "env": {"name"}, "volumes": {"name"}, "volumeMounts": {"mountPath"},
	"ports": {"containerPort", "port"},
}

// difference returns the strategic merge patch that turns one object into another.
func difference(before, after object) object {
	out := object{}
	for k, a := range after {
		b, ok := before[k]
		if ok && reflect.DeepEqual(a, b) {
			continue
		}
		bm, bok := b.(object)
		am, aok := a.(object)
		switch {
		case bok && aok:
			out[k] = difference(bm, am)
		case mergeable(k, b, a):
			out[k] = elements(mergeKeys[k], asList(b), asList(a))
		default:
			out[k] = a
		}
	}
	for k := range before {
		if _, ok := after[k]; !ok {
			out[k] = nil
		}
	}
	return out
}

// mergeable reports whether both values are lists whose elements have a merge key.
func mergeable(field string, values ...any) bool {
	keys := mergeKeys[field]
	for _, v := range values {
		for _, e := range asList(v) {
			if _, ok := identity(keys, e); !ok {
				return false
			}
		}
	}
	return keys != nil && len(asList(values[0])) > 0
}

// identity returns the field that identifies an element, with its value.
func identity(keys []string, element any) (object, bool) {
	e, _ := element.(object)
	for _, k := range keys {
		if v, ok := e[k]; ok {
			return object{k: v}, true
		}
	}
	return nil, false
}

// elements returns the patch of a list.
func elements(keys []string, before, after list) list {
	find := func(in list, id object) object {
		for _, e := range in {
			if other, _ := identity(keys, e); reflect.DeepEqual(other, id) {
				return e.(object)
			}
		}
		return nil
	}
	var out list
	for _, e := range after {
		id, _ := identity(keys, e)
		switch old := find(before, id); {
		case old == nil:
			out = append(out, e)
		case !reflect.DeepEqual(old, e):
			change := difference(old, e.(object))
			for k, v := range id {
				change[k] = v
			}
			out = append(out, change)
		}
	}
	for _, e := range before {
		if id, _ := identity(keys, e); find(after, id) == nil {
			id["$patch"] = "delete"
			out = append(out, id)
		}
	}
	return out
}
