// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/workspace"
)

// inputsOf returns the key of all inputs of a bundle except the files of the catalogue.
func (r *Renderer) inputsOf(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (string, error) {
	return r.keys.Of(&inputs.Common{Preset: p, Pods: o.Pods, Reach: o.Reach}, inputs.Own{
		Workspace:        w,
		At:               at,
		Cluster:          o.Cluster,
		Source:           o.Source,
		NVMeStorageClass: o.NVMeStorageClass,
		Config:           config(w, o),
	})
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
