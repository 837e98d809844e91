// Package workspace is the input language: the Workspace files of a repository, exactly as KAITO users write them.
//
// Load reads a tree of YAML files strictly, keeping the position of every field, so that whatever is wrong can be said as
// path:line:column with the field and a hint. Validate applies KAITO's admission rules without a cluster. The package does
// no I/O of its own (it is handed an fs.FS) and treats all input as hostile: one bad document never hides another.
package workspace

import (
	"cmp"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// Key names a Workspace.
type Key struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String returns "namespace/name".
func (k Key) String() string { return k.Namespace + "/" + k.Name }

// Compare orders keys by namespace, then name.
func (k Key) Compare(o Key) int {
	return cmp.Or(strings.Compare(k.Namespace, o.Namespace), strings.Compare(k.Name, o.Name))
}

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

	// InferenceSet is the name of the InferenceSet that the Workspace is a replica of; empty when it has a document of its own.
	InferenceSet string
	// Patch changes what is rendered; nil when there is none.
	Patch *Patch

	// Source is where the document starts.
	Source Position
	// Digest is the SHA-256, in hex, of what the user asked for: the document's content (independent of comments, key order
	// and formatting) together with the ConfigMaps of the same repository that it names. It changes if and only if the
	// Workspace's inputs change.
	Digest string

	positions strictyaml.Positions // field path -> where it is written in the file
}

// Position is a place in a file of the repository. Line and Column count from 1.
type Position struct {
	Path   string
	Line   int
	Column int
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

// Partition is a share of a GPU (v1beta1, brought nodes only).
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
	AnnotationPrune   = "syncer.dev/prune"   // "disabled": never delete
	AnnotationSpot    = "syncer.dev/spot"    // "true": use spot capacity
	AnnotationRuntime = "kaito.sh/runtime"
	// AnnotationWeightsClass names a storage class: weights are kept in a volume of it, which outlives the pod.
	AnnotationWeightsClass = "syncer.dev/weights-storage-class"
)

// Suspended reports whether the Workspace asks to be scaled to zero.
func (w *Workspace) Suspended() bool { return w.Annotations[AnnotationSuspend] == "true" }

// PruneDisabled reports whether the Workspace asks never to be deleted.
func (w *Workspace) PruneDisabled() bool { return w.Annotations[AnnotationPrune] == "disabled" }

// Spot reports whether the Workspace asks for spot capacity.
func (w *Workspace) Spot() bool { return w.Annotations[AnnotationSpot] == "true" }

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

// Auto reports whether the choice of the VM size is left to syncer.
func (r Resource) Auto() bool { return r.InstanceType == "" || r.InstanceType == "auto" }

// reservedLabels are KAITO's own: in a label selector they mean nothing to it, and are left out.
var reservedLabels = map[string]bool{
	"kaito.sh/workspace": true, "kaito.sh/workspacenamespace": true, "kaito.sh/ragengine": true, "kaito.sh/ragenginenamespace": true,
	"karpenter.kaito.sh/workspace-name": true, "karpenter.kaito.sh/workspace-namespace": true,
	"karpenter.kaito.sh/inferenceset": true, "karpenter.kaito.sh/inferenceset-namespace": true,
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

// NodeLabels returns the labels that the Workspace's nodes have: matchLabels without KAITO's own keys, which is what KAITO
// itself makes of the selector.
func (w *Workspace) NodeLabels() map[string]string {
	out := map[string]string{}
	if s := w.Resource.LabelSelector; s != nil {
		for k, v := range s.MatchLabels {
			if !reservedLabels[k] {
				out[k] = v
			}
		}
	}
	return out
}

// At returns where a field is written, such as At("resource.instanceType"), falling back to the nearest parent that is
// written, and in the end to the start of the document.
func (w *Workspace) At(field string) Position {
	for field != "" {
		if p, ok := w.positions[w.Written(field)]; ok {
			return Position{Path: w.Source.Path, Line: p.Line, Column: p.Column}
		}
		field = parent(field)
	}
	return w.Source
}

// Written returns the path that a field of the Workspace has in its file: "resource.count" is just that, but in an InferenceSet
// "inference.config" is written as "spec.template.inference.config".
func (w *Workspace) Written(field string) string {
	if w.InferenceSet == "" {
		return field
	}
	in := writtenInSet(field)
	if _, ok := w.positions[in]; !ok {
		if _, ok := w.positions[field]; ok { // an annotation of the set itself
			return field
		}
	}
	return in
}
