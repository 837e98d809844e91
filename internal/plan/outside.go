package plan

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Outside lists the objects that Workspaces refer to and that the repository does not make, each once: the ConfigMaps, Secrets and
// volume claims that they name, and the classes of the nodes that Karpenter is to make. Whoever can see a cluster looks for them
// there, and hands what was found to With, and to Desire.
func (in Input) Outside(policy Policy) []cluster.Ref {
	var out []cluster.Ref
	known, made := map[cluster.Ref]bool{}, in.Set.Made()
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
		if ref, ok := classRef(w, policy); ok {
			add(ref)
		}
	}
	return out
}

// unreadable reports whether loading found an error in a Workspace: its namespace may be one where it is not to be.
func (in Input) unreadable(k workspace.Key) bool {
	return slices.ContainsFunc(in.Set.Loaded, func(p workspace.Problem) bool { return p.Workspace == k && p.Severity == workspace.Error })
}

func refOf(n workspace.Named) cluster.Ref {
	return cluster.Ref{Version: "v1", Kind: n.Kind, Namespace: n.Namespace, Name: n.Name}
}

// classRef names the node class of a Workspace's nodes, of whatever version the cluster has.
func classRef(w *workspace.Workspace, policy Policy) (cluster.Ref, bool) {
	if policy.Karpenter == nil {
		return cluster.Ref{}, false
	}
	class, err := policy.Karpenter.ClassOf(w)
	return cluster.Ref{Group: class.Group, Kind: class.Kind, Name: class.Name}, err == nil && class.Name != ""
}

// With returns the Input as it is in a cluster that has what was found: the rules of admission are applied again, with what is
// known now, and the ConfigMaps count among the objects. It does not change in. Of the repository nothing is another: neither
// digests, nor what is applied.
func (in Input) With(found map[cluster.Ref]cluster.Look, policy Policy) Input {
	if len(found) == 0 {
		return in
	}
	set := *in.Set
	facts := factsOf(found, policy)
	set.Objects = slices.Clone(set.Objects)
	set.Problems = slices.Clone(set.Loaded)
	for ref, look := range found {
		if data, ok := facts.ConfigMaps[workspace.Key{Namespace: ref.Namespace, Name: ref.Name}]; ok && ref.Kind == "ConfigMap" {
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
	set.Problems = append(set.Problems, workspace.Validate(&set, in.Catalog, env)...)
	slices.SortFunc(set.Problems, workspace.Problem.Compare)
	set.Problems = slices.Compact(set.Problems)
	in.Set = &set
	return in
}

// factsOf says what was found in the words of the rules of admission.
func factsOf(found map[cluster.Ref]cluster.Look, policy Policy) workspace.Facts {
	f := workspace.Facts{
		ConfigMaps: map[workspace.Key]map[string]string{}, Secrets: map[workspace.Key]bool{}, Claims: map[workspace.Key]bool{},
		Unknown: map[workspace.Named]bool{},
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

// gone reports whether an object is not there, or is there only until what nothing asks for is pruned.
func gone(l cluster.Look, policy Policy) bool {
	return l.Presence == cluster.Missing || l.Presence == cluster.Present && l.Ours && policy.Prune
}

func configMapOf(ref cluster.Ref, data map[string]string) workspace.Object {
	values := map[string]any{}
	for k, v := range data {
		values[k] = v
	}
	return workspace.Object{Live: true, Content: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": ref.Name, "namespace": ref.Namespace}, "data": values,
	}}
}

func refOfObject(o workspace.Object) cluster.Ref {
	m, _ := o.Content["metadata"].(map[string]any)
	ns, _ := m["namespace"].(string)
	name, _ := m["name"].(string)
	return cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: name}
}

// unread blocks the Workspaces that name a ConfigMap which the server cannot show right now: without its content they would be
// rendered as others, and what runs would be restarted.
func unread(set *workspace.Set, ref cluster.Ref, why string) []workspace.Problem {
	var out []workspace.Problem
	for i := range set.Workspaces {
		w := &set.Workspaces[i]
		for _, r := range w.References() {
			if refOf(r.Named) == ref {
				at := w.At(r.Field)
				out = append(out, workspace.Problem{
					Path: at.Path, Line: at.Line, Column: at.Column, Field: w.Written(r.Field), Severity: workspace.Error, Workspace: w.Key,
					Message: fmt.Sprintf("ConfigMap %s/%s cannot be read: %s", ref.Namespace, ref.Name, why), Hint: "it is tried again",
				})
			}
		}
	}
	return out
}

// lookFor keeps what the Workspace refers to and the cluster does not have. It blocks nothing: the objects are made, their pods
// wait, and what is missing may come at any time.
func (w *Wish) lookFor(policy Policy, found map[cluster.Ref]cluster.Look) {
	if len(found) == 0 || len(w.Blocked) > 0 {
		return
	}
	told := map[workspace.Named]bool{}
	for _, r := range w.Workspace.References() {
		if look, looked := found[refOf(r.Named)]; looked && gone(look, policy) && r.Kind != "ConfigMap" && !told[r.Named] {
			told[r.Named] = true
			w.Missing = append(w.Missing, fmt.Sprintf("%s %s/%s (%s) is missing; %s", r.Kind, r.Namespace, r.Name, w.Workspace.Written(r.Field), r.Make()))
		}
	}
	ref, ok := classRef(w.Workspace, policy)
	if look := found[ref]; ok && look.Presence == cluster.Missing {
		text := fmt.Sprintf("%s.%s %s is missing; create it, or name another (configuration: capacity.karpenter.nodeClass)", ref.Kind, ref.Group, ref.Name)
		if look.Why != "" {
			text = look.Why + "; install Karpenter with the provider that defines it"
		}
		w.Notes = append([]string{text}, w.Notes...)
	}
}

// Unseen says once for each kind and namespace what could not be looked for, and why.
func Unseen(found map[cluster.Ref]cluster.Look) map[string]string {
	out := map[string]string{}
	for ref, look := range found {
		if look.Presence == cluster.Unknown && !look.Passing {
			out[ref.Kind+"/"+ref.Namespace] = fmt.Sprintf("%ss in namespace %s cannot be looked at, so it is not known which are missing; to know, permit get on them", ref.Kind, ref.Namespace)
		}
	}
	return out
}
