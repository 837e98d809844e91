// Package diff compares two Kubernetes objects and says what differs: as field paths, and as a unified diff of their YAML.
//
// What a reader must not see is taken out first: the values of Secrets, and of environment variables whose names say that
// they hold one. That they differ is still shown.
package diff

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Diff is what differs between two objects.
type Diff struct {
	Fields  []string // paths of the fields that differ, sorted
	Unified string   // unified diff; empty when nothing differs
}

// Objects compares two objects; nil stands for one that is not there. Fields that only the server sets are left out.
func Objects(before, after *unstructured.Unstructured) Diff {
	a, b := clean(before), clean(after)
	redact(a, b)
	var d Diff
	walk("", a, b, &d.Fields)
	slices.Sort(d.Fields)
	d.Unified = udiff.Unified("before", "after", text(a), text(b))
	return d
}

// serverSet are metadata fields that say nothing about the wish.
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

var secretName = regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|access_?key|private_?key|credential|sas)`)

// redact replaces what must not be seen in both objects, so that equal values stay equal and different ones stay different.
func redact(a, b map[string]any) {
	if kind(a) == "Secret" || kind(b) == "Secret" {
		for _, f := range []string{"data", "stringData"} {
			ma, _ := a[f].(map[string]any)
			mb, _ := b[f].(map[string]any)
			hide(ma, mb)
		}
	}
	redactEnv(a, b)
}

func kind(m map[string]any) string { s, _ := m["kind"].(string); return s }

// hide replaces the values of two maps.
func hide(a, b map[string]any) {
	for k, v := range a {
		if w, ok := b[k]; ok && reflect.DeepEqual(v, w) {
			a[k], b[k] = "***", "***"
			continue
		}
		a[k] = "*** (before)"
	}
	for k, v := range b {
		if v != "***" {
			b[k] = "*** (after)"
		}
	}
}

// redactEnv replaces the values of environment variables whose name says that they are secret.
func redactEnv(a, b map[string]any) {
	before, after := map[string]map[string]any{}, map[string]map[string]any{}
	secretVariables("", a, before)
	secretVariables("", b, after)
	for path, v := range before {
		if w, ok := after[path]; ok && w["value"] == v["value"] {
			v["value"], w["value"] = "***", "***"
			continue
		}
		v["value"] = "*** (before)"
	}
	for _, w := range after {
		if w["value"] != "***" {
			w["value"] = "*** (after)"
		}
	}
}

// secretVariables collects the entries of env lists that hold secrets, by path.
func secretVariables(path string, v any, out map[string]map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		name, _ := v["name"].(string)
		if _, ok := v["value"].(string); ok && secretName.MatchString(name) {
			out[path] = v
		}
		for k, c := range v {
			secretVariables(join(path, k), c, out)
		}
	case []any:
		for i, c := range v {
			secretVariables(fmt.Sprintf("%s[%d]", path, i), c, out)
		}
	}
}
