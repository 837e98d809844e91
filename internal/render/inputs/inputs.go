// SPDX-License-Identifier: Apache-2.0

// Package inputs identifies what a Workspace is rendered from, in memory: equal inputs have equal keys.
package inputs

import (
	"crypto/sha256"
	"encoding/binary"
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
	At                                any // its placement, but for the next two
	NodeLabels                        map[string]string
	Pool                              string
	Cluster, Source, NVMeStorageClass string
	Config                            map[string]string // of the ConfigMap that it names; nil without one
}

// Key identifies inputs: those of two Workspaces are equal if and only if their keys are.
type Key struct {
	// Shape is the SHA-256 of all inputs but the Values: Workspaces of one shape differ in nothing else.
	Shape string
	// Values are texts that rendering copies as they are, see Marked.
	Values []string
}

// Whole returns the key as one SHA-256.
func (k Key) Whole() string {
	var room [1024]byte
	text := append(room[:0], k.Shape...)
	for _, v := range k.Values {
		text = append(binary.BigEndian.AppendUint64(text, uint64(len(v))), v...)
	}
	sum := sha256.Sum256(text)
	return string(sum[:])
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

// shape is all inputs but the values, with the fields that have some.
type shape struct {
	Namespace                string `json:",omitempty"` // if it is no value
	Labels, Annotations      map[string]string
	Resource                 workspace.Resource
	Inference                *workspace.Inference
	Tuning                   *workspace.Tuning
	Patch                    *workspace.Patch
	Common                   []byte
	At                       any
	Pool                     bool
	NodeLabels, MatchLabels  []string // their keys
	Selects                  bool     // whether there is a selector
	Selector                 workspace.LabelSelector
	Cluster                  string
	NVMeStorageClass         string
	Config                   map[string]string
	ConfigExists             bool
	LabelsExist, MatchExists bool
}

// Of returns the key of inputs, which it keeps nothing of but the lists and maps of the common ones. It is an error if
// they cannot be encoded.
func (k *Keys) Of(c *Common, own Own) (Key, error) {
	common, err := k.common(c)
	if err != nil {
		return Key{}, fmt.Errorf("digest the inputs: %w", err)
	}
	w := own.Workspace
	s := &shape{
		Labels: w.Labels, Annotations: w.Annotations, Resource: w.Resource, Inference: w.Inference, Tuning: w.Tuning,
		Patch: w.Patch, Common: common, At: own.At, Pool: own.Pool != "", Cluster: own.Cluster,
		NVMeStorageClass: own.NVMeStorageClass, Config: own.Config, ConfigExists: own.Config != nil,
		LabelsExist: own.NodeLabels != nil,
	}
	if !anyNamespace(w) {
		s.Namespace = w.Namespace
	}
	if selector := w.Resource.LabelSelector; selector != nil {
		s.Selects, s.Selector, s.MatchExists = true, *selector, selector.MatchLabels != nil
		s.Resource.LabelSelector, s.Selector.MatchLabels = nil, nil
	}
	var key Key
	key.Values, s.NodeLabels, s.MatchLabels = values(own)
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(s); err != nil {
		return Key{}, fmt.Errorf("digest the inputs: %w", err)
	}
	var room [sha256.Size]byte
	key.Shape = string(h.Sum(room[:0]))
	return key, nil
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
	of := *c // the caller may use its own for other inputs
	d := digested{&of, h.Sum(nil)}
	k.known.Store(c.Preset.Name, d)
	return d.sum, nil
}
