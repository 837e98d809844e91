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
	Fields  []string // paths of the fields that differ, sorted
	Unified string   // unified diff; empty when nothing differs
}

// Objects compares two objects; nil stands for a missing one. It ignores the fields that only the server sets.
func Objects(before, after *unstructured.Unstructured) Diff {
	a, b := redact.Pair(clean(before), clean(after))
	var d Diff
	walk("", a, b, &d.Fields)
	slices.Sort(d.Fields)
	d.Unified = udiff.Unified("before", "after", text(a), text(b))
	return d
}

// serverSet are the metadata fields that only the server sets.
var serverSet = []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"}

func clean(o *unstructured.Unstructured) map[string]any {
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
	}
	return m
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
