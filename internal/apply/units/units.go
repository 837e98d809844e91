// SPDX-License-Identifier: Apache-2.0

// Package units groups objects into what is written as one: the objects of a Workspace, or one plain object. Pure.
package units

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Unit is what is applied as one.
type Unit struct {
	Objects []int // positions
	// Live reports that the Workspace has live objects: nothing of it is written unless all of it passes a dry run.
	Live  bool
	After []<-chan struct{} // closed when what it waits for is done
	Done  chan struct{}     // to be closed when it is done
}

// Of groups objects by their Workspaces. Plain objects come first; a Workspace waits for those that its objects name,
// and for no other. live reports whether a Workspace has live objects.
func Of(objects []*unstructured.Unstructured, live func(workspace.Key) bool) []*Unit {
	byWorkspace := map[workspace.Key]*Unit{}
	plain := map[string]*Unit{} // by namespace and name
	var first, then []*Unit
	for i, o := range objects {
		key := workspaceOf(o)
		if key == (workspace.Key{}) {
			u := &Unit{Objects: []int{i}, Done: make(chan struct{})}
			first = append(first, u)
			plain[o.GetNamespace()+"/"+o.GetName()] = u
			continue
		}
		u := byWorkspace[key]
		if u == nil {
			u = &Unit{Done: make(chan struct{})}
			byWorkspace[key], then = u, append(then, u)
		}
		u.Objects = append(u.Objects, i)
	}
	for key, u := range byWorkspace {
		u.Live = live(key)
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
func (u *Unit) waitFor(plain map[string]*Unit, objects []*unstructured.Unstructured) {
	seen := map[*Unit]bool{}
	for _, i := range u.Objects {
		texts(objects[i].Object["spec"], func(text string) {
			if p := plain[objects[i].GetNamespace()+"/"+text]; p != nil && !seen[p] {
				seen[p] = true
				u.After = append(u.After, p.Done)
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

// Live groups the positions of live objects by their Workspaces; a plain object is alone.
func Live(objects []*cluster.Object) [][]int {
	at := map[workspace.Key]int{}
	var out [][]int
	for i := range objects {
		key := objects[i].Workspace
		n, ok := at[key]
		if !ok || key == (workspace.Key{}) {
			n = len(out)
			at[key], out = n, append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}
