// SPDX-License-Identifier: Apache-2.0

package adoption_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/wellknown"
)

func owner(apiVersion, name string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: apiVersion, Kind: "Workspace", Name: name, UID: "uid-of-owner"}
}

func object(name string, owners ...metav1.OwnerReference) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion("apps/v1")
	u.SetKind("StatefulSet")
	u.SetNamespace("default")
	u.SetName(name)
	u.SetOwnerReferences(owners)
	return u
}

// TestSteps names which objects are detached, and why others are left or not listed.
func TestSteps(t *testing.T) {
	dying := object("dying", owner("kaito.sh/v1beta1", "phi"))
	dying.SetDeletionTimestamp(&metav1.Time{Time: time.Unix(1, 0)})
	broken := object("broken")
	broken.SetAnnotations(map[string]string{wellknown.AnnotationOwners: "{"})
	detached := object("detached")
	detached.SetAnnotations(map[string]string{
		wellknown.AnnotationOwners: `[{"apiVersion":"kaito.sh/v1beta1","kind":"Workspace","name":"phi","uid":"1"}]`,
	})
	live := []*unstructured.Unstructured{
		object("phi", owner("kaito.sh/v1beta1", "phi"), owner("v1", "other")),
		object("old", owner("kaito.sh/v1alpha1", "old")),
		object("foreign", owner("apps/v1", "phi")), object("free"), dying, broken, detached,
	}
	// A user who may write annotations has made these: an undo must neither give them those owners nor stop at them.
	var hostile []*unstructured.Unstructured
	for name, owners := range map[string]string{
		"empty": `[]`, "foreign": `[{"apiVersion":"v1","kind":"Pod","name":"p","uid":"1"}]`,
		"without uid": `[{"apiVersion":"kaito.sh/v1beta1","kind":"Workspace","name":"phi"}]`,
	} {
		u := object(name)
		u.SetAnnotations(map[string]string{wellknown.AnnotationOwners: owners})
		hostile = append(hostile, u)
	}
	for _, s := range adoption.Steps(hostile, adoption.Restore) {
		if s.Action != adoption.Leave || s.Live != nil || !strings.Contains(s.Note, "does not name owners of KAITO's") {
			t.Errorf("%s: %s %s", s.Ref.Name, s.Action, s.Note)
		}
	}
	const once = "its pods restart once, when syncer first applies it"
	for _, c := range []struct {
		do    adoption.Action
		names []string
		want  []string
	}{
		{adoption.Detach, nil, []string{"detach phi 1 " + once, "detach old 1 " + once, "leave dying 1 it is being deleted"}},
		{adoption.Detach, []string{"old"}, []string{"detach old 1 " + once}},
		{adoption.Detach, []string{"none"}, nil},
		{adoption.Restore, nil, []string{
			"leave broken 0 annotation syncer.dev/adopted-owners cannot be read: unexpected end of JSON input",
			"restore detached 1",
		}},
		{adoption.Restore, []string{"phi"}, []string{"restore detached 1"}},
	} {
		var got []string
		for _, s := range adoption.Steps(live, c.do, c.names...) {
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %d %s", s.Action, s.Ref.Name, len(s.Owners), s.Note)))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %q: %s", c.do, c.names, diff)
		}
	}
}

// TestThereAndBack detaches an object and restores it: it is as before, and only KAITO's owners went.
func TestThereAndBack(t *testing.T) {
	before := object("phi", owner("v1", "other"), owner("kaito.sh/v1beta1", "phi"))
	before.SetAnnotations(map[string]string{"a": "b"})
	there, err := adoption.Steps([]*unstructured.Unstructured{before}, adoption.Detach)[0].Change()
	if err != nil {
		t.Fatal(err)
	}
	if refs := there.GetOwnerReferences(); len(refs) != 1 || refs[0].Name != "other" ||
		there.GetAnnotations()[wellknown.AnnotationAdopt] != "true" || adoption.Owned(there) || !adoption.Detached(there) {
		t.Errorf("%+v", there.Object)
	}
	back, err := adoption.Steps([]*unstructured.Unstructured{there}, adoption.Restore)[0].Change()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Object, back.Object); diff != "" {
		t.Error(diff)
	}
}

// TestManager finds KAITO's controller by what it has set, not by its name.
func TestManager(t *testing.T) {
	u := object("phi", owner("kaito.sh/v1beta1", "phi"))
	entry := func(manager, subresource, fields string) metav1.ManagedFieldsEntry {
		e := metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, Subresource: subresource,
			FieldsV1: &metav1.FieldsV1{},
		}
		e.FieldsV1.SetRawBytes([]byte(fields))
		return e
	}
	const owns = `{"f:metadata":{"f:ownerReferences":{".":{},"k:{\"uid\":\"uid-of-owner\"}":{}}}}`
	u.SetManagedFields([]metav1.ManagedFieldsEntry{
		entry("kubectl-edit", "", `{"f:spec":{"f:replicas":{}}}`),
		entry("any", "status", owns),
		entry("controller", "", owns),
	})
	if got := adoption.Steps([]*unstructured.Unstructured{u}, adoption.Detach)[0].Manager(); got != "controller" {
		t.Errorf("manager %q", got)
	}
}

// TestIsController knows the images of the chart, of the add-on and of mirrors, and no other of KAITO's.
func TestIsController(t *testing.T) {
	for image, want := range map[string]bool{
		"mcr.microsoft.com/aks/kaito/workspace:0.12.0":      true,
		"ghcr.io/kaito-project/kaito/workspace:nightly":     true,
		"registry.example.com/kaito-workspace:1":            true,
		"mcr.microsoft.com/aks/kaito/kaito-base:0.5.0":      false,
		"mcr.microsoft.com/aks/kaito/gpu-provisioner:0.3.5": false,
	} {
		if got := adoption.IsController(image); got != want {
			t.Errorf("%s: %t", image, got)
		}
	}
}
