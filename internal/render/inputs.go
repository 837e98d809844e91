// SPDX-License-Identifier: Apache-2.0

package render

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/workspace"
)

// inputsOf returns the SHA-256 of all inputs of a bundle except the files of the catalogue.
func (r *Renderer) inputsOf(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (string, error) {
	common, err := r.shared.digest(&common{p, o.Pods, o.Reach})
	if err != nil {
		return "", fmt.Errorf("digest the inputs: %w", err)
	}
	data := config(w, o)
	h := sha256.New()
	err = json.NewEncoder(h).Encode(struct {
		Key                               workspace.Key
		Labels, Annotations               map[string]string
		Resource                          workspace.Resource
		Inference                         *workspace.Inference
		Tuning                            *workspace.Tuning
		Digest                            string
		Patch                             *workspace.Patch
		Common                            []byte
		At                                Placement
		Cluster, Source, NVMeStorageClass string
		Config                            map[string]string
		ConfigExists                      bool
	}{
		w.Key, w.Labels, w.Annotations, w.Resource, w.Inference, w.Tuning, w.Digest, w.Patch, common, at,
		o.Cluster, o.Source, o.NVMeStorageClass, data, data != nil,
	})
	if err != nil {
		return "", fmt.Errorf("digest the inputs: %w", err)
	}
	return string(h.Sum(nil)), nil
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

// common are the inputs that all Workspaces of a preset have in common.
type common struct {
	Preset preset.Preset
	Pods   podpolicy.Policy
	Reach  reach.Settings
}

// shared are digests of common inputs, by the name of the preset. The zero value is ready, and safe for concurrent use.
type shared struct{ known sync.Map }

// digested is common inputs with their SHA-256.
type digested struct {
	of  *common
	sum []byte
}

// digest returns the SHA-256 of common inputs. Those of the last Workspace of the preset are most often the same: they
// share their lists and maps, which never change, so that they are soon compared.
func (s *shared) digest(c *common) ([]byte, error) {
	last, _ := s.known.Load(c.Preset.Name)
	if d, ok := last.(digested); ok && reflect.DeepEqual(d.of, c) {
		return d.sum, nil
	}
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(c); err != nil {
		return nil, err
	}
	d := digested{c, h.Sum(nil)}
	s.known.Store(c.Preset.Name, d)
	return d.sum, nil
}
