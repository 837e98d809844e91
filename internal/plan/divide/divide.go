// SPDX-License-Identifier: Apache-2.0

// Package divide says which of several processes carries out a change of a plan that all of them make.
//
//	plan, Share ─ Of ─> Division: Applies, AsFleet, Prunes; Pending, what others have to apply first
//
// The objects of a namespace are written by the process that has its shard. Two kinds of changes are the fleet's, see
// package shard: objects without a namespace, and all objects of a Workspace whose server restarts. The second must not
// depend on whether the server is healthy, because two processes may see that differently at one moment: it follows
// from the content of the live StatefulSet alone, and a write is conditional on the version of that.
package divide

import (
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/workspace"
)

// Division is the part of a plan that a process carries out. The zero value is the whole plan.
type Division struct {
	share    shard.Share
	restarts map[workspace.Key]bool
	// plain are the namespaces in which another process has plain objects to apply.
	plain map[string]bool
	// Pending are the Workspaces with objects that another process has to apply first. Nodes for them wait.
	Pending map[workspace.Key]bool
}

// Of returns the part of a plan that a process with this Share carries out. limited says that there is a bound on
// servers that restart at once.
func Of(share shard.Share, p *plan.Plan, limited bool) Division {
	d := Division{share: share}
	if !share.Divided() {
		return d
	}
	d.restarts, d.plain, d.Pending = map[workspace.Key]bool{}, map[string]bool{}, map[workspace.Key]bool{}
	for i := range p.Changes {
		if c := p.Changes[i]; limited && writes(c) && c.Op != plan.Create && c.Restarts() {
			d.restarts[c.Workspace] = true
		}
	}
	for i := range p.Changes {
		c := p.Changes[i]
		if !writes(c) || c.Namespace == "" || d.writer(c) {
			continue
		}
		if c.Workspace == (workspace.Key{}) {
			d.plain[c.Namespace] = true
		} else {
			d.Pending[c.Workspace] = true
		}
	}
	return d
}

// Waits says why the nodes of Workspaces in Pending wait: an object may be refused, which must not cost a GPU.
func (d *Division) Waits() map[workspace.Key]string {
	out := make(map[workspace.Key]string, len(d.Pending))
	for key := range d.Pending {
		out[key] = "the replica that writes namespace " + key.Namespace + " has not applied the objects of " + key.String() +
			" yet"
	}
	return out
}

// writes reports whether a change applies an object.
func writes(c *plan.Change) bool {
	return c.Object != nil && (c.Op == plan.Create || c.Op == plan.Update || c.Op == plan.Replace)
}

// writer reports whether the process is the one that applies the object of a change, now or later.
func (d *Division) writer(c *plan.Change) bool {
	if d.restarts[c.Workspace] {
		return d.share.Fleet()
	}
	return d.share.Has(c.Namespace)
}

// Applies reports whether the process applies the object of a change now. What other processes have to apply first
// comes first: the plain objects of a namespace before its servers restart, the objects of a Workspace before its
// NodePool.
func (d *Division) Applies(c *plan.Change) bool {
	switch {
	case !d.writer(c):
		return false
	case c.Namespace == "":
		return !d.Pending[c.Workspace]
	case d.restarts[c.Workspace]:
		return !d.plain[c.Namespace]
	}
	return true
}

// AsFleet reports whether the process applies the object of a change because it is the fleet's, and not because the
// process has the namespace.
func (d *Division) AsFleet(c *plan.Change) bool {
	return d.share.Divided() && c.Namespace != "" && d.restarts[c.Workspace]
}

// Prunes reports whether the process deletes the live object of a change.
func (d *Division) Prunes(c *plan.Change) bool { return c.Live != nil && d.share.Has(c.Live.Namespace) }
