// SPDX-License-Identifier: Apache-2.0

package document

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/header"
)

// document is a Workspace as it is written, in either API version. The tag doc or the method Docs describes a field for
// the schema, here and in setdocument.go.
type document struct {
	APIVersion string             `yaml:"apiVersion" doc:"version of the API" need:"true"`
	Kind       string             `yaml:"kind" doc:"Workspace" need:"true"`
	Metadata   metadata           `yaml:"metadata" doc:"name, namespace, labels and annotations" need:"true"`
	Resource   *resourceDocument  `yaml:"resource" doc:"which nodes the Workspace runs on"`
	Inference  *inferenceDocument `yaml:"inference" doc:"serve a model; either this or tuning"`
	Tuning     *tuningDocument    `yaml:"tuning" doc:"fine-tune a model; either this or inference"`
	Status     any                `yaml:"status" doc:"ignored: not read from a file"` // dumped from a cluster; ignored
}

// podTemplate, volumeSource and updateStrategy are kept as they are written, but must be what Kubernetes knows under
// these names.
type (
	podTemplate    map[string]any
	volumeSource   map[string]any
	updateStrategy map[string]any
)

func (podTemplate) Shape() any    { return &corev1.PodTemplateSpec{} }
func (volumeSource) Shape() any   { return &corev1.VolumeSource{} }
func (updateStrategy) Shape() any { return &appsv1.StatefulSetUpdateStrategy{} }

// metadata has the fields that users set, and those of a file dumped from a cluster.
type metadata struct {
	Name        string            `yaml:"name"`
	Namespace   string            `yaml:"namespace" default:"default"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`

	GenerateName               any `yaml:"generateName"`
	UID                        any `yaml:"uid"`
	ResourceVersion            any `yaml:"resourceVersion"`
	Generation                 any `yaml:"generation"`
	CreationTimestamp          any `yaml:"creationTimestamp"`
	DeletionTimestamp          any `yaml:"deletionTimestamp"`
	DeletionGracePeriodSeconds any `yaml:"deletionGracePeriodSeconds"`
	ManagedFields              any `yaml:"managedFields"`
	OwnerReferences            any `yaml:"ownerReferences"`
	Finalizers                 any `yaml:"finalizers"`
	SelfLink                   any `yaml:"selfLink"`
}

// fromCluster describes what a file has that was dumped from a cluster.
const fromCluster = "ignored: set by the API server"

func (metadata) Docs() map[string]string {
	return map[string]string{
		"name":      "lower-case letters, digits and dashes",
		"namespace": "must be one that the configuration allows",
		"labels":    "labels of the Workspace",
		"annotations": "such as kaito.sh/runtime (vllm or transformers), kaito.sh/performance-mode, " +
			"syncer.dev/suspend, syncer.dev/spot, syncer.dev/prune, syncer.dev/priority, " +
			"syncer.dev/depends-on, syncer.dev/nodes",

		"generateName": fromCluster, "uid": fromCluster, "resourceVersion": fromCluster, "generation": fromCluster,
		"creationTimestamp": fromCluster, "deletionTimestamp": fromCluster, "deletionGracePeriodSeconds": fromCluster,
		"managedFields": fromCluster, "ownerReferences": fromCluster, "finalizers": fromCluster, "selfLink": fromCluster,
	}
}

type resourceDocument struct {
	Count          *int                   `yaml:"count" default:"1"`
	InstanceType   string                 `yaml:"instanceType" known:"sizes"`
	LabelSelector  *labelSelectorDocument `yaml:"labelSelector"`
	PreferredNodes []string               `yaml:"preferredNodes"`
	Partition      *partitionDocument     `yaml:"partition" since:"v1beta1"`
}

func (resourceDocument) Docs() map[string]string {
	return map[string]string{
		"count": "number of nodes; for a preset it follows from the model instead",
		"instanceType": "Azure VM size, such as Standard_NC24ads_A100_v4; left out, or auto, the cheapest that fits. " +
			"empty on existing nodes",
		"labelSelector":  "labels that the nodes have, or get",
		"preferredNodes": "not used",
		"partition":      "a share of a GPU, or of the GPUs of a node; existing nodes only",
	}
}

