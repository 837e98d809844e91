package capacity

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// blocker knows what cannot be had. Unavailable is one; nil knows of nothing.
type blocker interface {
	Blocked(sku SKU, spot bool, now time.Time) (reason string, until time.Time, ok bool)
}

func blocked(u blocker, p *Pool, now time.Time) (reason string, until time.Time, ok bool) {
	if u == nil {
		return "", time.Time{}, false
	}
	return u.Blocked(p.SKU, p.Spot, now)
}

// HoldUnavailable turns the changes that ask for nodes which are known not to be had into waits, with the reason.
func HoldUnavailable(changes []PoolChange, u blocker, q Quota, now time.Time) {
	for i := range changes {
		c := &changes[i]
		if c.Desired == nil || c.Op != Create && c.Op != Update || !c.asks() {
			continue
		}
		if reason, until, ok := blocked(u, c.Desired, now); ok {
			c.Op, c.Reason = Wait, fmt.Sprintf("%s; it is tried again after %s", reason, until.UTC().Format("15:04 MST on 2 January"))
		} else if reason := q.Offered(c.Desired.SKU, c.Desired.Spot); reason != "" {
			c.Op, c.Reason = Wait, reason
		}
	}
}

// asks reports whether the change asks Azure for nodes that are not there: more of them, or once more those that failed.
func (c *PoolChange) asks() bool {
	if c.Live == nil {
		return c.Desired.Count > 0
	}
	if c.Desired.Count > c.Live.Count {
		return true
	}
	if c.Live.State != Failed || c.Desired.Count == 0 {
		return false
	}
	action := Classify(c.Live.ErrorCode, c.Live.Error).Action()
	return action == ActBlock || action == ActRelax
}

// ReplaceLost takes care of pools that never got their nodes. One whose disk has to become another kind is deleted, for that
// cannot be changed; and where a Workspace gets another size, the pool that failed is gone before the new one is created: it
// may hold quota. lost names the pools without a node that, as things are, will get none.
func ReplaceLost(changes []PoolChange, lost map[string]bool) {
	for i := range changes {
		c := &changes[i]
		if c.Live == nil || !c.Live.Owned || c.Live.System || !lost[c.Name] || c.Desired == nil {
			continue
		}
		if c.Op == Update && c.Desired.Count > 0 && c.Desired.ManagedDisk && !c.Live.ManagedDisk {
			c.Op, c.Reason = Delete, "its nodes cannot be had with the system disk on the host; it is made again with a disk of its own"
		}
	}
	for i := range changes {
		c := &changes[i]
		if c.Op != Create {
			continue
		}
		failed := slices.IndexFunc(changes, func(o PoolChange) bool {
			if o.Live == nil || !o.Live.Owned || o.Live.Workspace != c.Desired.Workspace || o.Name == c.Name {
				return false
			}
			goes := lost[o.Name] && (o.Op == Delete || o.Desired != nil && o.Desired.Count == 0)
			if o.Live.Shared() { // pools that others share say nothing about this one, unless they hold its quota
				return goes && sameFamily(o.Live.Size, c.Desired.SKU)
			}
			return goes || o.Desired == nil && o.Live.State == Deleting
		})
		if failed >= 0 {
			c.Op, c.Reason = Wait, fmt.Sprintf("pool %s, which got no nodes, is deleted first", changes[failed].Name)
		}
	}
}

func sameFamily(size string, sku SKU) bool {
	s, known := LookupSKU(size)
	return known && strings.EqualFold(s.Family, sku.Family)
}

// RepairBroken writes pools again, as they are, whose GPUs did not appear in time: Azure then looks after what is missing.
// While the size is known not to be had that waits, so that it is done more and more rarely.
func RepairBroken(changes []PoolChange, broken map[string]bool, u blocker, now time.Time) {
	for i := range changes {
		c := &changes[i]
		if c.Op != Keep || c.Desired == nil || c.Desired.Count == 0 || !broken[c.Name] {
			continue
		}
		if _, _, not := blocked(u, c.Desired, now); !not {
			c.Op, c.Reason = Update, "its GPUs have not appeared"
		}
	}
}

// IgnoreBudgets lets the deletion of a pool go on that failed because a disruption budget kept a pod on a node, where nothing runs
// on the pool any more. idle must be sure of that, for pods of others too.
func IgnoreBudgets(changes []PoolChange, idle func(pool string) bool) {
	for i := range changes {
		c := &changes[i]
		if c.Op == Delete && c.Live != nil && c.Live.State == Failed && Classify(c.Live.ErrorCode, c.Live.Error) == ClassDrain && idle(c.Name) {
			c.IgnoreBudgets = true
		}
	}
}
