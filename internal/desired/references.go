// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// References lists the external references of Workspaces, each once: the ConfigMaps, Secrets, volume claims and node
// classes that they name and the repository does not hold. The caller looks them up in the cluster, and passes the
// result to With and to Desire.
func (in Input) References(policy Policy) []cluster.Ref {
	var out []cluster.Ref
	known, made := map[cluster.Ref]bool{}, in.Set.Provided()
	add := func(r cluster.Ref) {
		if !known[r] && len(validation.IsDNS1123Subdomain(r.Name)) == 0 {
			out = append(out, r)
		}
		known[r] = true
	}
	for i := range in.Set.Workspaces {
		w := &in.Set.Workspaces[i]
		if in.unreadable(w.Key) {
			continue
		}
		for _, r := range w.References() {
			if !made[r.Named] {
				add(refOf(r.Named))
			}
		}
		if ref, ok := policy.NodeSource().NodeClass(w); ok {
			add(ref)
		}
	}
	return out
}

// unreadable reports whether loading found an error in a Workspace: its namespace may be one that is not allowed.
func (in Input) unreadable(k workspace.Key) bool {
	return slices.ContainsFunc(
		in.Set.Loaded,
		func(p diag.Diagnostic) bool { return p.Workspace == k && p.Severity == diag.Error },
	)
}

func refOf(n workspace.Named) cluster.Ref {
	return cluster.Ref{Version: "v1", Kind: n.Kind, Namespace: n.Namespace, Name: n.Name}
}

// With returns the Input for a cluster with these objects: it applies the rules of admission again, with these facts,
// and adds the ConfigMaps to the objects. It changes neither in, nor digests, nor the objects that syncer applies.
func (in Input) With(found map[cluster.Ref]cluster.Reference, policy Policy) Input {
	if len(found) == 0 {
		return in
	}
	set := *in.Set
	facts := factsOf(found, policy)
	set.Objects = slices.Clone(set.Objects)
	set.Problems = slices.Clone(set.Loaded)
	for ref, look := range found {
		if data, ok := facts.ConfigMaps[workspace.Key{Namespace: ref.Namespace, Name: ref.Name}]; ok &&
			ref.Kind == "ConfigMap" {
			set.Objects = append(set.Objects, configMapOf(ref, data))
		}
		if ref.Kind == "ConfigMap" && look.Presence == cluster.Unknown && look.Passing {
			set.Problems = append(set.Problems, unread(&set, ref, look.Why)...)
		}
	}
	slices.SortFunc(set.Objects[len(in.Set.Objects):], func(a, b workspace.Object) int {
		return refOfObject(a).Compare(refOfObject(b))
	})
	env := in.env
	env.Facts = env.Facts.With(facts)
	set.Problems = append(set.Problems, in.readings.resolved.Validate(&set, in.Catalog, env)...)
	slices.SortFunc(set.Problems, diag.Diagnostic.Compare)
	set.Problems = slices.Compact(set.Problems)
	in.Set = &set
	return in
}

// factsOf returns the objects of the cluster as facts for the rules of admission.
func factsOf(found map[cluster.Ref]cluster.Reference, policy Policy) workspace.Facts {
	f := workspace.Facts{
		ConfigMaps: map[workspace.Key]map[string]string{},
		Secrets:    map[workspace.Key]bool{},
		Claims:     map[workspace.Key]bool{},
		Unknown:    map[workspace.Named]bool{},
	}
	for ref, look := range found {
		key := workspace.Key{Namespace: ref.Namespace, Name: ref.Name}
		switch {
		case ref.Group != "":
		case look.Presence == cluster.Unknown:
			f.Unknown[workspace.Named{Kind: ref.Kind, Key: key}] = true
		case gone(look, policy):
		case ref.Kind == "ConfigMap":
			f.ConfigMaps[key] = look.Data
		case ref.Kind == "Secret":
			f.Secrets[key] = true
		case ref.Kind == "PersistentVolumeClaim":
			f.Claims[key] = true
		}
	}
	return f
}

// gone reports whether an object is missing, or exists only until syncer prunes it.
func gone(l cluster.Reference, policy Policy) bool {
	return l.Presence == cluster.Missing || l.Presence == cluster.Present && l.Ours && policy.Prune
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
			if refOf(r.Named) == ref {
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

// resolve lists the references that the cluster lacks. It blocks nothing: syncer applies the objects, and their pods
// wait until the references exist.
func (w *Workload) resolve(policy Policy, found map[cluster.Ref]cluster.Reference) {
	if len(found) == 0 || len(w.Blocked) > 0 {
		return
	}
	reported := map[workspace.Named]bool{}
	for _, r := range w.Workspace.References() {
		look, looked := found[refOf(r.Named)]
		if looked && gone(look, policy) && r.Kind != "ConfigMap" && !reported[r.Named] {
			reported[r.Named] = true
			w.Missing = append(
				w.Missing,
				fmt.Sprintf("%s %s/%s (%s) is missing; %s", r.Kind, r.Namespace, r.Name, w.Workspace.Written(r.Field), r.Make()),
			)
		}
	}
	ref, ok := policy.NodeSource().NodeClass(w.Workspace)
	if look := found[ref]; ok && look.Presence == cluster.Missing {
		text := fmt.Sprintf(
			"%s.%s %s is missing; create it, or name another (configuration: capacity.karpenter.nodeClass)",
			ref.Kind,
			ref.Group,
			ref.Name,
		)
		if look.Why != "" {
			text = look.Why + "; install Karpenter with the provider that defines it"
		}
		w.Notes = append([]string{text}, w.Notes...)
	}
}

// Unresolved returns a message for each kind and namespace that syncer may not read, by "kind/namespace".
func Unresolved(found map[cluster.Ref]cluster.Reference) map[string]string {
	out := map[string]string{}
	for ref, look := range found {
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
