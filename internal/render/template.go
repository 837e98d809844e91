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
	if affinity := nodeAffinity(at); affinity != nil {
		spec["affinity"] = affinity
	}
	theirs, _ := spec["tolerations"].(list)
	spec["tolerations"] = append(theirs[:len(theirs):len(theirs)],
		object{"key": gpu, "operator": "Exists", "effect": "NoSchedule"},
		object{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"},
		object{"key": "kubernetes.azure.com/scalesetpriority", "operator": "Equal", "value": "spot", "effect": "NoSchedule"},
	)
	tmpl["spec"] = hole{spec} // its metadata gets labels
	ops := list{
		object{"op": "add", "path": "/spec/replicas", "value": replicas(w, at)["replicas"]},
		object{"op": "add", "path": "/spec/template", "value": tmpl},
	}
	return overlay{
		base: "base/template", workload: "StatefulSet", ownImages: true,
		patches: []patch{{kind: "StatefulSet", value: ops}, services(w, false)},
	}, nil
}
