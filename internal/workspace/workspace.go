// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/ignore"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
)

// Key names a Workspace.
type Key = diag.Key

// The API versions of a Workspace.
const (
	V1alpha1 = "kaito.sh/v1alpha1"
	V1beta1  = "kaito.sh/v1beta1"
)

// Workspace is one model to serve or to tune: one YAML document of kind Workspace, in either API version.
type Workspace struct {
	Key
	APIVersion  string
	Labels      map[string]string
	Annotations map[string]string
	Resource    Resource
	Inference   *Inference
	Tuning      *Tuning

	// InferenceSet is the name of the InferenceSet that the Workspace is a replica of; empty when it has a document of its
	// own.
	InferenceSet string
	// Patch changes the rendered objects; nil without one.
	Patch *Patch

	// Source is where the document starts.
	Source diag.Position
	// Digest is the SHA-256, in hex, of the inputs: the document's content (independent of comments, key
	// order and formatting) together with the ConfigMaps of the same repository that it names. It changes if and only if
	// the Workspace's inputs change.
	Digest string

	Positions strictyaml.Positions // field path -> where it is written in the file

	// Origin is the value that this is a copy of. Two Workspaces of package load with the same Origin are equal in every
	// field; while it keeps a Memo, a Workspace of which nothing has changed has the same Origin in each Set. It is read
	// only, and has no Origin itself.
	Origin *Workspace `json:"-"`
}

// Resource says which nodes the Workspace runs on.
type Resource struct {
	Count          *int // nodes; nil when not given
	InstanceType   string
	LabelSelector  *LabelSelector
	PreferredNodes []string
	Partition      *Partition
}

// LabelSelector is the Kubernetes type, of which KAITO uses matchLabels and single-valued In expressions.
type LabelSelector struct {
	MatchLabels      map[string]string
	MatchExpressions []LabelSelectorRequirement
}

// LabelSelectorRequirement is one match expression.
type LabelSelectorRequirement struct {
	Key      string
	Operator string
	Values   []string
}

// Partition is a share of a GPU (v1beta1, existing nodes only).
type Partition struct {
	Mode    string // mig or accelerator
	Profile string
	Count   *int
}

// Inference serves a model: either a preset or the user's own pod template.
type Inference struct {
	Preset   *PresetSpec
	Template map[string]any // a PodTemplateSpec
	Config   string         // name of a ConfigMap with the key inference_config.yaml
	Adapters []Adapter
}

// PresetSpec names a model of the catalogue.
type PresetSpec struct {
	Name       string
	AccessMode string // public or private
	Options    PresetOptions
}

// PresetOptions are KAITO's presetOptions.
type PresetOptions struct {
	Image             string
	ImagePullSecrets  []string
	ModelAccessSecret string // Secret with the key HF_TOKEN
}

// Adapter is a LoRA adapter added to the served model.
type Adapter struct {
	Source   *DataSource
	Strength *string
}

// Tuning fine-tunes a model.
type Tuning struct {
	Preset *PresetSpec
	Method string // lora or qlora, in any case
	Config string // name of a ConfigMap with the key training_config.yaml
	Input  *DataSource
	Output *DataDestination
}

// DataSource is where data comes from: exactly one of URLs, Volume and Image.
type DataSource struct {
	Name             string
	URLs             []string
	Volume           map[string]any // a VolumeSource
	Image            string
	ImagePullSecrets []string
}

// DataDestination is where results go: exactly one of Volume and Image.
type DataDestination struct {
	Volume          map[string]any // a VolumeSource
	Image           string
	ImagePushSecret string
}

// Annotations that syncer and KAITO read from a Workspace.
const (
	AnnotationSuspend = "syncer.dev/suspend" // "true": scale the workload and its pool to zero
	AnnotationPrune   = "syncer.dev/prune"   // "disabled": never delete; on volume claims also PruneEnabled
	AnnotationSpot    = "syncer.dev/spot"    // "true": use spot capacity
	AnnotationMode    = "syncer.dev/mode"    // ModeObserve: report differences, and write nothing
	AnnotationIgnore  = ignore.Annotation    // JSON pointers to fields that syncer leaves to others, with commas
	AnnotationRuntime = wellknown.AnnotationRuntime
	// AnnotationWeightsClass names a storage class: weights are kept in a volume of it, which outlives the pod.
	AnnotationWeightsClass = "syncer.dev/weights-storage-class"
	// AnnotationDependsOn names Workspaces that must be done first: NAME or NAMESPACE/NAME, separated by commas.
	AnnotationDependsOn = "syncer.dev/depends-on"
	// AnnotationNodes is NodesOwn on a Workspace that was taken over from KAITO and leaves the nodes of its NodeClaims.
	AnnotationNodes = wellknown.AnnotationNodes
)

// NodesOwn is the value of AnnotationNodes.
const NodesOwn = "own"

// PruneEnabled is the value of AnnotationPrune that lets syncer delete a volume claim with its data.
const PruneEnabled = "enabled"

// ModeObserve is the value of AnnotationMode.
const ModeObserve = "observe"

