// SPDX-License-Identifier: Apache-2.0

package pools

import (
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// blocker reports unavailable offerings. unavailable.Offerings is one; nil blocks nothing.
type blocker interface {
	Blocked(sku capacity.SKU, priority capacity.Priority, now time.Time) (reason string, until time.Time, ok bool)
}

func blocked(u blocker, p *capacity.Pool, now time.Time) (reason string, until time.Time, ok bool) {
	if u == nil {
		return "", time.Time{}, false
	}
	return u.Blocked(p.SKU, p.Priority(), now)
}

// HoldUnavailable turns changes that request unavailable nodes into waits, with the reason.
func HoldUnavailable(changes []capacity.PoolChange, u blocker, q capacity.Quota, now time.Time) {
	for i := range changes {
		c := &changes[i]
		if c.Desired == nil || c.Op != capacity.Create && c.Op != capacity.Update || !requestsNodes(c) {
			continue
		}
		if reason, until, ok := blocked(u, c.Desired, now); ok {
			c.Op, c.Reason = capacity.Wait, retriesAfter(reason, until)
		} else if reason := q.Offered(c.Desired.SKU, c.Desired.Priority()); reason != "" {
			c.Op, c.Reason = capacity.Wait, reason
		}
	}
}

// requestsNodes reports whether a change requests nodes that do not exist: additional ones, or those of a failed
// allocation again.
func requestsNodes(c *capacity.PoolChange) bool {
	if c.Live == nil {
		return c.Desired.Count > 0
	}
	if c.Desired.Count > c.Live.Count {
		return true
	}
	if c.Live.State != capacity.Failed || c.Desired.Count == 0 {
		return false
	}
	class := capacity.Classify(c.Live.ErrorCode, c.Live.Error)
	action := class.Action()
	return action == capacity.ActBlock || action == capacity.ActRelax || class == capacity.ClassUnknown
}

// ReplaceUnprovisionable replaces pools that never got their nodes. The OS disk of a pool is immutable, so a pool that
// needs another kind of disk is deleted first. The same holds where a Workspace gets another size: the failed pool may
// hold quota, so its deletion comes before the creation. unprovisionable has the pools that have no node and get none.
func ReplaceUnprovisionable(changes []capacity.PoolChange, unprovisionable map[string]bool) {
	for i := range changes {
		if c := &changes[i]; unprovisionable[c.Name] && needsManagedDisk(c) {
			c.Op, c.Reason = capacity.Delete, reasonManagedDisk
		}
	}
	for i := range changes {
		c := &changes[i]
		if c.Op != capacity.Create {
			continue
		}
		failed := slices.IndexFunc(changes, func(other capacity.PoolChange) bool {
			return precedes(&other, c, unprovisionable)
		})
		if failed >= 0 {
			c.Op, c.Reason = capacity.Wait, waitsForDeletion(changes[failed].Name)
		}
	}
}

// HoldStopped turns all changes into waits while the cluster is stopped, and those of a stopped pool while that is:
// Azure refuses them, and a cluster that wakes up gets its nodes back without a write.
func HoldStopped(changes []capacity.PoolChange, live []capacity.LivePool) {
	stopped := capacity.ClusterStopped(live)
	for i := range changes {
		c := &changes[i]
		switch {
		case c.Op != capacity.Create && c.Op != capacity.Update && c.Op != capacity.Delete:
		case stopped:
			c.Op, c.Reason = capacity.Wait, reasonClusterStopped
		case c.Live != nil && c.Live.Stopped && c.Op == capacity.Update:
			c.Op, c.Reason = capacity.Wait, reasonPoolStopped(c.Name)
		}
	}
}

// needsManagedDisk reports whether a change gives an owned pool with an ephemeral OS disk a managed one.
func needsManagedDisk(c *capacity.PoolChange) bool {
	return c.Op == capacity.Update && c.Live != nil && c.Live.Owned && !c.Live.System &&
		c.Desired != nil && c.Desired.Count > 0 && c.Desired.ManagedDisk && !c.Live.ManagedDisk
}

// precedes reports whether the pool of another change has to be deleted before a creation: a pool without nodes of the
// same Workspace. Shared pools belong to no Workspace and precede a creation only where they hold its quota.
func precedes(other, create *capacity.PoolChange, unprovisionable map[string]bool) bool {
	live := other.Live
	if live == nil || !live.Owned || live.Workspace != create.Desired.Workspace || other.Name == create.Name {
		return false
	}
	removed := unprovisionable[other.Name] &&
		(other.Op == capacity.Delete || other.Desired != nil && other.Desired.Count == 0)
	if live.Shared() {
		return removed && sameFamily(live.Size, create.Desired.SKU)
	}
	return removed || other.Desired == nil && live.State == capacity.Deleting
}

func sameFamily(size string, sku capacity.SKU) bool {
	s, known := capacity.LookupSKU(size)
	return known && strings.EqualFold(s.Family, sku.Family)
}

// RecreateWithoutGPUs rewrites unchanged pools whose GPUs missed the deadline, so that Azure repairs the nodes. While
// the size is blocked the pool waits; the blocks get longer, so the rewrites get rarer.
func RecreateWithoutGPUs(changes []capacity.PoolChange, withoutGPUs map[string]bool, u blocker, now time.Time) {
	for i := range changes {
		c := &changes[i]
		if c.Op != capacity.Keep || c.Desired == nil || c.Desired.Count == 0 || !withoutGPUs[c.Name] {
			continue
		}
		if _, _, ok := blocked(u, c.Desired, now); !ok {
			c.Op, c.Reason = capacity.Update, reasonGPUsMissing
			if c.Desired.Spot {
				c.Reason = reasonSpotTaken
			}
		}
	}
}

// IgnoreBudgets lets a deletion ignore disruption budgets after a budget made it fail, if the pool is idle. idle must
// count all pods on the pool, also unmanaged ones.
func IgnoreBudgets(changes []capacity.PoolChange, idle func(pool string) bool) {
	for i := range changes {
		c := &changes[i]
		if c.Op == capacity.Delete && c.Live != nil && c.Live.State == capacity.Failed &&
			capacity.Classify(c.Live.ErrorCode, c.Live.Error) == capacity.ClassDrain &&
			idle(c.Name) {
			c.IgnoreBudgets = true
		}
	}
}
