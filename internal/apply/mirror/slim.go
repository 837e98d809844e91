// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"reflect"
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
	"syncer.dev/syncer/internal/workspace"
)

// Object is what syncer keeps of a live object: its metadata, and its part, which is what was read from the rest when
// the object came from the server. The objects of a Workspace have their labels, annotations and names in common, so
// that texts are kept once. An Object never changes.
type Object struct {
	Identity
	kind unique.Handle[schema.GroupVersionKind]
	part Part
	*details
}

// details are kept of an object of a kind that syncer applies. Those of others share one that is empty.
type details struct {
	generation  int64  // 0 for a kind without one
	labels      string // packed
	annotations string // packed
	mine        bool   // our field manager applied the cluster label
	intent      Intent // that the object fulfils; zero: not known
	content     string // what a dry run is compared with, beside the metadata, as contentOf keeps it; "" if it is not
	*rarities
}

// rarities are what few objects have.
type rarities struct {
	finalizers string // one a line
	owners     string // ownerReferences as JSON; "" for none
	managers   string // of some field managers, which fields they have set, as JSON; "" for none
	deleted    int64  // metadata.deletionTimestamp in seconds; 0: it is not being deleted
}

var (
	noRarities = &rarities{}
	noDetails  = &details{rarities: noRarities}
)

// Part is what syncer reads from an object beyond its metadata; nil for a kind of which it reads nothing else. It is a
// Pod, Endpoints, Claim, Plain or Broken, a cluster.Node, or a pointer to a cluster.Workload or cluster.NodePool.
type Part any

// The parts that package cluster has no type for.
type (
	// Pod is one of syncer's pods, or one of KAITO's.
	Pod struct {
		Workspace workspace.Key
		Pod       *cluster.Pod // nil: of a plain object, or not ours
		// Unlabelled says that it lacks our labels. It counts if its StatefulSet was taken over from KAITO.
		Unlabelled bool
	}
	// Endpoints are the addresses of one EndpointSlice.
	Endpoints struct {
		Service workspace.Key // a Workspace has the name of its Service
		Ready   int
	}
	// Claim is a NodeClaim of Karpenter.
	Claim struct {
		Pool  string // name of the NodePool
		Claim cluster.NodeClaim
	}
	// Plain is a plain object of the repository.
	Plain struct{ Health cluster.Health }
	// Broken is the part of an object that cannot be read.
	Broken struct{ Err error }
)

// equalParts compares two parts.
func equalParts(a, b Part) bool {
	if x, ok := a.(Broken); ok {
		y, ok := b.(Broken)
		return ok && x.Err.Error() == y.Err.Error()
	}
	return reflect.DeepEqual(a, b)
}

// Applied returns the Object of a kind that syncer applies, with its part. Of managedFields it keeps mine, which says
// that our field manager has applied the cluster label: that is how an object applied by us differs from a user's copy
// with the same labels.
func Applied(u *unstructured.Unstructured, mine bool, p Part) *Object {
	s := Bare(u, p)
	labels := packedIn(u, "labels", u.GetLabels)
	if name := lookup(labels, cluster.LabelWorkspace); name == s.name {
		s.name = name // of the Workspace, whose objects share their labels
	} else {
		s.name = Once(s.name)
	}
	s.details = &details{
		generation:  u.GetGeneration(),
		labels:      labels,
		annotations: packedIn(u, "annotations", u.GetAnnotations),
		mine:        mine,
		intent:      intentIn(u),
		content:     contentOf(u),
		rarities:    raritiesOf(u),
	}
	return s
}

func raritiesOf(u *unstructured.Unstructured) *rarities {
	out := rarities{finalizers: Once(strings.Join(u.GetFinalizers(), "\n"))}
	if owners := u.GetOwnerReferences(); len(owners) > 0 {
		text, _ := json.Marshal(owners) // plain values
		out.owners = string(text)
	}
	if at := u.GetDeletionTimestamp(); at != nil {
		out.deleted = at.Unix()
	}
	if out == *noRarities {
		return noRarities
	}
	return &out
}

// Bare is Applied for an object that syncer only reads: its part says all, and the rest is what informers need.
func Bare(u *unstructured.Unstructured, p Part) *Object {
	return &Object{
		Identity: IdentityOf(u),
		kind:     unique.Make(u.GroupVersionKind()),
		part:     p,
		details:  noDetails,
	}
}

// Owned returns the Object with what some field managers have set.
func (s *Object) Owned(by []metav1.ManagedFieldsEntry) *Object {
	if len(by) == 0 {
		return s
	}
	text, _ := json.Marshal(by) // plain values
	out, more, rare := *s, *s.details, *s.rarities
	rare.managers = Once(string(text))
	more.rarities, out.details = &rare, &more
	return &out
}

// Same reports whether nothing has changed that syncer reads or compares: no part, no metadata, and no specification.
// The generation changes with the specification; of a kind without one, only the resource version tells.
func (s *Object) Same(o *Object) bool {
	if s.applied() && (s.generation != o.generation || s.generation == 0 && !s.sameVersion(&o.Identity)) {
		return false
	}
	return s.sameUID(&o.Identity) && s.labels == o.labels && s.annotations == o.annotations &&
		s.finalizers == o.finalizers && s.owners == o.owners && s.deleted == o.deleted && s.mine == o.mine &&
		s.managers == o.managers && equalParts(s.part, o.part)
}

