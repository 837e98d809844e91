// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
)

var inferenceSet = fixture("set.yaml")

// TestInferenceSet checks that replicas are Workspaces with their own objects, on the nodes of one pool.
func TestInferenceSet(t *testing.T) {
	s := side(t, map[string]string{"set.yaml": inferenceSet}, desired.Observed{})
	if len(s.Desired.Problems) > 0 || len(s.Desired.Workloads) != 2 {
		t.Fatalf("%d workloads, %v", len(s.Desired.Workloads), s.Desired.Problems)
	}
	seen := map[string]bool{}
	for _, w := range s.Desired.Workloads {
		if p := w.Pool; p == nil || p.Count != 2 || p.Labels["app"] != "phi" || p.Labels["kaito.sh/workspace"] != "" ||
			p.HourlyCost.USD != 2*w.Binding.Cost.USD {
			t.Errorf("%s: pool %+v", w.Key, w.Pool)
		}
		for _, o := range w.Bundle.Objects {
			if o.GetKind() == "StatefulSet" {
				seen[o.GetName()] = true
			}
		}
	}
	if n := len(s.Desired.Pools()); n != 1 {
		t.Errorf("%d pools", n)
	}
	if !seen["phi-0"] || !seen["phi-1"] {
		t.Errorf("StatefulSets: %v", seen)
	}
}

// TestInferenceSetGuard checks which replicas syncer may delete when an InferenceSet shrinks, or becomes unreadable.
func TestInferenceSetGuard(t *testing.T) {
	gone := workspace.Key{Namespace: "default", Name: "phi-1"}
	for replicas, held := range map[string]bool{"1": false, "0": false, "many": true, "-1": true, "2": false} {
		s := side(
			t,
			map[string]string{"set.yaml": strings.Replace(inferenceSet, "replicas: 2", "replicas: "+replicas, 1)},
			desired.Observed{},
		)
		guard := NewGuard(s.Set, s.Desired.Blocked(), true, true, false)
		if why := guard.Holds(gone, "set.yaml"); (why != "") != held {
			t.Errorf("replicas: %s: %q", replicas, why)
		}
	}
	s := side(t, map[string]string{"moved.yaml": inferenceSet + "  x: ["}, desired.Observed{})
	if why := NewGuard(s.Set, nil, true, false, true).Holds(gone, "set.yaml"); why == "" {
		t.Error("a set that was moved and broken by the same commit loses its replicas")
	}
}