type labelSelectorDocument struct {
	MatchLabels      map[string]string     `yaml:"matchLabels"`
	MatchExpressions []requirementDocument `yaml:"matchExpressions"`
}

func (labelSelectorDocument) Docs() map[string]string {
	return map[string]string{
		"matchLabels":      "labels by name; those that start with kaito.sh/ are reserved",
		"matchExpressions": "only In with one value; not used to choose nodes",
	}
}

func (requirementDocument) Docs() map[string]string {
	return map[string]string{
		"key":      "name of a label",
		"operator": "how the label compares with the values",
		"values":   "values of the label",
	}
}

type requirementDocument struct {
	Key      string   `yaml:"key"`
	Operator string   `yaml:"operator" enum:"In,NotIn,Exists,DoesNotExist"`
	Values   []string `yaml:"values"`
}

type partitionDocument struct {
	Mode    string `yaml:"mode" enum:"mig,accelerator" need:"true"`
	Profile string `yaml:"profile"`
	Count   *int   `yaml:"count"`
}

func (partitionDocument) Docs() map[string]string {
	return map[string]string{
		"mode":    "mig: a slice of a GPU; accelerator: some GPUs of a node",
		"profile": "for mig: the slice, such as 1g.10gb",
		"count":   "for accelerator: how many GPUs",
	}
}

type inferenceDocument struct {
	Preset   *presetDocument   `yaml:"preset"`
	Template podTemplate       `yaml:"template"`
	Config   string            `yaml:"config"`
	Adapters []adapterDocument `yaml:"adapters"`
}

func (inferenceDocument) Docs() map[string]string {
	return map[string]string{
		"preset":   "a model of the catalogue; either this or template",
		"template": "a pod template of your own; either this or preset",
		"config":   "name of a ConfigMap of the namespace with the key inference_config.yaml",
		"adapters": "LoRA adapters, at most 10",
	}
}

type presetDocument struct {
	Name       string                `yaml:"name" need:"true" known:"presets"`
	AccessMode string                `yaml:"accessMode" enum:"public,private" default:"public"`
	Options    presetOptionsDocument `yaml:"presetOptions"`
}

func (presetDocument) Docs() map[string]string {
	return map[string]string{
		"name":       "name, alias or Hugging Face id of a model: syncer presets list",
		"accessMode": "deprecated",

		"presetOptions": "how the model is downloaded",
	}
}

type presetOptionsDocument struct {
	Image             string   `yaml:"image"`
	ImagePullSecrets  []string `yaml:"imagePullSecrets"`
	ModelAccessSecret string   `yaml:"modelAccessSecret" since:"v1beta1"`
}

func (presetOptionsDocument) Docs() map[string]string {
	return map[string]string{
		"image":             "deprecated",
		"imagePullSecrets":  "deprecated",
		"modelAccessSecret": "Secret of the namespace with the key HF_TOKEN, for models that need a token",
	}
}

type adapterDocument struct {
	Source   *dataDocument `yaml:"source" doc:"an image or a volume that holds the adapter" need:"true"`
	Strength *string       `yaml:"strength" doc:"from \"0\" to \"1\"; the transformers runtime only"`
}

type tuningDocument struct {
	Preset *presetDocument      `yaml:"preset" need:"true"`
	Method string               `yaml:"method" need:"true"`
	Config string               `yaml:"config"`
	Input  *dataDocument        `yaml:"input" need:"true"`
	Output *destinationDocument `yaml:"output" need:"true"`
}

func (tuningDocument) Docs() map[string]string {
	return map[string]string{
		"preset": "the model to tune",
		"method": "lora, or qlora to tune with quantized weights; in any case",
		"config": "name of a ConfigMap of the namespace with the key training_config.yaml; by default that of the method",
		"input":  "where the data is: exactly one of urls, image and volumeSource",
		"output": "where the result goes: exactly one of image and volumeSource",
	}
}

