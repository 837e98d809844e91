// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/redact"
)

// Diff is the difference between two objects.
type Diff struct {
	Paths   []string // of the fields that differ, sorted
	Fields  []Field  // the same with their values, in the order of the objects; nil where an object is missing
	Unified string   // unified diff; empty when nothing differs
}

// Objects compares two objects; nil stands for a missing one. It ignores the fields that only the server sets, and the
// labels and annotations that are noise: those that say nothing that the rest of the object does not say. Noise on the
// template of pods counts where nothing else differs, because the pods are replaced then.
func Objects(before, after *unstructured.Unstructured, noise ...string) Diff {
	p := of(before, after, noise)
	return Diff{Paths: p.paths, Fields: p.fields(), Unified: p.unified()}
}

// pair is two objects that are compared, without secrets and what is ignored; nil for a missing one.
type pair struct {
	before, after map[string]any
	paths         []string
}

func of(before, after *unstructured.Unstructured, noise []string) pair {
	p := compare(clean(before, noise, true), clean(after, noise, true))
	if before != nil && after != nil && len(p.paths) == 0 {
		return compare(clean(before, noise, false), clean(after, noise, false))
	}
	return p
}

func compare(before, after map[string]any) pair {
	var p pair
	p.before, p.after = redact.Pair(before, after)
	walk("", p.before, p.after, &p.paths)
	slices.Sort(p.paths)
	return p
}

func (p pair) fields() []Field {
	if p.before == nil || p.after == nil || len(p.paths) == 0 {
		return nil
	}
	return fields(p.before, p.after)
}

func (p pair) unified() string {
	return udiff.Unified("before", "after", text(p.before), text(p.after))
}

// serverSet are the metadata fields that only the server sets.
var serverSet = []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"}

// clean is an object without what is ignored; template says whether noise on the template of pods is.
func clean(o *unstructured.Unstructured, noise []string, template bool) map[string]any {
	if o == nil {
		return nil
	}
	m := o.DeepCopy().Object
	delete(m, "status")
	if meta, ok := m["metadata"].(map[string]any); ok {
		for _, f := range serverSet {
			delete(meta, f)
		}
		if annotations, ok := meta["annotations"].(map[string]any); ok {
			delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
		}
		drop(meta, noise)
	}
	if meta, found, _ := unstructured.NestedFieldNoCopy(m, "spec", "template", "metadata"); found && template {
		if meta, ok := meta.(map[string]any); ok {
			drop(meta, noise)
		}
	}
	return m
}

// drop takes labels and annotations out of a metadata field.
func drop(meta map[string]any, names []string) {
	for _, marks := range []string{"annotations", "labels"} {
		of, _ := meta[marks].(map[string]any)
		for _, name := range names {
			delete(of, name)
		}
		if of != nil && len(of) == 0 {
			delete(meta, marks)
		}
	}
}

func text(m map[string]any) string {
	if m == nil {
		return ""
	}
	data, err := yaml.Marshal(m)
	if err != nil {
		return ""
	}
	return string(data)
}

// walk collects the paths at which two values differ. Lists are compared as a whole unless they are of equal length.
func walk(path string, a, b any, out *[]string) {
	if reflect.DeepEqual(a, b) {
		return
	}
	ma, oka := a.(map[string]any)
	mb, okb := b.(map[string]any)
	if oka && okb && ma != nil && mb != nil {
		keys := maps.Clone(ma)
		maps.Copy(keys, mb)
		for k := range keys {
			walk(join(path, k), ma[k], mb[k], out)
		}
		return
	}
	la, oka := a.([]any)
	lb, okb := b.([]any)
	if oka && okb && len(la) == len(lb) {
		for i := range la {
			walk(fmt.Sprintf("%s[%d]", path, i), la[i], lb[i], out)
		}
		return
	}
	if path != "" {
		*out = append(*out, path)
	}
}

func join(path, key string) string {
	switch {
	case strings.ContainsAny(key, "./"):
		return path + "[" + key + "]"
	case path == "":
		return key
	}
	return path + "." + key
}
