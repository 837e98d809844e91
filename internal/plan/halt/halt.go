// SPDX-License-Identifier: Apache-2.0

package halt

import (
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// Halted is what must not change, and why. The zero value is nothing.
type Halted struct {
	// Everything, if not empty, is why nothing at all changes, pools and plain objects included.
	Everything string
	// Workspaces are those of the source, and those of which something is live, with the reason.
	Workspaces map[workspace.Key]string

	observed    map[workspace.Key]bool // those of Workspaces that are observed and not suspended
	suspensions []*workspace.Suspension
}

// Of returns what the source halts at a time. live and pools are what may be left of Workspaces that it has no more.
func Of(set *workspace.Set, live cluster.State, pools []capacity.LivePool, now time.Time) Halted {
	h := Halted{Workspaces: map[workspace.Key]string{}, observed: map[workspace.Key]bool{}}
	for i := range set.Suspensions {
		s := &set.Suspensions[i]
		if !suspension.Holds(s, now) {
			continue
		}
		h.suspensions = append(h.suspensions, s)
		if h.Everything == "" && s.Selector.All() {
			h.Everything = suspension.Why(s)
		}
	}
	for i := range set.Workspaces {
		w := &set.Workspaces[i]
		if why := h.why(func(s *workspace.Suspension) bool { return suspension.Selects(s, w) }); why != "" {
			h.Workspaces[w.Key] = why
		} else if w.Observed() {
			h.Workspaces[w.Key], h.observed[w.Key] = whyObserved, true
		}
	}
	h.left(set, live, pools)
	return h
}

// left adds what is left of Workspaces that the source has no more: those that a suspension may select, and the further
// replicas of an InferenceSet that is only observed.
func (h *Halted) left(set *workspace.Set, live cluster.State, pools []capacity.LivePool) {
	observed := observedSets(set)
	if len(h.suspensions) == 0 && len(observed) == 0 {
		return
	}
	present := make(map[workspace.Key]bool, len(set.Workspaces))
	for i := range set.Workspaces {
		present[set.Workspaces[i].Key] = true
	}
	gone := func(k workspace.Key) {
		if k == (workspace.Key{}) || h.Workspaces[k] != "" || present[k] {
			return
		}
		if why := h.why(func(s *workspace.Suspension) bool { return suspension.MaySelect(s, k) }); why != "" {
			h.Workspaces[k] = why
		} else if slices.ContainsFunc(observed, func(s *workspace.InferenceSet) bool { return belongs(k, s) }) {
			h.Workspaces[k], h.observed[k] = whyObserved, true
		}
	}
	for i := range live.Objects {
		gone(live.Objects[i].Workspace)
	}
	for k := range live.Workloads {
		gone(k)
	}
	for i := range pools {
		if pools[i].Owned {
			gone(pools[i].Workspace)
		}
	}
}

func observedSets(set *workspace.Set) []*workspace.InferenceSet {
	var out []*workspace.InferenceSet
	for i := range set.InferenceSets {
		if s := &set.InferenceSets[i]; s.Template.Observed() {
			out = append(out, s)
		}
	}
	return out
}

// belongs reports whether a key is that of a replica of an InferenceSet, or of the owner of their pool.
func belongs(k workspace.Key, s *workspace.InferenceSet) bool {
	return k.Namespace == s.Namespace && workspace.ReplicaOf(k.Name, s.Name) || k == capacity.SetKey(s.Namespace, s.Name)
}

const whyObserved = "it is only observed (annotation " + workspace.AnnotationMode + ": " + workspace.ModeObserve + ")"

// why says why the first suspension that matches holds something, or "".
func (h *Halted) why(matches func(*workspace.Suspension) bool) string {
	for _, s := range h.suspensions {
		if matches(s) {
			return suspension.Why(s)
		}
	}
	return ""
}

// Object says why a plain object of the source must not change, or "".
func (h *Halted) Object(o *unstructured.Unstructured) string {
	meta, _ := o.Object["metadata"].(map[string]any)
	namespace, _ := meta["namespace"].(string)
	if why := h.InNamespace(namespace); why != "" {
		return why
	}
	if mode, _ := cluster.TextIn(o, "annotations", workspace.AnnotationMode); mode == workspace.ModeObserve {
		return whyObserved
	}
	return ""
}

// InNamespace says why no plain object of a namespace may change, or "".
func (h *Halted) InNamespace(namespace string) string {
	return h.why(func(s *workspace.Suspension) bool { return suspension.SelectsObjects(s, namespace) })
}

// OfPool reports whether nothing may change of a pool that belongs to a Workspace, or to the replicas of an
// InferenceSet. The zero Key is a pool that many share: it stays while everything is halted.
func (h *Halted) OfPool(owner workspace.Key) bool {
	if h.Everything != "" || h.Workspaces[owner] != "" {
		return true
	}
	for k := range h.Workspaces {
		if capacity.InSet(k, owner) {
			return true
		}
	}
	return false
}

// Reason is the reason for which a Workspace is halted: Suspended, Observed, or "".
func (h *Halted) Reason(k workspace.Key) diag.Reason {
	switch {
	case h.observed[k]:
		return diag.Observed
	case h.Workspaces[k] != "":
		return diag.Suspended
	}
	return ""
}

// Same reports whether the same is halted, for the same reasons.
func (h *Halted) Same(o Halted) bool {
	return h.Everything == o.Everything && maps.Equal(h.Workspaces, o.Workspaces) &&
		maps.Equal(h.observed, o.observed) && slices.Equal(h.suspensions, o.suspensions)
}

// With returns held with what is halted, which counts first.
func (h *Halted) With(held map[workspace.Key]string) map[workspace.Key]string {
	if len(h.Workspaces) == 0 {
		return held
	}
	out := make(map[workspace.Key]string, len(held)+len(h.Workspaces))
	maps.Copy(out, held)
	maps.Copy(out, h.Workspaces)
	return out
}

// Pools lets no pool change while everything is halted.
func (h *Halted) Pools(changes []capacity.PoolChange) {
	if h.Everything == "" {
		return
	}
	for i := range changes {
		if c := &changes[i]; c.Op != capacity.Keep {
			c.Op, c.Reason = capacity.Wait, h.Everything
		}
	}
}
