// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/canonical"
	"syncer.dev/syncer/internal/cluster"
)

// Intent identifies what a client asks for by server-side apply: the digest of the object that it sends. The zero value
// is an intent that is not known.
type Intent [sha256.Size]byte

// IntentOf returns that of a desired object.
func IntentOf(o *unstructured.Unstructured) Intent {
	room := texts.Get().(*[]byte)
	defer texts.Put(room)
	text, err := canonical.Append((*room)[:0], o.Object)
	if err != nil {
		return Intent{}
	}
	*room = text
	return sha256.Sum256(text)
}

// intentIn returns the intent that a live object fulfils: the object that consists of exactly the fields that our field
// manager has applied, with their live values. Applying this object again changes nothing:
//
//   - The server sets each field of it to the value that is live.
//   - The server takes away what our manager has applied and does not send any more, which is nothing.
//   - Key fields of list items that our manager has not sent have come from the schema, and come from it again.
//
// The intent is unknown where this does not hold, or where it cannot be seen: a field of ours that is gone, an item of
// others in a list of ours, an item that occurs twice, a second entry of our manager, or one of another version. Then,
// and where the server writes a value in another way than it was sent, only a dry run tells.
func intentIn(u *unstructured.Unstructured) Intent {
	fields, ok := appliedFields(u)
	if !ok || !sound(fields) {
		return Intent{}
	}
	part, ok := partsOf(u).value("", u.Object, fields)
	out, isMap := part.(map[string]any)
	if !ok || !isMap {
		return Intent{}
	}
	meta, ok := out["metadata"].(map[string]any)
	if !ok {
		return Intent{} // without our labels
	}
	out["apiVersion"], out["kind"], meta["name"] = u.GetAPIVersion(), u.GetKind(), u.GetName()
	if namespace := u.GetNamespace(); namespace != "" {
		meta["namespace"] = namespace
	}
	return IntentOf(&unstructured.Unstructured{Object: out})
}

