// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestStage: a kind is applied after those that it refers to, and every stage is one of Stages.
func TestStage(t *testing.T) {
	for _, tt := range []struct{ earlier, later string }{
		{"ConfigMap", "Service"},
		{"PersistentVolumeClaim", "StatefulSet"},
		{"Service", "StatefulSet"},
		{"Service", "Job"},
	} {
		if Stage(tt.earlier) >= Stage(tt.later) {
			t.Errorf("%s is applied in stage %d, %s in stage %d", tt.earlier, Stage(tt.earlier), tt.later, Stage(tt.later))
		}
		if s := Stage(tt.later); s < 0 || s >= Stages {
			t.Errorf("%s is applied in stage %d of %d", tt.later, s, Stages)
		}
	}
}

// TestRenderedKinds: the list for people has the kinds of the code, and no others.
func TestRenderedKinds(t *testing.T) {
	groups := []string{"", "apps", "batch", "policy", "networking.k8s.io", "autoscaling"}
	all := append(RenderedKinds(), "Secret", "Pod", "Deployment", "Node", "Ingress", "DaemonSet", "CronJob", "ReplicaSet")
	for _, kind := range all {
		made := slices.ContainsFunc(groups, func(group string) bool { return Rendered(group, kind) })
		if listed := slices.Contains(RenderedKinds(), kind); made != listed {
			t.Errorf("%s is rendered: %t, and listed: %t", kind, made, listed)
		}
	}
}

// TestByApplyOrder: objects are in the order of their stages, and in that of kinds and names within one.
func TestByApplyOrder(t *testing.T) {
	var objects []*unstructured.Unstructured
	want := []string{"ConfigMap b", "PersistentVolumeClaim a", "Service a", "Service b", "StatefulSet a"}
	for _, kindName := range [][2]string{
		{"StatefulSet", "a"}, {"Service", "b"}, {"PersistentVolumeClaim", "a"}, {"Service", "a"}, {"ConfigMap", "b"},
	} {
		o := &unstructured.Unstructured{}
		o.SetKind(kindName[0])
		o.SetName(kindName[1])
		objects = append(objects, o)
	}
	slices.SortFunc(objects, ByApplyOrder)
	var got []string
	for _, o := range objects {
		got = append(got, o.GetKind()+" "+o.GetName())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
