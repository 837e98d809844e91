// SPDX-License-Identifier: Apache-2.0

package claimed_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired/claimed"
	"syncer.dev/syncer/internal/workspace"
)

func node(name, claim string, labels ...string) cluster.Node {
	n := cluster.Node{Name: name, Claim: claim, InstanceType: "size-of-" + name, Labels: map[string]string{}}
	for i := 0; i < len(labels); i += 2 {
		n.Labels[labels[i]] = labels[i+1]
	}
	return n
}

func gpuProvisioner(name, of string) cluster.Node {
	return node(name, "ws"+name, "kaito.sh/workspace", of, "kaito.sh/workspacenamespace", "default")
}

func karpenter(name, namespace string, more ...string) cluster.Node {
	return node(name, "c"+name, append([]string{
		"karpenter.kaito.sh/workspace-name", "phi", "karpenter.kaito.sh/workspace-namespace", namespace,
	}, more...)...)
}

// TestBy finds nodes of gpu-provisioner and of Karpenter, and neither those of others nor syncer's.
func TestBy(t *testing.T) {
	drained := gpuProvisioner("d", "phi")
	drained.Cordoned = true
	key := workspace.Key{Namespace: "default", Name: "phi"}
	for _, c := range []struct {
		name  string
		nodes []cluster.Node
		where string
	}{
		{"none", []cluster.Node{node("a", ""), gpuProvisioner("b", "llama"), karpenter("c", "other")}, ""},
		{
			"gpu-provisioner",
			[]cluster.Node{gpuProvisioner("a", "phi"), gpuProvisioner("b", "phi"), drained},
			"nodes of NodeClaim wsa, wsb",
		},
		{"Karpenter", []cluster.Node{karpenter("a", "default")}, "nodes of NodeClaim ca"},
		{"syncer's NodePool", []cluster.Node{karpenter("a", "default", cluster.LabelCluster, "demo")}, ""},
		{"drained", []cluster.Node{drained}, ""},
	} {
		got := ""
		if n := claimed.By(key, c.nodes); len(n.Names) > 0 {
			got = n.Where()
			if n.Size != "size-of-a" {
				t.Errorf("%s: size %s", c.name, n.Size)
			}
		}
		if diff := cmp.Diff(c.where, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
