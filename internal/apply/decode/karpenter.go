// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// NodePool reads a NodePool, without its NodeClaims.
func NodePool(u *unstructured.Unstructured) *cluster.NodePool {
	return &cluster.NodePool{
		Name: u.GetName(), Deleting: u.GetDeletionTimestamp() != nil, NotReady: failing(u, "Ready"),
	}
}

// NodeClaim reads a NodeClaim. Karpenter sets the conditions Launched, Registered and Initialized in this order.
func NodeClaim(u *unstructured.Unstructured) cluster.NodeClaim {
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
