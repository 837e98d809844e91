// SPDX-License-Identifier: Apache-2.0

package render

import (
	"maps"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/workspace"
)

// template returns the overlay of a Workspace with its own pod template. It keeps the template as the user wrote it,
// except for affinity and tolerations; it adds nothing to the containers.
func template(w *workspace.Workspace, at Placement) (overlay, error) {
	tmpl := maps.Clone(w.Inference.Template)
	spec, _ := tmpl["spec"].(memo.Object)
	spec = maps.Clone(spec)
	if spec == nil {
		spec = memo.Object{}
	}
	delete(spec, "affinity")
	if affinity := nodeAffinity(w, at); affinity != nil {
		spec["affinity"] = affinity
	}
	users, _ := spec["tolerations"].(memo.List)
	spec["tolerations"] = append(
		users[:len(users):len(users)],
		memo.Object{"key": gpu, "operator": "Exists", "effect": "NoSchedule"},
		memo.Object{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"},
		memo.Object{
			"key":      "kubernetes.azure.com/scalesetpriority",
			"operator": "Equal",
			"value":    "spot",
			"effect":   "NoSchedule",
		},
	)
	for _, key := range []string{"containers", "initContainers", "volumes", "tolerations"} {
		if v, ok := spec[key]; ok {
			spec[key] = texts(v)
		}
	}
	tmpl["spec"] = spec
	meta, _ := tmpl["metadata"].(memo.Object)
	if meta = withRole(meta, w); meta != nil {
		tmpl["metadata"] = texts(meta)
	}
	serve := rename("StatefulSet", baseName, w.Name)
	serve.value = append(memo.List{
		memo.Object{"op": "add", "path": "/spec/replicas", "value": replicas(w, at)["replicas"]},
		memo.Object{"op": "add", "path": "/spec/template", "value": tmpl},
	}, serve.value.(memo.List)...)
	return overlay{
		base: "base/template", workload: "StatefulSet", ownImages: true,
		patches: []patch{
			serve,
			service(w, runtimeOf(w) == preset.VLLM),
			rename("Service", baseName+"-headless", headless(w.Name)),
		},
	}, nil
}

// texts makes a placeholder of every text in a value. That is correct for the parts of a pod in which Kustomize looks
// for neither selectors nor names of other objects: it only copies the texts.
func texts(v any) any {
	switch v := v.(type) {
	case string:
		return memo.Placeholder{Value: v}
	case memo.Object:
		out := make(memo.Object, len(v))
		for key, item := range v {
			out[key] = texts(item)
		}
		return out
	case memo.List:
		out := make(memo.List, len(v))
		for i, item := range v {
			out[i] = texts(item)
		}
		return out
	}
	return v
}
