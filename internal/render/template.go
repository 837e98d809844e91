// SPDX-License-Identifier: Apache-2.0

package render

import (
	"maps"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/render/overlay"
	"syncer.dev/syncer/internal/workspace"
)

// template returns the overlay of a Workspace with its own pod template. It keeps the template as the user wrote it,
// except for affinity and tolerations; it adds nothing to the containers.
func template(w *workspace.Workspace, at Placement) (overlay.Overlay, error) {
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
			spec[key] = memo.Texts(v)
		}
	}
	tmpl["spec"] = spec
	meta, _ := tmpl["metadata"].(memo.Object)
	if meta = withRole(meta, w); meta != nil {
		tmpl["metadata"] = memo.Texts(meta)
	}
	serve := overlay.Rename("StatefulSet", overlay.BaseName, w.Name)
	serve.Value = append(memo.List{
		memo.Object{"op": "add", "path": "/spec/replicas", "value": replicas(w, at)["replicas"]},
		memo.Object{"op": "add", "path": "/spec/template", "value": tmpl},
	}, serve.Value.(memo.List)...)
	return overlay.Overlay{
		Base: "base/template", Workload: "StatefulSet", OwnImages: true,
		Patches: []overlay.Patch{
			serve,
			service(w, runtimeOf(w) == preset.VLLM),
			overlay.Rename("Service", overlay.BaseName+"-headless", overlay.Headless(w.Name)),
		},
	}, nil
}
