// SPDX-License-Identifier: Apache-2.0

package adoption

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// Group is the API group of KAITO's Workspaces and InferenceSets.
const Group = "kaito.sh"

// Action is what happens to an object.
type Action string

// The actions.
const (
	Detach  Action = "detach"  // from KAITO, for syncer
	Restore Action = "restore" // as it was
	Leave   Action = "leave"   // untouched, for the reason in the note
)

// Step is what happens to one live object. Note is why it is left, or what becomes of its pods later.
type Step struct {
	Ref    cluster.Ref
	Action Action
	Owners []metav1.OwnerReference // of KAITO, which go or come back
	Note   string
	Live   *unstructured.Unstructured `json:"-"` // as it was seen; nil for objects that are left
}

// Owned reports whether an object belongs to one of KAITO's.
func Owned(u *unstructured.Unstructured) bool {
	return slices.ContainsFunc(u.GetOwnerReferences(), ofKAITO)
}

// Detached reports whether an object was taken over from KAITO.
func Detached(u *unstructured.Unstructured) bool {
	return u.GetAnnotations()[wellknown.AnnotationOwners] != ""
}

func ofKAITO(r metav1.OwnerReference) bool {
	gv, err := schema.ParseGroupVersion(r.APIVersion)
	return err == nil && gv.Group == Group
}

// unusable reports whether a reference is none to an object of KAITO's.
func unusable(r metav1.OwnerReference) bool {
	return !ofKAITO(r) || r.Kind == "" || r.Name == "" || r.UID == ""
}

// Steps returns what detaching or restoring does to live objects, in their order. names are the Workspaces that are
// meant; none is all.
func Steps(live []*unstructured.Unstructured, do Action, names ...string) []Step {
	var out []Step
	for _, u := range live {
		s := Step{Ref: cluster.RefOf(u), Action: do, Live: u}
		switch {
		case do == Detach && Owned(u):
			s.Owners = slices.DeleteFunc(u.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return !ofKAITO(r) })
		case do == Restore && Detached(u):
			if err := json.Unmarshal([]byte(u.GetAnnotations()[wellknown.AnnotationOwners]), &s.Owners); err != nil {
				s.Action, s.Live = Leave, nil
				s.Note = fmt.Sprintf("annotation %s cannot be read: %v", wellknown.AnnotationOwners, err)
			} else if !slices.ContainsFunc(s.Owners, ofKAITO) || slices.ContainsFunc(s.Owners, unusable) {
				// adopt writes no such thing. The server would refuse it, or others could name who is to be deleted with whom.
				s.Action, s.Live, s.Owners = Leave, nil, nil
				s.Note = fmt.Sprintf("annotation %s does not name owners of KAITO's", wellknown.AnnotationOwners)
			}
		default:
			continue
		}
		if len(names) > 0 && !slices.ContainsFunc(s.Owners, func(r metav1.OwnerReference) bool {
			return slices.Contains(names, r.Name)
		}) {
			continue
		}
		if do == Detach {
			s.Note = later(u)
		}
		if u.GetDeletionTimestamp() != nil {
			s.Action, s.Live, s.Note = Leave, nil, "it is being deleted"
		}
		out = append(out, s)
	}
	return out
}

// later says what becomes of the pods of a detached object when syncer first applies it, or "". Detaching itself leaves
// them alone. syncer's pod templates have its labels, so that a StatefulSet without them restarts, even if all else is
// equal. The template of a Job cannot change.
func later(u *unstructured.Unstructured) string {
	labels, _, _ := unstructured.NestedStringMap(u.Object, "spec", "template", "metadata", "labels")
	switch {
	case labels[cluster.LabelManagedBy] == cluster.ManagedBy && labels[cluster.LabelCluster] != "":
		return ""
	case u.GetKind() == "StatefulSet":
		return "its pods restart once, when syncer first applies it"
	case u.GetKind() == "Job":
		return "it may run again, when syncer first applies it: leave the file of a tuning that is over out of Git"
	}
	return ""
}

// Claims are the steps for NodeClaims: they stay as they are, because the node goes with its NodeClaim. names are the
// Workspaces that are meant; none is all.
func Claims(claims []*unstructured.Unstructured, names ...string) []Step {
	var out []Step
	for _, u := range claims {
		l := u.GetLabels()
		if of := cmp.Or(l[wellknown.LabelWorkspace], l[wellknown.LabelKarpenterWorkspace]); len(names) > 0 &&
			!slices.Contains(names, of) {
			continue
		}
		node, _, _ := unstructured.NestedString(u.Object, "status", "nodeName")
		note := "KAITO's; deleting it deletes its node"
		if node != "" {
			note = "KAITO's; deleting it deletes node " + node
		}
		out = append(out, Step{Ref: cluster.RefOf(u), Action: Leave, Note: note})
	}
	return out
}

// Change makes of a live object what the step makes of it. Other fields than the metadata stay.
func (s Step) Change() (*unstructured.Unstructured, error) {
	u := s.Live.DeepCopy()
	notes := u.GetAnnotations()
	if notes == nil {
		notes = map[string]string{}
	}
	refs := u.GetOwnerReferences()
	switch s.Action {
	case Detach:
		data, err := json.Marshal(s.Owners)
		if err != nil {
			return nil, fmt.Errorf("keep the owners of %s: %w", s.Ref, err)
		}
		notes[wellknown.AnnotationAdopt], notes[wellknown.AnnotationOwners] = "true", string(data)
		refs = slices.DeleteFunc(refs, ofKAITO)
	case Restore:
		delete(notes, wellknown.AnnotationAdopt)
		delete(notes, wellknown.AnnotationOwners)
		refs = append(slices.DeleteFunc(refs, ofKAITO), s.Owners...)
	}
	u.SetAnnotations(notes)
	u.SetOwnerReferences(refs)
	return u, nil
}

// Manager returns the field manager that has set the owner references to KAITO: KAITO's controller, under any name of
// its binary. It is "" if that cannot be seen.
func (s Step) Manager() string {
	for _, e := range s.Live.GetManagedFields() {
		if e.Operation != metav1.ManagedFieldsOperationUpdate || e.Subresource != "" || e.FieldsV1 == nil {
			continue
		}
		for _, r := range s.Owners {
			if strings.Contains(string(e.FieldsV1.GetRawBytes()), string(r.UID)) {
				return e.Manager
			}
		}
	}
	return ""
}

// IsController reports whether an image is that of KAITO's controller, from its chart or the add-on of AKS.
func IsController(image string) bool {
	return strings.Contains(image, "kaito/workspace") || strings.Contains(image, "kaito-workspace")
}