type dataDocument struct {
	Name             string       `yaml:"name" doc:"name of the data"`
	URLs             []string     `yaml:"urls" doc:"public http or https URLs to download"`
	Volume           volumeSource `yaml:"volumeSource" doc:"a volume that holds the data"`
	Image            string       `yaml:"image" doc:"container image that holds the data"`
	ImagePullSecrets []string     `yaml:"imagePullSecrets" doc:"Secrets to pull the image with"`
}

type destinationDocument struct {
	Volume          volumeSource `yaml:"volumeSource"`
	Image           string       `yaml:"image"`
	ImagePushSecret string       `yaml:"imagePushSecret"`
}

func (destinationDocument) Docs() map[string]string {
	return map[string]string{
		"volumeSource":    "a volume that the result is written to",
		"image":           "container image that the result is pushed as",
		"imagePushSecret": "Secret of type kubernetes.io/dockerconfigjson to push the image with",
	}
}

// header returns the header of the decoded object.
func (m metadata) header(apiVersion, kind string) header.Header {
	return header.Header{APIVersion: apiVersion, Kind: kind, Name: m.Name, Namespace: m.Namespace}
}

// workspace returns the decoded document in the form that the rest of the program uses.
func (d *document) workspace() workspace.Workspace {
	w := workspace.Workspace{
		Key:        workspace.Key{Namespace: d.Metadata.Namespace, Name: d.Metadata.Name},
		APIVersion: d.APIVersion, Labels: d.Metadata.Labels, Annotations: d.Metadata.Annotations,
	}
	if r := d.Resource; r != nil {
		w.Resource = workspace.Resource{
			Count: r.Count, InstanceType: r.InstanceType, PreferredNodes: r.PreferredNodes,
			LabelSelector: r.LabelSelector.selector(), Partition: r.Partition.partition(),
		}
	}
	w.Inference = d.Inference.inference()
	if t := d.Tuning; t != nil {
		w.Tuning = &workspace.Tuning{Preset: t.Preset.spec(), Method: t.Method, Config: t.Config, Input: t.Input.source()}
		if o := t.Output; o != nil {
			w.Tuning.Output = &workspace.DataDestination{Volume: o.Volume, Image: o.Image, ImagePushSecret: o.ImagePushSecret}
		}
	}
	return w
}

func (s *labelSelectorDocument) selector() *workspace.LabelSelector {
	if s == nil {
		return nil
	}
	out := &workspace.LabelSelector{MatchLabels: s.MatchLabels}
	for _, e := range s.MatchExpressions {
		out.MatchExpressions = append(out.MatchExpressions, workspace.LabelSelectorRequirement(e))
	}
	return out
}

func (p *partitionDocument) partition() *workspace.Partition {
	if p == nil {
		return nil
	}
	return &workspace.Partition{Mode: p.Mode, Profile: p.Profile, Count: p.Count}
}

func (i *inferenceDocument) inference() *workspace.Inference {
	if i == nil {
		return nil
	}
	out := &workspace.Inference{Preset: i.Preset.spec(), Template: i.Template, Config: i.Config}
	for _, a := range i.Adapters {
		out.Adapters = append(out.Adapters, workspace.Adapter{Source: a.Source.source(), Strength: a.Strength})
	}
	return out
}

func (p *presetDocument) spec() *workspace.PresetSpec {
	if p == nil {
		return nil
	}
	return &workspace.PresetSpec{Name: p.Name, AccessMode: p.AccessMode, Options: workspace.PresetOptions(p.Options)}
}

func (s *dataDocument) source() *workspace.DataSource {
	if s == nil {
		return nil
	}
	return &workspace.DataSource{
		Name:             s.Name,
		URLs:             s.URLs,
		Volume:           s.Volume,
		Image:            s.Image,
		ImagePullSecrets: s.ImagePullSecrets,
	}
}
