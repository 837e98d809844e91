package apply

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// nodePools reads the NodePools that are ours, with what Karpenter has made of them.
func (c *Cluster) nodePools() []cluster.NodePool {
	pools, claims := c.watches.lateKind(nodePoolKind), c.watches.lateKind(nodeClaimKind)
	if pools == nil {
		return nil
	}
	byPool := map[string][]cluster.NodeClaim{}
	for _, u := range claims.list() {
		name := u.GetLabels()[cluster.LabelNodePool]
		byPool[name] = append(byPool[name], claimOf(u))
	}
	var out []cluster.NodePool
	for _, u := range pools.list() {
		p := cluster.NodePool{
			Name: u.GetName(), Workspace: objectOf(u).Workspace, Deleting: u.GetDeletionTimestamp() != nil,
			NotReady: failing(u, "Ready"), Claims: byPool[u.GetName()],
		}
		slices.SortFunc(p.Claims, func(a, b cluster.NodeClaim) int { return strings.Compare(a.Name, b.Name) })
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b cluster.NodePool) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// claimOf reads a NodeClaim. Karpenter takes the steps Launched, Registered and Initialized one after another.
func claimOf(u *unstructured.Unstructured) cluster.NodeClaim {
	node, _, _ := unstructured.NestedString(u.Object, "status", "nodeName")
	return cluster.NodeClaim{
		Name: u.GetName(), Node: node, Ready: condition(u, "Ready"), Deleting: u.GetDeletionTimestamp() != nil,
		Trouble: failing(u, "Launched", "Registered", "Initialized"),
	}
}

// failing returns the reason and message of the first of the conditions that is there and not True.
func failing(u *unstructured.Unstructured, kinds ...string) cluster.Trouble {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, kind := range kinds {
		for _, c := range conditions {
			m, _ := c.(map[string]any)
			if m["type"] != kind || m["status"] == "True" {
				continue
			}
			reason, _ := m["reason"].(string)
			message, _ := m["message"].(string)
			return cluster.Trouble{Reason: reason, Message: message}
		}
	}
	return cluster.Trouble{}
}

// sameClaim reports whether nothing about a NodeClaim has changed that we look at.
func sameClaim(before, after any) bool {
	b, ok1 := before.(*unstructured.Unstructured)
	a, ok2 := after.(*unstructured.Unstructured)
	return ok1 && ok2 && claimOf(b) == claimOf(a)
}
