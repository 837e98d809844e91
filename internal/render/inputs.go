// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strings"
	"sync"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/workspace"
)

// commons are idle inputs.Common, which are large.
var commons = sync.Pool{New: func() any { return &inputs.Common{} }}

// inputsOf returns the key of all inputs of a bundle except the files of the catalogue.
func (r *Renderer) inputsOf(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (inputs.Key, error) {
	common, _ := commons.Get().(*inputs.Common)
	defer commons.Put(common)
	*common = inputs.Common{Preset: p, Pods: o.Pods, Reach: o.Reach}
	return r.keys.Of(common, ownOf(w, at, o))
}

// ownOf returns the inputs of one Workspace.
func ownOf(w *workspace.Workspace, at Placement, o Options) inputs.Own {
	own := inputs.Own{
		Workspace:        w,
		NodeLabels:       at.NodeLabels,
		Pool:             at.Pool,
		Cluster:          o.Cluster,
		Source:           o.Source,
		NVMeStorageClass: o.NVMeStorageClass,
		Config:           config(w, o),
	}
	at.NodeLabels, at.Pool = nil, ""
	own.At = at
	return own
}

// config returns the data of the ConfigMap that rendering reads for a Workspace, or nil when the repository has none.
func config(w *workspace.Workspace, o Options) map[string]string {
	switch {
	case w.Inference != nil && w.Inference.Config != "":
		return configMap(o.Objects, w.Namespace, w.Inference.Config)
	case w.Tuning != nil:
		return configMap(o.Objects, w.Namespace, trainingConfig(w.Tuning))
	}
	return nil
}

// trainingConfig is the name of the ConfigMap that a tuning reads: by default that of its method.
func trainingConfig(t *workspace.Tuning) string {
	if t.Config != "" {
		return t.Config
	}
	return strings.ToLower(t.Method) + "-params-template"
}
