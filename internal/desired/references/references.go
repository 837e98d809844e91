// SPDX-License-Identifier: Apache-2.0

// Package references says which objects of the cluster Workspaces refer to, and what follows from what the cluster says
// about them. Pure.
package references

import (
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Class names the object that describes the nodes of a Workspace; false if there is none.
type Class func(w *workspace.Workspace) (cluster.Ref, bool)

// Found is the state of objects in the cluster.
type Found map[cluster.Ref]cluster.Reference

// In lists the external references of the Workspaces of a set, each once: the ConfigMaps, Secrets, volume claims and
// node classes that they name and the repository does not hold.
func In(set *workspace.Set, class Class) []cluster.Ref {
	var out []cluster.Ref
	known, made := map[cluster.Ref]bool{}, set.Provided()
	add := func(r cluster.Ref) {
		if !known[r] && len(validation.IsDNS1123Subdomain(r.Name)) == 0 {
			out = append(out, r)
		}
		known[r] = true
	}
	unreadable := map[workspace.Key]bool{} // loading found an error: their namespaces may be ones that are not allowed
	for _, p := range set.Loaded {
		unreadable[p.Workspace] = unreadable[p.Workspace] || p.Severity == diag.Error
	}
	for i := range set.Workspaces {
		w := &set.Workspaces[i]
		if unreadable[w.Key] {
			continue
		}
		for _, r := range w.References() {
			if !made[r.Named] {
				add(RefOf(r.Named))
			}
		}
		if ref, ok := class(w); ok {
			add(ref)
		}
	}
	return out
}

// Same reports whether In is known to list the same for two sets: the later one says which Workspaces have changed, and
// these refer to what they referred to.
func Same(earlier, later *workspace.Set, class Class) bool {
	at, ok := later.ChangedSince(earlier)
	if !ok || !slices.Equal(earlier.Loaded, later.Loaded) || !reflect.DeepEqual(earlier.Objects, later.Objects) {
		return false
	}
	for _, i := range at {
		was, is := &earlier.Workspaces[i], &later.Workspaces[i]
		before, has := class(was)
		after, still := class(is)
		if !slices.Equal(was.References(), is.References()) || before != after || has != still {
			return false
		}
	}
	return true
}

// RefOf returns the object that a Workspace names.
func RefOf(n workspace.Named) cluster.Ref {
	return cluster.Ref{Version: "v1", Kind: n.Kind, Namespace: n.Namespace, Name: n.Name}
}

// With returns a set for a cluster with these objects, not validated yet: with the ConfigMaps among its objects, and
// the Problems of loading. It does not change set, nor the objects that syncer applies. The facts are for the rules of
// admission.
func (f Found) With(set *workspace.Set, prune bool) (*workspace.Set, workspace.Facts) {
	out, facts := *set, f.facts(prune)
	out.Objects = slices.Clone(set.Objects)
	out.Problems = slices.Clone(set.Loaded)
	for ref, look := range f {
		if data, ok := facts.ConfigMaps[workspace.Key{Namespace: ref.Namespace, Name: ref.Name}]; ok &&
			ref.Kind == "ConfigMap" {
			out.Objects = append(out.Objects, configMapOf(ref, data))
		}
		if ref.Kind == "ConfigMap" && look.Presence == cluster.Unknown && look.Passing {
			out.Problems = append(out.Problems, unread(&out, ref, look.Why)...)
		}
	}
	slices.SortFunc(out.Objects[len(set.Objects):], func(a, b workspace.Object) int {
		return refOfObject(a).Compare(refOfObject(b))
	})
	return &out, facts
}

// facts returns the objects of the cluster as facts for the rules of admission.
func (f Found) facts(prune bool) workspace.Facts {
	out := workspace.Facts{
		ConfigMaps: map[workspace.Key]map[string]string{},
		Secrets:    map[workspace.Key]bool{},
		Claims:     map[workspace.Key]bool{},
		Unknown:    map[workspace.Named]bool{},
	}
	for ref, look := range f {
		key := workspace.Key{Namespace: ref.Namespace, Name: ref.Name}
		switch {
		case ref.Group != "":
		case look.Presence == cluster.Unknown:
			out.Unknown[workspace.Named{Kind: ref.Kind, Key: key}] = true
		case gone(look, prune):
		case ref.Kind == "ConfigMap":
			out.ConfigMaps[key] = look.Data
		case ref.Kind == "Secret":
			out.Secrets[key] = true
		case ref.Kind == "PersistentVolumeClaim":
			out.Claims[key] = true
		}
	}
	return out
}

// gone reports whether an object is missing, or exists only until syncer prunes it.
func gone(l cluster.Reference, prune bool) bool {
	return l.Presence == cluster.Missing || l.Presence == cluster.Present && l.Ours && prune
}

func configMapOf(ref cluster.Ref, data map[string]string) workspace.Object {
	values := map[string]any{}
	for k, v := range data {
		values[k] = v
	}
	return workspace.Object{Live: true, Content: map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   map[string]any{"name": ref.Name, "namespace": ref.Namespace},
		"data":       values,
	}}
}

