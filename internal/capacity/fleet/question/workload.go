// SPDX-License-Identifier: Apache-2.0

package question

import (
	"cmp"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet/nodeclass"
	"syncer.dev/syncer/internal/workspace"
)

// The replicas of an InferenceSet with a named size share one pool, which has the nodes of all replicas: AKS does not
// allow a pool for each of a hundred replicas. The set owns the pool.

// Owner returns the owner of a Workload's own pool: its InferenceSet, or else the Workspace.
func (n *Workload) Owner() workspace.Key {
	if n.Set != "" {
		return capacity.SetKey(n.Workspace.Namespace, n.Set)
	}
	return n.Workspace
}

// NodePriority is the priority of its nodes.
func (n *Workload) NodePriority() capacity.Priority { return capacity.PriorityOf(n.Spot) }

// Key is that of the class of shared nodes that an option uses.
func (n *Workload) Key(o *capacity.Option) nodeclass.Key {
	return nodeclass.KeyOf(o, n.NodePriority(), n.OSSKU, n.DiskGiB)
}

// Options lists the options that satisfy a Workload: shares of nodes first, then whole nodes.
func (n *Workload) Options() []*capacity.Option {
	out := make([]*capacity.Option, 0, len(n.Demand.Shares)+len(n.Demand.Options))
	if n.Shared {
		for i := range n.Demand.Shares {
			// Only powers of two pack without loss, and an option of several nodes takes whole ones.
			if o := &n.Demand.Shares[i]; o.Nodes == 1 && nodeclass.PowerOfTwo(o.SKU.GPUs) && o.GPUsPerNode > 0 {
				out = append(out, o)
			}
		}
	}
	for i := range n.Demand.Options {
		if i == 0 || n.Automatic {
			out = append(out, &n.Demand.Options[i])
		}
	}
	return out
}

// Runs returns the pool on which the pods of a Workload run, preferably its own; "" if none runs.
func (n *Workload) Runs(pool func(node string) (string, bool)) string {
	runs := ""
	for _, pod := range n.Pods {
		if on, ok := pool(pod.Node); ok && (runs == "" || on == n.Pool) {
			runs = on
		}
	}
	return runs
}

// Standing decides when a Workload is served.
func (n *Workload) Standing(runs bool) capacity.Standing {
	return capacity.Standing{
		Priority:  cmp.Or(n.Priority, workspace.Normal),
		Runs:      runs,
		FirstSeen: n.FirstSeen,
		DemandGiB: n.Demand.GiB(),
		Digest:    n.Digest,
	}
}

// Before compares two Workloads by the order in which they are served.
func Before(a *Workload, first capacity.Standing, b *Workload, second capacity.Standing) int {
	return cmp.Or(first.Compare(second), a.Workspace.Compare(b.Workspace))
}
