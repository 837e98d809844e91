// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// takenOver is a Workspace that KAITO served on nodes of its provisioner until syncer took it over. Its pods are those
// that syncer makes there, without syncer's labels.
func takenOver(t *testing.T, policy desired.Policy, files map[string]string, nodes ...cluster.Node) desired.Observed {
	t.Helper()
	key := workspace.Key{Namespace: "default", Name: "phi"}
	seen := desired.Observed{Live: true, State: cluster.State{Nodes: nodes, Workloads: map[workspace.Key]cluster.Workload{
		key: {Ref: cluster.Ref{Group: "apps", Kind: "StatefulSet", Name: "phi"}, Adopted: &cluster.Adopted{}},
	}}}
	set := find(sideFor(t, policy, files, seen).Desired, "StatefulSet")
	if set == nil {
		t.Fatal("no StatefulSet")
	}
	spec, _ := set.DeepCopy().Object["spec"].(map[string]any)
	template, _ := spec["template"].(map[string]any)
	template["metadata"] = map[string]any{"labels": map[string]any{wellknown.LabelWorkspace: "phi"}}
	w := seen.State.Workloads[key]
	w.Adopted.Spec = runtime.DeepCopyJSON(spec)
	seen.State.Workloads[key] = w
	return seen
}

// TestTakenOverStays looks at a Workspace that syncer has taken over, in each mode: while KAITO's nodes are there, it
// stays on them with its pods, and syncer makes no others.
func TestTakenOverStays(t *testing.T) {
	claim := func(labels map[string]string) cluster.Node {
		labels["pool"] = "phi"
		return cluster.Node{
			Name: "n", Claim: "ws1", InstanceType: "Standard_NC24ads_A100_v4", Labels: labels, Ready: true, GPUs: 1,
		}
	}
	provisioner := claim(map[string]string{
		wellknown.LabelWorkspace: "phi", wellknown.LabelWorkspaceNamespace: "default",
	})
	nap := claim(map[string]string{
		wellknown.LabelKarpenterWorkspace: "phi", wellknown.LabelKarpenterWorkspaceNamespace: "default",
	})
	aks := desired.Policy{Cluster: "demo", Region: "eastus", Prune: true}
	file := map[string]string{"phi.yaml": serve("phi", "Standard_NC24ads_A100_v4")}
	own := map[string]string{"phi.yaml": annotated(file["phi.yaml"], wellknown.AnnotationNodes+": "+workspace.NodesOwn)}
	for _, c := range []struct {
		name   string
		policy desired.Policy
		node   cluster.Node
	}{
		{"aks, gpu-provisioner", aks, provisioner},
		{"aks, NAP", aks, nap},
		{"karpenter, NAP", onKarpenter(onAzure), nap},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := takenOver(t, c.policy, file, c.node)
			d := sideFor(t, c.policy, file, seen).Desired
			w := d.Workloads[0]
			if !w.Stays() || len(w.Kept.Restarts) > 0 || w.Pool != nil || len(d.Fleet.Pools) > 0 || find(d, "NodePool") != nil ||
				w.Waiting != "" || !strings.Contains(strings.Join(w.Notes, "; "), "annotation syncer.dev/nodes: own moves it") {
				t.Errorf("stays %t, %+v, pool %+v, pools %+v, notes %q", w.Stays(), w.Kept, w.Pool, d.Fleet.Pools, w.Notes)
			}
			seen.State.Workloads[w.Key].Adopted.For = "another digest"
			if w := sideFor(t, c.policy, file, seen).Desired.Workloads[0]; !w.Stays() || len(w.Kept.Restarts) != 1 {
				t.Errorf("after a change: stays %t, %+v", w.Stays(), w.Kept)
			}
			leaves := func(why string, files map[string]string, nodes ...cluster.Node) {
				seen := seen
				seen.State.Nodes = nodes
				d := sideFor(t, c.policy, files, seen).Desired
				if w := d.Workloads[0]; w.Stays() || len(d.Fleet.Pools) == 0 && find(d, "NodePool") == nil ||
					len(w.Kept.Restarts) == 0 {
					t.Errorf("%s: stays %t, %+v", why, w.Stays(), w.Kept)
				}
			}
			leaves("no node", file)
			cordoned := c.node
			cordoned.Cordoned = true
			leaves("cordoned", file, cordoned)
			leaves("own nodes", own, c.node)
		})
	}
}
