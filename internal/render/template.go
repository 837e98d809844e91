package render

import (
	"maps"

	"syncer.dev/syncer/internal/workspace"
)

// template is the overlay of a Workspace that brings its own pod template, which is kept as the user wrote it: only where it
// runs is decided here, and nothing is added to its containers.
func template(w *workspace.Workspace, at Placement) (overlay, error) {
	tmpl := maps.Clone(w.Inference.Template)
	spec, _ := tmpl["spec"].(object)
	spec = maps.Clone(spec)
	if spec == nil {
		spec = object{}
	}
	delete(spec, "affinity")
	if affinity := nodeAffinity(w, at); affinity != nil {
		spec["affinity"] = affinity
	}
	theirs, _ := spec["tolerations"].(list)
	spec["tolerations"] = append(theirs[:len(theirs):len(theirs)],
		object{"key": gpu, "operator": "Exists", "effect": "NoSchedule"},
		object{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"},
		object{"key": "kubernetes.azure.com/scalesetpriority", "operator": "Equal", "value": "spot", "effect": "NoSchedule"},
	)
	for _, key := range []string{"containers", "initContainers", "volumes", "tolerations"} {
		if v, ok := spec[key]; ok {
			spec[key] = texts(v)
		}
	}
	tmpl["spec"] = spec
	if meta, ok := tmpl["metadata"].(object); ok {
		tmpl["metadata"] = texts(meta)
	}
	serve := rename("StatefulSet", baseName, w.Name)
	serve.value = append(list{
		object{"op": "add", "path": "/spec/replicas", "value": replicas(w, at)["replicas"]},
		object{"op": "add", "path": "/spec/template", "value": tmpl},
	}, serve.value.(list)...)
	return overlay{
		base: "base/template", workload: "StatefulSet", ownImages: true,
		patches: []patch{serve, service(w, false), rename("Service", baseName+"-headless", headless(w.Name))},
	}, nil
}

// texts marks all texts within a value. Kustomize only copies them, in those parts of a pod in which it looks for neither
// selectors nor other objects of the Workspace.
func texts(v any) any {
	switch v := v.(type) {
	case string:
		return hole{v}
	case object:
		out := make(object, len(v))
		for key, item := range v {
			out[key] = texts(item)
		}
		return out
	case list:
		out := make(list, len(v))
		for i, item := range v {
			out[i] = texts(item)
		}
		return out
	}
	return v
}
