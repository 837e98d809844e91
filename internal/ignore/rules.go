// SPDX-License-Identifier: Apache-2.0

package ignore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Annotation is on Workspaces and objects: JSON pointers, with commas.
const Annotation = "syncer.dev/ignore"

// Rules are those of the configuration. The zero value ignores nothing but what annotations name.
type Rules struct {
	Fields   []Field
	Managers []string // field managers: what they have set is theirs
}

// Field is a field of all objects of a kind.
type Field struct {
	Kind    string // "Kind" or "Kind.group"
	Pointer string
}

// ParseField reads "Kind.group /pointer".
func ParseField(text string) (Field, error) {
	kind, pointer, ok := strings.Cut(strings.TrimSpace(text), " ")
	pointer = strings.TrimSpace(pointer)
	if !ok || kind == "" || strings.ContainsAny(kind, "/~") {
		const form = "%.100q is not a kind and a JSON pointer, such as \"StatefulSet.apps /spec/replicas\""
		return Field{}, fmt.Errorf(form, text)
	}
	return Field{kind, pointer}, Pointer(pointer)
}

// Of returns pointers to the fields of a desired object that syncer leaves alone: those that the configuration or the
// object's annotation name, and those that field managers of the configuration have set in live, which may be nil.
//
// A rendered number of replicas of zero is never left alone: it is a switch that people have turned.
func (r Rules) Of(o, live *unstructured.Unstructured) []string {
	var out []string
	kind := o.GetObjectKind().GroupVersionKind().GroupKind().String()
	for _, f := range r.Fields {
		if f.Kind == kind {
			out = append(out, f.Pointer)
		}
	}
	meta, _ := o.Object["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	if text, _ := annotations[Annotation].(string); text != "" {
		named, _ := Pointers(text) // what is wrong is reported where it is read, and is not ignored
		out = append(out, named...)
	}
	if live != nil && len(r.Managers) > 0 {
		for _, entry := range live.GetManagedFields() {
			if entry.FieldsV1 != nil && slices.Contains(r.Managers, entry.Manager) {
				out = append(out, owned(entry.FieldsV1.GetRawBytes())...)
			}
		}
	}
	const replicas = "/spec/replicas"
	if spec, _ := o.Object["spec"].(map[string]any); spec["replicas"] == int64(0) {
		out = slices.DeleteFunc(out, func(p string) bool { return p == replicas })
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// owned returns pointers to the fields of a managed field set that may be ignored. Entries of lists have no stable
// pointer, and are left out.
func owned(raw []byte) []string {
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	var out []string
	var walk func(m map[string]any, at string)
	walk = func(m map[string]any, at string) {
		for key, value := range m {
			name, ok := strings.CutPrefix(key, "f:")
			if !ok {
				continue
			}
			pointer := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
			inner, _ := value.(map[string]any)
			if len(inner) > 0 {
				walk(inner, pointer)
			} else if Pointer(pointer) == nil {
				out = append(out, pointer)
			}
		}
	}
	walk(fields, "")
	return out
}