// applied reports whether syncer applies objects of this kind.
func (s *Object) applied() bool {
	switch s.part.(type) {
	case Pod, Endpoints, cluster.Node, Claim:
		return false
	}
	return true
}

// ref names the object.
func (s *Object) ref() cluster.Ref {
	return refOf(s.kind.Value(), s.namespace, s.name)
}

func refOf(k schema.GroupVersionKind, namespace, name string) cluster.Ref {
	return cluster.Ref{Group: k.Group, Version: k.Version, Kind: k.Kind, Namespace: namespace, Name: name}
}

// Unstructured returns the metadata as an object of the server has it. Of managedFields it has one bare entry of the
// field manager if that has applied the cluster label, and those of Owned.
func (s *Object) Unstructured(manager string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetGroupVersionKind(s.kind.Value())
	if s.namespace != "" {
		u.SetNamespace(s.namespace)
	}
	u.SetName(s.name)
	u.SetUID(types.UID(s.UID()))
	u.SetResourceVersion(s.resourceVersion())
	if s.generation != 0 {
		u.SetGeneration(s.generation)
	}
	u.SetLabels(unpacked(s.labels))
	u.SetAnnotations(unpacked(s.annotations))
	u.SetFinalizers(s.finalizersList())
	if s.owners != "" {
		var owners []metav1.OwnerReference
		_ = json.Unmarshal([]byte(s.owners), &owners) // Applied wrote it
		u.SetOwnerReferences(owners)
	}
	if s.deleted != 0 {
		at := metav1.NewTime(time.Unix(s.deleted, 0))
		u.SetDeletionTimestamp(&at)
	}
	var fields []metav1.ManagedFieldsEntry
	if s.mine {
		fields = append(fields, metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationApply,
		})
	}
	if s.managers != "" {
		var others []metav1.ManagedFieldsEntry
		_ = json.Unmarshal([]byte(s.managers), &others) // Owned wrote it
		fields = append(fields, others...)
	}
	if len(fields) > 0 {
		u.SetManagedFields(fields)
	}
	return u
}

// Complete is Unstructured with all that a dry run is compared with; ok is false for a kind whose content is not kept.
func (s *Object) Complete(manager string) (u *unstructured.Unstructured, ok bool) {
	content, err := contentIn(s.content)
	if err != nil {
		return nil, false
	}
	u = s.Unstructured(manager)
	maps.Copy(u.Object, content)
	return u, true
}

func (s *Object) finalizersList() []string {
	if s.finalizers == "" {
		return nil
	}
	return strings.Split(s.finalizers, "\n")
}

// Fulfils returns the intent that the object fulfils, if it is known and the object stays: applying an object with this
// intent changes nothing. It is as certain as a dry run was at the time at which our manager has applied it; what the
// server changes by itself without a change of the object, such as a default or what a webhook adds, it does not show.
func (s *Object) Fulfils() (i Intent, known bool) {
	return s.intent, s.intent != Intent{} && s.mine && s.deleted == 0
}

// Mine reports whether our field manager applied the cluster label.
func (s *Object) Mine() bool { return s.mine }

// GetObjectMeta implements metav1.ObjectMetaAccessor, as informers need.
func (s *Object) GetObjectMeta() metav1.Object {
	return meta{Object: noMeta, i: &s.Identity, generation: s.generation}
}

// GetObjectKind implements runtime.Object, as informers need.
func (s *Object) GetObjectKind() schema.ObjectKind {
	k := s.kind.Value()
	return &metav1.TypeMeta{APIVersion: k.GroupVersion().String(), Kind: k.Kind}
}

// DeepCopyObject implements runtime.Object. The copy is the Object itself, which never changes.
func (s *Object) DeepCopyObject() runtime.Object { return s }

// packedIn packs the labels or annotations of an object without a copy of them; get returns those of an object that the
// server would not send.
func packedIn(u *unstructured.Unstructured, field string, get func() map[string]string) string {
	meta, _ := u.Object["metadata"].(map[string]any)
	all, _ := meta[field].(map[string]any)
	for _, value := range all {
		if _, isText := value.(string); !isText {
			return packed(get(), func(s string) string { return s })
		}
	}
	return packed(all, func(v any) string { s, _ := v.(string); return s })
}

// packed returns labels or annotations as one text: for each key in order the lengths of key and value, and both.
func packed[V any](m map[string]V, text func(V) string) string {
	if len(m) == 0 {
		return ""
	}
	keys := make([]string, 0, 16)
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b := make([]byte, 0, 512)
	for _, k := range keys {
		value := text(m[k])
		b = binary.AppendUvarint(b, uint64(len(k)))
		b = binary.AppendUvarint(b, uint64(len(value)))
		b = append(append(b, k...), value...)
	}
	return Once(string(b))
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
