// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// unit is what is applied as one: the objects of a Workspace, or one plain object.
type unit struct {
	objects []int // positions
	live    bool  // the Workspace has live objects: nothing of it is written unless all of it passes a dry run
	after   []<-chan struct{}
	done    chan struct{}
}

// units groups objects by their Workspaces. Plain objects come first; a Workspace waits for those that its objects
// name, and for no other.
func (c *Cluster) units(objects []*unstructured.Unstructured) []*unit {
	byWorkspace := map[workspace.Key]*unit{}
	plain := map[string]*unit{} // by namespace and name
	var first, then []*unit
	for i, o := range objects {
		key := workspaceOf(o)
		if key == (workspace.Key{}) {
			u := &unit{objects: []int{i}, done: make(chan struct{})}
			first = append(first, u)
			plain[o.GetNamespace()+"/"+o.GetName()] = u
			continue
		}
		u := byWorkspace[key]
		if u == nil {
			u = &unit{done: make(chan struct{})}
			byWorkspace[key], then = u, append(then, u)
		}
		u.objects = append(u.objects, i)
	}
	if len(then) > 0 {
		for _, o := range c.watches.ours() {
			if u := byWorkspace[workspaceOf(o)]; u != nil {
				u.live = true
			}
		}
	}
	if len(plain) > 0 {
		for _, u := range then {
			u.waitFor(plain, objects)
		}
	}
	return append(first, then...)
}

// waitFor makes a unit wait for the plain objects that its objects name. Any text of an object may be such a name: to
// wait for one object too many costs little.
func (u *unit) waitFor(plain map[string]*unit, objects []*unstructured.Unstructured) {
	seen := map[*unit]bool{}
	for _, i := range u.objects {
		texts(objects[i].Object["spec"], func(text string) {
			if p := plain[objects[i].GetNamespace()+"/"+text]; p != nil && !seen[p] {
				seen[p] = true
				u.after = append(u.after, p.done)
			}
		})
	}
}

// texts calls f for each text within a value.
func texts(value any, f func(string)) {
	switch v := value.(type) {
	case string:
		f(v)
	case map[string]any:
		for _, inner := range v {
			texts(inner, f)
		}
	case []any:
		for _, inner := range v {
			texts(inner, f)
		}
	}
}

// ours returns every live object of the kinds that syncer applies.
func (w *watches) ours() []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, gvr := range applied {
		out = append(out, w.list(gvr)...)
	}
	for _, l := range w.optional {
		if l.applied {
			out = append(out, l.list()...)
		}
	}
	return out
}

// workspaceOf returns the Workspace of an object, by its labels. It is zero for a plain object.
func workspaceOf(u *unstructured.Unstructured) workspace.Key {
	name, _ := cluster.TextIn(u, "labels", cluster.LabelWorkspace)
	if name == "" {
		return workspace.Key{}
	}
	ns := u.GetNamespace()
	if ns == "" {
		ns, _ = cluster.TextIn(u, "labels", cluster.LabelWorkspaceNamespace)
	}
	return workspace.Key{Namespace: ns, Name: name}
}