// MaxServedName is the longest name of a served Workspace: the StatefulSet controller puts it, with a hash of eleven
// more characters, into a label of 63.
const MaxServedName = 52

// Suspended reports whether the Workspace asks to be scaled to zero.
func (w *Workspace) Suspended() bool { return w.Annotations[AnnotationSuspend] == "true" }

// PruneDisabled reports whether the Workspace asks never to be deleted.
func (w *Workspace) PruneDisabled() bool { return w.Annotations[AnnotationPrune] == "disabled" }

// Observed reports whether syncer only reports on the Workspace, and writes nothing for it.
func (w *Workspace) Observed() bool { return w.Annotations[AnnotationMode] == ModeObserve }

// OwnNodes reports whether the Workspace asks for nodes of syncer's in place of those that KAITO's provisioner made.
func (w *Workspace) OwnNodes() bool { return w.Annotations[AnnotationNodes] == NodesOwn }

// Spot reports whether the Workspace asks for spot capacity.
func (w *Workspace) Spot() bool { return w.Annotations[AnnotationSpot] == "true" }

// OSSKU returns the operating system of the nodes: Ubuntu unless the annotation says azurelinux.
func (w *Workspace) OSSKU() string {
	if strings.EqualFold(strings.TrimSpace(w.Annotations[wellknown.AnnotationImageFamily]), "azurelinux") {
		return "AzureLinux"
	}
	return "Ubuntu"
}

// PresetName returns the preset that the Workspace names, or "" when it brings its own template.
func (w *Workspace) PresetName() string {
	switch {
	case w.Tuning != nil && w.Tuning.Preset != nil:
		return w.Tuning.Preset.Name
	case w.Inference != nil && w.Inference.Preset != nil:
		return w.Inference.Preset.Name
	}
	return ""
}

// Auto reports whether syncer chooses the VM size.
func (r Resource) Auto() bool { return r.InstanceType == "" || r.InstanceType == "auto" }

// reservedLabels are KAITO's own labels, which it ignores in a label selector.
var reservedLabels = map[string]bool{
	wellknown.LabelWorkspace:                      true,
	wellknown.LabelWorkspaceNamespace:             true,
	wellknown.LabelRAGEngine:                      true,
	wellknown.LabelRAGEngineNamespace:             true,
	wellknown.LabelKarpenterWorkspace:             true,
	wellknown.LabelKarpenterWorkspaceNamespace:    true,
	wellknown.LabelKarpenterInferenceSet:          true,
	wellknown.LabelKarpenterInferenceSetNamespace: true,
}

// MIGProfile returns the share of a GPU that the Workspace asks for, such as "1g.10gb"; "" for whole GPUs.
func (w *Workspace) MIGProfile() string {
	if part := w.Resource.Partition; part != nil && part.Mode == ModeMIG {
		return part.Profile
	}
	return ""
}

// ReservedLabel reports whether a label is KAITO's own and cannot be used to choose nodes.
func ReservedLabel(key string) bool { return reservedLabels[key] }

// NodeLabels returns the labels that the Workspace's nodes have: matchLabels without KAITO's own keys, as KAITO derives
// them from the selector. The map is read only.
func (w *Workspace) NodeLabels() map[string]string {
	out := map[string]string{}
	s := w.Resource.LabelSelector
	if s == nil {
		return out
	}
	for k, v := range s.MatchLabels {
		if !reservedLabels[k] {
			out[k] = v
		}
	}
	if len(out) == len(s.MatchLabels) && len(out) > 0 {
		return s.MatchLabels // in memory once
	}
	return out
}

// At returns where a field is written, such as At("resource.instanceType"), falling back to the nearest parent that is
// written, and in the end to the start of the document.
func (w *Workspace) At(field string) diag.Position {
	for field != "" {
		if p, ok := w.Positions[w.Written(field)]; ok {
			return diag.Position{Path: w.Source.Path, Line: p.Line, Column: p.Column}
		}
		field = ParentField(field)
	}
	return w.Source
}

// Written returns the path that a field of the Workspace has in its file: "resource.count" is just that, but in an
// InferenceSet "inference.config" is written as "spec.template.inference.config".
func (w *Workspace) Written(field string) string {
	if w.InferenceSet == "" {
		return field
	}
	in := writtenInSet(field)
	if _, ok := w.Positions[in]; !ok {
		if _, ok := w.Positions[field]; ok { // an annotation of the set itself
			return field
		}
	}
	return in
}

// The modes of a Partition.
const (
	ModeMIG         = "mig"         // a slice of a GPU that NVIDIA's multi-instance GPU cuts
	ModeAccelerator = "accelerator" // some of the GPUs of a node
)

// ParentField returns the path of the field that a field is in.
func ParentField(field string) string {
	i := strings.LastIndexAny(field, ".[")
	return field[:max(i, 0)]
}

// Transformers reports whether the Workspace asks for the transformers runtime; anything else is vLLM.
func (w *Workspace) Transformers() bool {
	return w.Annotations[AnnotationRuntime] == string(preset.Transformers)
}