func refOfObject(o workspace.Object) cluster.Ref {
	m, _ := o.Content["metadata"].(map[string]any)
	ns, _ := m["namespace"].(string)
	name, _ := m["name"].(string)
	return cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: name}
}

// unread blocks the Workspaces that name a ConfigMap which the server cannot return at the moment: without its content
// their rendered objects would differ, and running pods would restart.
func unread(set *workspace.Set, ref cluster.Ref, why string) []diag.Diagnostic {
	var out []diag.Diagnostic
	for i := range set.Workspaces {
		w := &set.Workspaces[i]
		for _, r := range w.References() {
			if RefOf(r.Named) == ref {
				const text = "syncer cannot read ConfigMap %s/%s: %s"
				d := diag.Errorf(diag.ReferenceUnreadable, text, ref.Namespace, ref.Name, why).
					On(w.Written(r.Field)).
					Placed(w.At(r.Field)).
					Suggest("syncer reads it again in the next pass")
				out = append(out, d.For(w.Key))
			}
		}
	}
	return out
}

// Missing lists the references of a Workspace that the cluster lacks, and how to create them.
func (f Found) Missing(w *workspace.Workspace, prune bool) []string {
	var out []string
	reported := map[workspace.Named]bool{}
	for _, r := range w.References() {
		look, looked := f[RefOf(r.Named)]
		if looked && gone(look, prune) && r.Kind != "ConfigMap" && !reported[r.Named] {
			reported[r.Named] = true
			out = append(
				out,
				fmt.Sprintf("%s %s/%s (%s) is missing; %s", r.Kind, r.Namespace, r.Name, w.Written(r.Field), r.Make()),
			)
		}
	}
	return out
}

// NoClass says that the object which describes the nodes of a Workspace is missing; "" if it is not.
func (f Found) NoClass(ref cluster.Ref) string {
	look := f[ref]
	switch {
	case look.Presence != cluster.Missing:
		return ""
	case look.Why != "":
		return look.Why + "; install Karpenter with the provider that defines it"
	}
	return fmt.Sprintf(
		"%s.%s %s is missing; create it, or name another (configuration: capacity.karpenter.nodeClass)",
		ref.Kind,
		ref.Group,
		ref.Name,
	)
}

// Unresolved returns a message for each kind and namespace that syncer may not read, by "kind/namespace".
func (f Found) Unresolved() map[string]string {
	out := map[string]string{}
	for ref, look := range f {
		if look.Presence == cluster.Unknown && !look.Passing {
			out[ref.Kind+"/"+ref.Namespace] = fmt.Sprintf(
				"syncer may not read %ss in namespace %s, and cannot report missing ones; permit get on them to change that",
				ref.Kind,
				ref.Namespace,
			)
		}
	}
	return out
}
