// SPDX-License-Identifier: Apache-2.0

// Package leaving finds what a plan would delete, as far as it counts for the limits of package mass: Workspaces, and
// plain objects of the repository. Pure.
package leaving

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/workspace"
)

// Leaving is what would be deleted, and counts.
type Leaving struct {
	Workspaces []workspace.Key
	Objects    []cluster.Ref // plain objects of the repository, without versions
	// Undesired is how many plain objects are not desired, those included that stay for another reason.
	Undesired int
}

// Input is what Of compares.
type Input struct {
	Live []*cluster.Object
	// Stays says which of them are known to be desired; nil if none is.
	Stays   []bool
	Present map[workspace.Key]bool // the Workspaces of the source
	Desired []desired.Object
	// Keeps reports that an object is not deleted anyway, and Expected that a Workspace goes because its file says so.
	Keeps    func(*cluster.Object) bool
	Expected func(workspace.Key) bool
}

// Of returns what would be deleted, and counts it. What is kept anyway does not count.
func Of(in Input, p mass.Policy) (mass.Deletion, Leaving) {
	d, out := mass.Deletion{Policy: p}, Leaving{}
	out.Workspaces, d.Workspaces.All = in.workspaces()
	out.Objects, out.Undesired, d.Objects.All = in.objects()
	d.Workspaces.Gone, d.Objects.Gone = len(out.Workspaces), len(out.Objects)
	return d, out
}

// workspaces returns the Workspaces that would be deleted, and the number of all, 0 where none goes.
func (in *Input) workspaces() (gone []workspace.Key, of int) {
	leaves := false
	for _, o := range in.Live {
		if !in.Present[o.Workspace] && o.Workspace != (workspace.Key{}) {
			leaves = true
			break
		}
	}
	if !leaves {
		return nil, 0
	}
	all := map[workspace.Key]bool{} // whether it goes
	for _, o := range in.Live {
		if o.Workspace == (workspace.Key{}) || o.Deleting || !o.Owned {
			continue
		}
		all[o.Workspace] = all[o.Workspace] || !in.Present[o.Workspace] && !in.Keeps(o)
	}
	for k, goes := range all {
		if goes && !in.Expected(k) {
			gone = append(gone, k)
		}
	}
	slices.SortFunc(gone, workspace.Key.Compare)
	return gone, len(all)
}

// objects returns the plain objects of the repository that would be deleted, and the number of those that are not
// desired and of all. An object that Kustomize has generated again does not count: its name follows from its content.
// What several Workspaces share comes from no file, and does not count either.
func (in *Input) objects() (gone []cluster.Ref, undesired, of int) {
	var leaving []*cluster.Object
	for i, o := range in.Live {
		if o.Workspace != (workspace.Key{}) || o.Source == "" || o.Deleting || !o.Owned {
			continue
		}
		of++
		if in.Stays == nil || !in.Stays[i] {
			leaving = append(leaving, o)
		}
	}
	if len(leaving) == 0 {
		return nil, 0, of
	}
	refs, again := make(map[cluster.Ref]bool, len(in.Desired)), map[cluster.Ref]bool{}
	for i := range in.Desired {
		ref := unversioned(in.Desired[i].Ref())
		refs[ref] = true
		if ref, hashed := withoutHash(ref); hashed && in.Desired[i].Workspace == (workspace.Key{}) {
			again[ref] = true
		}
	}
	for _, o := range leaving {
		ref := unversioned(o.Ref)
		if refs[ref] {
			continue
		}
		if ref, hashed := withoutHash(ref); hashed && again[ref] {
			continue
		}
		undesired++
		if !in.Keeps(o) {
			gone = append(gone, ref)
		}
	}
	return gone, undesired, of
}

// hashDigits are those of the hash that Kustomize appends to the names of generated objects, and hashLength its length.
const (
	hashDigits = "2456789bcdfghkmt"
	hashLength = 10
)

// withoutHash returns an object with the name that a kustomization generates it by.
func withoutHash(r cluster.Ref) (_ cluster.Ref, hashed bool) {
	cut := len(r.Name) - hashLength - 1
	if r.Group != "" || r.Kind != "ConfigMap" && r.Kind != "Secret" || cut <= 0 || r.Name[cut] != '-' {
		return r, false
	}
	if strings.Trim(r.Name[cut+1:], hashDigits) != "" {
		return r, false
	}
	r.Name = r.Name[:cut]
	return r, true
}

// TooMany returns what of it is too much. A Workspace has the Ref of its document.
func (l *Leaving) TooMany(d mass.Deletion) []cluster.Ref {
	var out []cluster.Ref
	if d.TooManyWorkspaces() {
		for _, k := range l.Workspaces {
			out = append(out, cluster.Ref{Group: "kaito.sh", Kind: "Workspace", Namespace: k.Namespace, Name: k.Name})
		}
	}
	if d.TooManyObjects() {
		out = append(out, l.Objects...)
	}
	return out
}

func unversioned(r cluster.Ref) cluster.Ref { r.Version = ""; return r }
