// SPDX-License-Identifier: Apache-2.0

package known

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

func TestVersionOf(t *testing.T) {
	base := func() *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{}}
		u.SetLabels(map[string]string{"ours": "yes"})
		u.SetUID("1")
		u.SetGeneration(1)
		u.SetResourceVersion("1")
		return u
	}
	for _, tt := range []struct {
		name   string
		change func(*unstructured.Unstructured)
		same   bool
	}{
		{"nothing", func(*unstructured.Unstructured) {}, true},
		{"status", func(u *unstructured.Unstructured) {
			u.Object["status"] = map[string]any{"a": "b"}
			u.SetResourceVersion("2")
		}, true},
		{"who manages it", func(u *unstructured.Unstructured) {
			u.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "x", Operation: metav1.ManagedFieldsOperationUpdate}})
		}, true},
		{"uid", func(u *unstructured.Unstructured) { u.SetUID("2") }, false},
		{"generation", func(u *unstructured.Unstructured) { u.SetGeneration(2) }, false},
		{"label", func(u *unstructured.Unstructured) { u.SetLabels(map[string]string{"a": "b"}) }, false},
		{"annotation", func(u *unstructured.Unstructured) { u.SetAnnotations(map[string]string{"a": "b"}) }, false},
		{"finalizer", func(u *unstructured.Unstructured) { u.SetFinalizers([]string{"example.com/a"}) }, false},
		{"owner", func(u *unstructured.Unstructured) {
			u.SetOwnerReferences([]metav1.OwnerReference{{Kind: "ConfigMap", Name: "a"}})
		}, false},
		{"going", func(u *unstructured.Unstructured) { now := metav1.Now(); u.SetDeletionTimestamp(&now) }, false},
	} {
		u := base()
		tt.change(u)
		if same := versionOf(u) == versionOf(base()); same != tt.same {
			t.Errorf("%s: same %v", tt.name, same)
		}
	}
	a, b := base(), base()
	a.SetGeneration(0)
	b.SetGeneration(0)
	if versionOf(a) != versionOf(b) {
		t.Error("without a generation: differs for no reason")
	}
	b.SetResourceVersion("2")
	if versionOf(a) == versionOf(b) {
		t.Error("without a generation, only the resource version tells, and does not")
	}
}

// TestTrial: a dry run counts once, for the same object over the same version.
func TestTrial(t *testing.T) {
	m := New()
	object := func() *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
		u.SetName("a")
		return u
	}
	o := object()
	for _, tt := range []struct {
		name    string
		o       *unstructured.Unstructured
		version string
		want    bool
	}{
		{"the same", o, "7", true}, {"another version", o, "8", false}, {"another object", object(), "7", false},
	} {
		m.Passed(o, "7", "why")
		replace, ok := m.Take(tt.o, tt.version)
		if ok != tt.want || ok && replace != "why" {
			t.Errorf("%s: %q, %t", tt.name, replace, ok)
		}
		if _, again := m.Take(o, "7"); again {
			t.Errorf("%s: it counts twice", tt.name)
		}
	}
	m.Passed(o, "7", "")
	m.Equal(o, o)
	if _, ok := m.Take(o, "7"); ok {
		t.Error("it counts after the object is as desired")
	}
}

// TestFulfilled: a live object that says itself that it is as desired counts until it is another, and not in doubt.
func TestFulfilled(t *testing.T) {
	m := New()
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
	o.SetName("a")
	never := func() *unstructured.Unstructured {
		t.Error("the live object is read")
		return o
	}
	first, second := new(int), new(int)
	if m.Fulfilled(o, first, sum("another")) || m.Unchanged(o, first, never) {
		t.Error("another object counts")
	}
	if !m.Fulfilled(o, first, sum(o.Object)) || !m.Unchanged(o, first, never) {
		t.Error("it does not count")
	}
	if m.Unchanged(o, second, never) {
		t.Error("another live object counts")
	}
	m.Doubt(cluster.RefOf(o))
	if m.Fulfilled(o, first, sum(o.Object)) || m.Unchanged(o, first, never) || len(m.Refs()) != 1 {
		t.Error("it counts in doubt")
	}
	if m.Equal(o, o); !m.Fulfilled(o, first, sum(o.Object)) {
		t.Error("the doubt does not end with an answer")
	}
}

// TestSettled: the digest of an object says as much as the object itself.
func TestSettled(t *testing.T) {
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
	o.SetName("a")
	live := o.DeepCopy()
	live.SetUID("1")
	is := cluster.Digested{Ref: cluster.RefOf(o), Digest: sum(o.Object)}
	other := cluster.Digested{Ref: is.Ref, Digest: sum("another")}
	first, second, third := new(int), new(int), new(int)
	as := func(u *unstructured.Unstructured) func() *unstructured.Unstructured {
		return func() *unstructured.Unstructured { return u }
	}
	m := New()
	if m.Settled(is, first, as(live)) {
		t.Error("an object that was never compared is settled")
	}
	m.Equal(o, live)
	if !m.Settled(is, first, as(live)) || !m.Settled(is, second, as(live)) || m.Settled(other, second, as(live)) {
		t.Error("the digest does not decide")
	}
	changed := live.DeepCopy()
	changed.SetLabels(map[string]string{"changed": "yes"})
	if m.Settled(is, third, as(changed)) || !m.Settled(is, second, as(changed)) {
		t.Error("what is live does not decide")
	}
	if m.Doubt(is.Ref); m.Settled(is, second, as(live)) || m.Fulfils(is, second) {
		t.Error("it is settled in doubt")
	}
	m.Forget(is.Ref)
	if !m.Fulfils(is, first) || !m.Settled(is, first, as(live)) || m.Settled(is, second, as(live)) ||
		m.Settled(other, first, as(live)) || !m.Unchanged(o, first, as(live)) || m.Unchanged(live, first, as(live)) {
		t.Error("a live object that says itself that it is as desired does not count as that one")
	}
}