// managed calls yield for each entry of managedFields that our field manager has applied.
func managed(u *unstructured.Unstructured, yield func(entry map[string]any)) {
	meta, _ := u.Object["metadata"].(map[string]any)
	entries, _ := meta["managedFields"].([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		if entry["manager"] == cluster.FieldManager && entry["operation"] == string(metav1.ManagedFieldsOperationApply) {
			yield(entry)
		}
	}
}

// appliedFields returns the set of fields that our manager has applied, if it is the only one and of the version of the
// object.
func appliedFields(u *unstructured.Unstructured) (fields map[string]any, ok bool) {
	n := 0
	managed(u, func(entry map[string]any) {
		n++
		fields, ok = entry["fieldsV1"].(map[string]any)
		ok = ok && entry["apiVersion"] == u.GetAPIVersion() && entry["subresource"] == nil
	})
	return fields, ok && n == 1
}

// sound reports whether a set names only fields that a client desires, and none that the server keeps.
func sound(fields map[string]any) bool {
	meta, _ := fields["f:metadata"].(map[string]any)
	return meta != nil && fields["f:status"] == nil && meta["f:name"] == nil && meta["f:namespace"] == nil
}

// parts takes the fields that a set names out of live objects of one kind.
type parts struct{ workload bool }

// partsOf returns those of an object.
func partsOf(u *unstructured.Unstructured) parts {
	return parts{workload: cluster.Rendered(u.GroupVersionKind().Group, u.GetKind())}
}

// value returns the part of the live value of a field that a set names. ok is false if the part is not certain.
func (p parts) value(name string, live any, set map[string]any) (part any, ok bool) {
	if len(set) == 0 { // the field as a whole
		if p.workload {
			live = withoutDefaults(name, live)
		}
		return live, true
	}
	switch live := live.(type) {
	case map[string]any:
		return p.fields(live, set)
	case []any:
		return p.items(live, set)
	}
	return nil, false
}

func (p parts) fields(live, set map[string]any) (part any, ok bool) {
	out := make(map[string]any, len(set)+2)
	for element, below := range set {
		if element == "." {
			continue
		}
		name, isField := strings.CutPrefix(element, "f:")
		value, exists := live[name]
		fields, isSet := below.(map[string]any)
		if !isField || !exists || !isSet {
			return nil, false
		}
		if out[name], ok = p.value(name, value, fields); !ok {
			return nil, false
		}
	}
	return out, len(out) > 0
}

// items returns the items of a list in their order, each without the fields of others. Each must be in the set, and
// nothing else.
func (p parts) items(live []any, set map[string]any) (part any, ok bool) {
	elements := make([]element, 0, len(set))
	for text, below := range set {
		if text == "." {
			continue
		}
		e, ok := elementOf(text, below)
		if !ok {
			return nil, false
		}
		elements = append(elements, e)
	}
	if len(elements) != len(live) {
		return nil, false
	}
	out := make([]any, len(live))
	for i, item := range live {
		e := only(elements, item)
		if e == nil || e.taken {
			return nil, false
		}
		e.taken = true
		if out[i], ok = p.value("", item, e.below); !ok {
			return nil, false
		}
	}
	return out, true
}

// only returns the one element that selects an item, or nil.
func only(elements []element, item any) *element {
	var found *element
	for n := range elements {
		if elements[n].selects(item) {
			if found != nil {
				return nil
			}
			found = &elements[n]
		}
	}
	return found
}

// withoutDefaults returns the value of a field that belongs to our manager as a whole, without what the server adds to
// it in the kinds that syncer renders. One that was sent with these values is then not recognised.
func withoutDefaults(name string, live any) any {
	switch name {
	case "fieldRef":
		return without(live, map[string]any{"apiVersion": "v1"})
	case "volumeClaimTemplates":
		items, _ := live.([]any)
		out := make([]any, len(items))
		for i, item := range items {
			out[i] = without(item, map[string]any{
				"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": map[string]any{"phase": "Pending"},
			})
			if claim, isMap := out[i].(map[string]any); isMap {
				claim["spec"] = without(claim["spec"], map[string]any{"volumeMode": "Filesystem"})
			}
		}
		return out
	}
	return live
}

// without returns a copy of a map without the fields that have these values.
func without(live any, defaults map[string]any) any {
	fields, isMap := live.(map[string]any)
	if !isMap {
		return live
	}
	out := maps.Clone(fields)
	for name, value := range defaults {
		if reflect.DeepEqual(out[name], value) {
			delete(out, name)
		}
	}
	return out
}

// element selects an item of a list, by its keys or by its value.
type element struct {
	key   map[string]any // nil: by value
	value any
	below map[string]any // what of the item belongs to us; empty: all of it
	taken bool
}

// elementOf reads an element of a set of fields: k:{"name":"a"} or v:"a". Elements by index are of no use.
func elementOf(text string, below any) (e element, ok bool) {
	if e.below, ok = below.(map[string]any); !ok {
		return e, false
	}
	decode := func(text string, into any) bool {
		d := json.NewDecoder(bytes.NewReader([]byte(text)))
		d.UseNumber()
		return d.Decode(into) == nil
	}
	if key, isKey := strings.CutPrefix(text, "k:"); isKey {
		return e, decode(key, &e.key) && len(e.key) > 0
	}
	value, isValue := strings.CutPrefix(text, "v:")
	return e, isValue && decode(value, &e.value) && len(e.below) == 0
}

// selects reports whether an item is the one of the element.
func (e *element) selects(item any) bool {
	if e.key == nil {
		return sameScalar(item, e.value)
	}
	fields, _ := item.(map[string]any)
	for name, value := range e.key {
		if is, exists := fields[name]; !exists || !sameScalar(is, value) {
			return false
		}
	}
	return true
}

// sameScalar compares a value of an object with one whose numbers are json.Number.
func sameScalar(live, key any) bool {
	switch key := key.(type) {
	case string, bool:
		return live == key
	case json.Number:
		text, err := json.Marshal(live)
		_, isText := live.(string)
		return err == nil && !isText && string(text) == key.String()
	}
	return false
}
