// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"crypto/sha256"
	"maps"
	"reflect"

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
	if !ok {
		return Intent{}
	}
	known := preparing.Get().(*prepared)
	defer preparing.Put(known)
	set := known.of(fields)
	if !set.sound() {
		return Intent{}
	}
	room := texts.Get().(*[]byte)
	defer texts.Put(room)
	p := portion{text: (*room)[:0], workload: cluster.Rendered(u.GroupVersionKind().Group, u.GetKind())}
	more := []added{{"apiVersion", u.GetAPIVersion()}, {"kind", u.GetKind()}}
	ofMetadata := []added{{"name", u.GetName()}, {"namespace", u.GetNamespace()}}
	if ofMetadata[1].value == "" {
		ofMetadata = ofMetadata[:1]
	}
	ok = p.whole(u.Object, set, more, ofMetadata)
	*room = p.text
	if !ok {
		return Intent{}
	}
	return sha256.Sum256(p.text)
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
