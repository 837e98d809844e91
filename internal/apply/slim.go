// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"syncer.dev/syncer/internal/cluster"
)

// slim is what syncer keeps of a live object: its metadata, and part, which is what was read from the rest when the
// object came from the server. The objects of a Workspace have their labels, annotations and names in common, so that
// texts are kept once. A slim never changes.
type slim struct {
	kind       unique.Handle[schema.GroupVersionKind]
	namespace  string
	name       string
	uid        string
	version    string // metadata.resourceVersion
	generation int64  // 0 for a kind without one
	deleted    int64  // metadata.deletionTimestamp in seconds; 0: it is not being deleted

	labels      string // packed
	annotations string // packed
	finalizers  string // one a line
	owners      string // ownerReferences as JSON; "" for none
	mine        bool   // our field manager applied the cluster label

	part part
}

// part is what syncer reads from an object beyond its metadata; nil for a kind of which it reads nothing else.
type part any

// broken is the part of an object that cannot be read.
type broken struct{ err error }

// slimmed returns the slim of an object, with its part. Of managedFields it keeps whether we applied the cluster label:
// that is how an object applied by us differs from a user's copy with the same labels.
func slimmed(u *unstructured.Unstructured, p part) *slim {
	s := bare(u, p)
	s.generation = u.GetGeneration()
	s.labels, s.annotations = packed(u.GetLabels()), packed(u.GetAnnotations())
	s.finalizers = once(strings.Join(u.GetFinalizers(), "\n"))
	if owners := u.GetOwnerReferences(); len(owners) > 0 {
		text, _ := json.Marshal(owners) // plain values
		s.owners = string(text)
	}
	s.mine = appliedByUs(u)
	if at := u.GetDeletionTimestamp(); at != nil {
		s.deleted = at.Unix()
	}
	return s
}

// bare is slimmed for an object that syncer never applies: its part says all, and the rest is what informers need.
func bare(u *unstructured.Unstructured, p part) *slim {
	return &slim{
		kind:      unique.Make(u.GroupVersionKind()),
		namespace: once(u.GetNamespace()),
		name:      once(u.GetName()),
		uid:       string(u.GetUID()),
		version:   u.GetResourceVersion(),
		part:      p,
	}
}

// read is a part, or why it cannot be read.
func read[T any](value T, err error) part {
	if err != nil {
		return broken{err}
	}
	return value
}

// strip is the transformation of kinds of which syncer reads the metadata only.
func strip(o any) (any, error) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return slimmed(u, nil), nil
	}
	return o, nil // informers may transform an object twice
}

// stripping returns the transformation of a kind that syncer only reads.
func stripping(of func(*unstructured.Unstructured) part) func(any) (any, error) {
	return func(o any) (any, error) {
		if u, ok := o.(*unstructured.Unstructured); ok {
			return bare(u, of(u)), nil
		}
		return o, nil
	}
}

// stripWith returns the transformation of a kind that syncer applies, and of which it reads more than the metadata.
func stripWith(of func(*unstructured.Unstructured) part) func(any) (any, error) {
	return func(o any) (any, error) {
		if u, ok := o.(*unstructured.Unstructured); ok {
			return slimmed(u, of(u)), nil
		}
		return o, nil
	}
}

// same reports whether nothing has changed that syncer reads or compares: no part, no metadata, and no specification.
// The generation changes with the specification; of a kind without one, only the resource version tells.
func (s *slim) same(o *slim) bool {
	if s.applied() && (s.generation != o.generation || s.generation == 0 && s.version != o.version) {
		return false
	}
	return s.uid == o.uid && s.labels == o.labels && s.annotations == o.annotations && s.finalizers == o.finalizers &&
		s.owners == o.owners && s.deleted == o.deleted && s.mine == o.mine && equalParts(s.part, o.part)
}

// applied reports whether syncer applies objects of this kind.
func (s *slim) applied() bool {
	switch s.part.(type) {
	case podPart, endpointsPart, cluster.Node, claimPart:
		return false
	}
	return true
}

// ref names the object.
func (s *slim) ref() cluster.Ref {
	k := s.kind.Value()
	return cluster.Ref{Group: k.Group, Version: k.Version, Kind: k.Kind, Namespace: s.namespace, Name: s.name}
}

// object returns the metadata as an object of the server has it. Of managedFields it has one bare entry if we applied
// the cluster label.
func (s *slim) object() *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetGroupVersionKind(s.kind.Value())
	if s.namespace != "" {
		u.SetNamespace(s.namespace)
	}
	u.SetName(s.name)
	u.SetUID(types.UID(s.uid))
	u.SetResourceVersion(s.version)
	if s.generation != 0 {
		u.SetGeneration(s.generation)
	}
	u.SetLabels(unpacked(s.labels))
	u.SetAnnotations(unpacked(s.annotations))
	u.SetFinalizers(s.finalizersList())
	if s.owners != "" {
		var owners []metav1.OwnerReference
		_ = json.Unmarshal([]byte(s.owners), &owners) // slimmed wrote it
		u.SetOwnerReferences(owners)
	}
	if s.deleted != 0 {
		at := metav1.NewTime(time.Unix(s.deleted, 0))
		u.SetDeletionTimestamp(&at)
	}
	if s.mine {
		u.SetManagedFields(
			[]metav1.ManagedFieldsEntry{{Manager: fieldManager, Operation: metav1.ManagedFieldsOperationApply}},
		)
	}
	return u
}

func (s *slim) finalizersList() []string {
	if s.finalizers == "" {
		return nil
	}
	return strings.Split(s.finalizers, "\n")
}

// GetObjectMeta implements metav1.ObjectMetaAccessor, as informers need.
func (s *slim) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{
		Name: s.name, Namespace: s.namespace, UID: types.UID(s.uid), ResourceVersion: s.version, Generation: s.generation,
	}
}

// GetObjectKind implements runtime.Object, as informers need.
func (s *slim) GetObjectKind() schema.ObjectKind {
	k := s.kind.Value()
	return &metav1.TypeMeta{APIVersion: k.GroupVersion().String(), Kind: k.Kind}
}

// DeepCopyObject implements runtime.Object. The copy is the slim itself, which never changes.
func (s *slim) DeepCopyObject() runtime.Object { return s }

// once returns the one copy of a text that many objects have.
func once(text string) string {
	if text == "" {
		return ""
	}
	return unique.Make(text).Value()
}

// packed returns labels or annotations as one text: for each key in order the lengths of key and value, and both.
func packed(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var b []byte
	for _, k := range keys {
		b = binary.AppendUvarint(b, uint64(len(k)))
		b = binary.AppendUvarint(b, uint64(len(m[k])))
		b = append(append(b, k...), m[k]...)
	}
	return once(string(b))
}

// eachPacked calls yield for each key with its value until it returns false.
func eachPacked(text string, yield func(key, value string) bool) {
	length := func() int {
		n, size := binary.Uvarint([]byte(text[:min(len(text), binary.MaxVarintLen64)]))
		text = text[size:]
		return int(n)
	}
	for text != "" {
		k, v := length(), length()
		if !yield(text[:k], text[k:k+v]) {
			return
		}
		text = text[k+v:]
	}
}

// unpacked returns what packed has packed; nil for nothing.
func unpacked(text string) map[string]string {
	if text == "" {
		return nil
	}
	out := map[string]string{}
	eachPacked(text, func(k, v string) bool { out[k] = v; return true })
	return out
}

// lookup returns one label or annotation, or "".
func lookup(text, key string) (value string) {
	eachPacked(text, func(k, v string) bool {
		if k == key {
			value = v
		}
		return k < key
	})
	return value
}
