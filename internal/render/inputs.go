package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// inputsOf returns the SHA-256, in hex, of all that a bundle is made from, apart from the files of the catalogue.
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
	}{
		w.Key, w.Labels, w.Annotations, w.Resource, w.Inference, w.Tuning, w.Digest, w.Patch, p, at,
		o.Cluster, o.Source, o.NVMeStorageClass, config(w, o), config(w, o) != nil,
	})
	if err != nil {
		return "", fmt.Errorf("digest the inputs: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// config returns the data of the ConfigMap that rendering reads for a Workspace, or nil when the repository holds none.
func config(w *workspace.Workspace, o Options) map[string]string {
	switch {
	case w.Inference != nil && w.Inference.Config != "":
		return configMap(o.Objects, w.Namespace, w.Inference.Config)
	case w.Tuning != nil:
		return configMap(o.Objects, w.Namespace, trainingConfig(w.Tuning))
	}
	return nil
}

// trainingConfig is the name of the ConfigMap that a tuning reads: that of its method when it names none.
func trainingConfig(t *workspace.Tuning) string {
	if t.Config != "" {
		return t.Config
	}
	return strings.ToLower(t.Method) + "-params-template"
}
