// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// collect lists the objects of all Workloads, each once: Workspaces share the default parameters of a tuning method.
func collect(workloads []Workload, plain []Object) []Object {
	// No two Workspaces have an object of their own in common: only the other objects can occur twice.
	seen := map[cluster.Ref]bool{} // whether it is listed, of each object that no Workspace has alone
	sum := len(plain)
	for _, o := range plain {
		seen[cluster.RefOf(o.Content)] = false
	}
	for i := range workloads {
		w := &workloads[i]
		sum += len(w.Bundle.Objects)
		for _, o := range w.Bundle.List() {
			if len(w.Blocked) == 0 && !o.Own {
				seen[o.Ref] = false
			}
		}
	}
	out := make([]Object, 0, sum)
	add := func(r cluster.Ref, o Object) {
		if len(seen) > 0 {
			listed, shared := seen[r]
			if listed {
				return
			}
			if shared {
				seen[r] = true
			}
		}
		out = append(out, o)
	}
	for _, o := range plain {
		add(cluster.RefOf(o.Content), o)
	}
	for i := range workloads {
		w := &workloads[i]
		if len(w.Blocked) > 0 {
			continue
		}
		list := w.Bundle.List()
		for k := range list {
			o, key := &list[k], w.Key
			if !o.Own {
				key = workspace.Key{}
			}
			add(o.Ref, Object{Workspace: key, Content: w.Bundle.Objects[k], listed: o})
		}
	}
	return out
}

// plain returns the plain objects of the repository with the labels of syncer.
func plain(set *workspace.Set, clusterName string) []Object {
	out := make([]Object, 0, len(set.Objects))
	for _, o := range set.Objects {
		if o.Live {
			continue
		}
		u := (&unstructured.Unstructured{Object: o.Content}).DeepCopy()
		labels := maps.Clone(u.GetLabels())
		if labels == nil {
			labels = map[string]string{}
		}
		delete(labels, cluster.LabelWorkspace)
		labels[cluster.LabelManagedBy], labels[cluster.LabelCluster] = cluster.ManagedBy, clusterName
		u.SetLabels(labels)
		annotations := maps.Clone(u.GetAnnotations())
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[cluster.AnnotationSource] = o.Source.Path
		u.SetAnnotations(annotations)
		object := Object{Content: u}
		if o.Encrypted != nil {
			object.Unknown = o.Encrypted.Unknown
		}
		out = append(out, object)
	}
	return out
}
