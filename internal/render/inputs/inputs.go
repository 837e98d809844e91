// SPDX-License-Identifier: Apache-2.0

// Package inputs identifies what a Workspace is rendered from, in memory: equal inputs have equal keys.
package inputs

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/workspace"
)

// Common are the inputs that many Workspaces of a preset have in common.
type Common struct {
	Preset preset.Preset
	Pods   podpolicy.Policy
	Reach  reach.Settings
}

// Own are the inputs of one Workspace.
type Own struct {
	Workspace                         *workspace.Workspace
	At                                any // its placement
	Cluster, Source, NVMeStorageClass string
	Config                            map[string]string // of the ConfigMap that it names; nil without one
}

// Keys makes keys. The zero value is ready, and safe for concurrent use.
type Keys struct {
	known sync.Map // by the name of a preset: the digested inputs of its last Workspace
}

// digested is common inputs with their SHA-256.
type digested struct {
	of  *Common
	sum []byte
}

// Of returns the key of inputs, a SHA-256. It is an error if they cannot be encoded.
func (k *Keys) Of(c *Common, own Own) (string, error) {
	common, err := k.common(c)
	if err != nil {
		return "", fmt.Errorf("digest the inputs: %w", err)
	}
	w := own.Workspace
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
		At                                any
		Cluster, Source, NVMeStorageClass string
		Config                            map[string]string
		ConfigExists                      bool
	}{
		w.Key, w.Labels, w.Annotations, w.Resource, w.Inference, w.Tuning, w.Digest, w.Patch, common, own.At,
		own.Cluster, own.Source, own.NVMeStorageClass, own.Config, own.Config != nil,
	})
	if err != nil {
		return "", fmt.Errorf("digest the inputs: %w", err)
	}
	return string(h.Sum(nil)), nil
}

// common returns the SHA-256 of common inputs. Those of the last Workspace of the preset are most often the same: they
// share their lists and maps, which never change, so that they are soon compared.
func (k *Keys) common(c *Common) ([]byte, error) {
	last, _ := k.known.Load(c.Preset.Name)
	if d, ok := last.(digested); ok && reflect.DeepEqual(d.of, c) {
		return d.sum, nil
	}
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(c); err != nil {
		return nil, err
	}
	d := digested{c, h.Sum(nil)}
	k.known.Store(c.Preset.Name, d)
	return d.sum, nil
}
