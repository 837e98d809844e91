// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan/values"
	"syncer.dev/syncer/internal/workspace"
)

// transition is what happens to a Workspace that is desired.
type transition struct {
	before, after Values
	// replaced reports that another workload replaces the one that exists: another model, on other nodes, or of another
	// kind.
	replaced bool
	// interrupted reports that it answers requests now, and would stop: for a while, or for good.
	interrupted bool
	// remade reports that its pods restart with this plan, rather than once its new nodes are ready.
	remade bool
}

// transitions returns what happens to each Workspace that is desired, in the order of Desired.Workloads.
func transitions(c *Comparison) []*transition {
	restarts, remade := c.remakes()
	out := make([]*transition, len(c.Desired.Workloads))
	for i, w := range c.Desired.Workloads {
		if at := c.last.calmAt(c, i); at >= 0 {
			out[i] = c.last.facts[at]
			continue
		}
		before, exists := c.Before(w.Key, i)
		t := &transition{before: before, after: values.Asked(w, c.Policy, c.Desired.Fleet.Pools)}
		out[i] = t
		if len(w.Blocked) > 0 || w.Waiting != "" && w.Binding.Next == "" { // its live objects stay
			if exists {
				t.after = before
			}
			continue
		}
		if exists && w.Finished && before.Nodes == 0 { // without nodes it is nowhere, and goes nowhere
			t.after.Stay(before)
		}
		if exists {
			t.remade = restarts[w.Key] || remade[w.Key]
			t.replaced = remade[w.Key] || t.moves()
			t.interrupted = before.Serves && c.Serving(w.Key) && (!t.after.Serves || t.replaced || restarts[w.Key])
		}
	}
	return out
}

// remakes returns the Workspaces whose pods a change of an object restarts, and those whose workload is created or
// replaced.
func (c *Comparison) remakes() (restarts, remade map[workspace.Key]bool) {
	restarts, remade = map[workspace.Key]bool{}, map[workspace.Key]bool{}
	for _, ch := range c.objects {
		if ch.Op == NoOp || ch.Object == nil || !isWorkload(ch.Object) {
			continue
		}
		if ch.Restarts() {
			restarts[ch.Workspace] = true
		}
		if ch.Op == Replace || ch.Op == Create {
			remade[ch.Workspace] = true
		}
	}
	return restarts, remade
}

// moves reports whether the Workspace gets another model, or other nodes. What is unknown on one side does not count.
func (t *transition) moves() bool {
	was, is := &t.before, &t.after
	if was.Nodes == 0 || is.Nodes == 0 { // suspended, or finished
		return differ(was.Model, is.Model)
	}
	return differ(was.Model, is.Model) || differ(was.InstanceType, is.InstanceType) || differ(was.Pool, is.Pool)
}

// differ reports whether two values are known and differ.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// answers reports whether a live workload serves a model at the moment.
func answers(w *cluster.Workload) bool {
	return w.Ref.Kind == "StatefulSet" && w.Replicas > 0 && (w.Ready > 0 || w.Endpoints > 0)
}

// Restarts reports whether a change of a StatefulSet restarts its pods.
func (c *Change) Restarts() bool {
	if c.Object == nil || c.Object.Object["kind"] != "StatefulSet" {
		return false
	}
	if c.Op == Replace {
		return true
	}
	for _, f := range c.Fields {
		if f == "spec.template" || strings.HasPrefix(f, "spec.template.") {
			return true
		}
	}
	return false
}
