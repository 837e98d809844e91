// SPDX-License-Identifier: Apache-2.0

package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/workspace"
)

// inputsOf returns the SHA-256, in hex, of all inputs of a bundle except the files of the catalogue.
func inputsOf(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (string, error) {
	h := sha256.New()
	err := json.NewEncoder(h).Encode(struct {
		Key                               workspace.Key
		Labels, Annotations               map[string]string
		Resource                          workspace.Resource
		Inference                         *workspace.Inference
		Tuning                            *workspace.Tuning
		Digest                            string
		Patch                             *workspace.Patch
		Preset                            preset.Preset
		At                                Placement
		Cluster, Source, NVMeStorageClass string
		Config                            map[string]string
		ConfigExists                      bool
		Pods                              podpolicy.Policy
		Reach                             reach.Settings
	}{
		w.Key, w.Labels, w.Annotations, w.Resource, w.Inference, w.Tuning, w.Digest, w.Patch, p, at,
		o.Cluster, o.Source, o.NVMeStorageClass, config(w, o), config(w, o) != nil, o.Pods, o.Reach,
	})
	if err != nil {
		return "", fmt.Errorf("digest the inputs: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
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
