// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// nodePools reads syncer's NodePools, each with its NodeClaims.
func (c *Cluster) nodePools() []cluster.NodePool {
	pools, claims := c.watches.optionalKind(nodePoolKind), c.watches.optionalKind(nodeClaimKind)
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

// claimOf reads a NodeClaim. Karpenter sets the conditions Launched, Registered and Initialized in this order.
func claimOf(u *unstructured.Unstructured) cluster.NodeClaim {
	node, _, _ := unstructured.NestedString(u.Object, "status", "nodeName")
	return cluster.NodeClaim{
		Name: u.GetName(), Node: node, Ready: condition(u, "Ready"), Deleting: u.GetDeletionTimestamp() != nil,
		Failure: failing(u, "Launched", "Registered", "Initialized"),
	}
}

// condition reports whether a condition of an object is True.
func condition(u *unstructured.Unstructured, kind string) bool {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	return slices.ContainsFunc(conditions, func(c any) bool {
		m, _ := c.(map[string]any)
		return m["type"] == kind && m["status"] == "True"
	})
}

// failing returns reason and message of the first of these conditions that exists and is not True.
func failing(u *unstructured.Unstructured, kinds ...string) cluster.Failure {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, kind := range kinds {
		for _, c := range conditions {
			m, _ := c.(map[string]any)
			if m["type"] != kind || m["status"] == "True" {
				continue
			}
			reason, _ := m["reason"].(string)
			message, _ := m["message"].(string)
			return cluster.Failure{Reason: reason, Message: message}
		}
	}
	return cluster.Failure{}
}

// sameClaim reports whether no field of a NodeClaim that syncer reads has changed.
func sameClaim(before, after any) bool {
	b, ok1 := before.(*unstructured.Unstructured)
	a, ok2 := after.(*unstructured.Unstructured)
	return ok1 && ok2 && claimOf(b) == claimOf(a)
}
