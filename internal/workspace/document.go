package workspace

import (
	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/strictyaml"
)

// document is a Workspace as it is written, in either API version.
type document struct {
	APIVersion string             `yaml:"apiVersion" need:"true"`
	Kind       string             `yaml:"kind" need:"true"`
	Metadata   metadata           `yaml:"metadata" need:"true"`
	Resource   *resourceDocument  `yaml:"resource" doc:"which nodes the Workspace runs on"`
	Inference  *inferenceDocument `yaml:"inference" doc:"serve a model; either this or tuning"`
	Tuning     *tuningDocument    `yaml:"tuning" doc:"fine-tune a model; either this or inference"`
	Status     any                `yaml:"status" doc:"ignored: not read from a file"` // dumped from a cluster; ignored
}

// podTemplate, volumeSource and updateStrategy are kept as they are written, but must be what Kubernetes knows under these names.
type (
	podTemplate    map[string]any
	volumeSource   map[string]any
	updateStrategy map[string]any
)

func (podTemplate) Shape() any    { return &corev1.PodTemplateSpec{} }
func (volumeSource) Shape() any   { return &corev1.VolumeSource{} }
func (updateStrategy) Shape() any { return &appsv1.StatefulSetUpdateStrategy{} }

// metadata holds what users set, and what a file dumped from a cluster brings along.
type metadata struct {
	Name        string            `yaml:"name" doc:"lower-case letters, digits and dashes"`
	Namespace   string            `yaml:"namespace" doc:"must be one that the configuration allows" default:"default"`
	Labels      map[string]string `yaml:"labels" doc:"labels of the Workspace"`
	Annotations map[string]string `yaml:"annotations" doc:"such as kaito.sh/runtime (vllm or transformers), kaito.sh/performance-mode, syncer.dev/suspend, syncer.dev/spot, syncer.dev/prune"`

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

type resourceDocument struct {
	Count          *int                   `yaml:"count" doc:"number of nodes; for a preset it follows from the model instead" default:"1"`
	InstanceType   string                 `yaml:"instanceType" doc:"Azure VM size, such as Standard_NC24ads_A100_v4; left out, or auto, the cheapest that fits. Must be left out where nodes are brought"`
	LabelSelector  *labelSelectorDocument `yaml:"labelSelector" doc:"labels that the nodes have, or get"`
	PreferredNodes []string               `yaml:"preferredNodes" doc:"not used"`
	Partition      *partitionDocument     `yaml:"partition" doc:"a share of a GPU, or of the GPUs of a node; brought nodes only" since:"v1beta1"`
}

type labelSelectorDocument struct {
	MatchLabels      map[string]string     `yaml:"matchLabels" doc:"labels by name; those that start with kaito.sh/ are reserved"`
	MatchExpressions []requirementDocument `yaml:"matchExpressions" doc:"only In with one value; not used to choose nodes"`
}

type requirementDocument struct {
	Key      string   `yaml:"key"`
	Operator string   `yaml:"operator" enum:"In,NotIn,Exists,DoesNotExist"`
	Values   []string `yaml:"values"`
}

type partitionDocument struct {
	Mode    string `yaml:"mode" doc:"mig: a slice of a GPU; accelerator: some GPUs of a node" enum:"mig,accelerator" need:"true"`
	Profile string `yaml:"profile" doc:"for mig: the slice, such as 1g.10gb"`
	Count   *int   `yaml:"count" doc:"for accelerator: how many GPUs"`
}

type inferenceDocument struct {
	Preset   *presetDocument   `yaml:"preset" doc:"a model of the catalogue; either this or template"`
	Template podTemplate       `yaml:"template" doc:"a pod template of your own; either this or preset"`
	Config   string            `yaml:"config" doc:"name of a ConfigMap of the namespace with the key inference_config.yaml"`
	Adapters []adapterDocument `yaml:"adapters" doc:"LoRA adapters, at most 10"`
}

type presetDocument struct {
	Name       string `yaml:"name" doc:"name, alias or Hugging Face id of a model: syncer presets list" need:"true"`
	AccessMode string `yaml:"accessMode" doc:"deprecated" enum:"public,private" default:"public"`
	Options    struct {
		Image             string   `yaml:"image" doc:"deprecated"`
		ImagePullSecrets  []string `yaml:"imagePullSecrets" doc:"deprecated"`
		ModelAccessSecret string   `yaml:"modelAccessSecret" doc:"Secret of the namespace with the key HF_TOKEN, for models that need a token" since:"v1beta1"`
	} `yaml:"presetOptions"`
}

type adapterDocument struct {
	Source   *dataDocument `yaml:"source" doc:"an image or a volume that holds the adapter" need:"true"`
	Strength *string       `yaml:"strength" doc:"from \"0\" to \"1\"; the transformers runtime only"`
}

type tuningDocument struct {
	Preset *presetDocument      `yaml:"preset" doc:"the model to tune" need:"true"`
	Method string               `yaml:"method" doc:"lora, or qlora to tune with quantized weights; in any case" need:"true"`
	Config string               `yaml:"config" doc:"name of a ConfigMap of the namespace with the key training_config.yaml; by default that of the method"`
	Input  *dataDocument        `yaml:"input" doc:"where the data is: exactly one of urls, image and volumeSource" need:"true"`
	Output *destinationDocument `yaml:"output" doc:"where the result goes: exactly one of image and volumeSource" need:"true"`
}

type dataDocument struct {
	Name             string       `yaml:"name" doc:"name of the data"`
	URLs             []string     `yaml:"urls" doc:"public http or https URLs to download"`
	Volume           volumeSource `yaml:"volumeSource" doc:"a volume that holds the data"`
	Image            string       `yaml:"image" doc:"container image that holds the data"`
	ImagePullSecrets []string     `yaml:"imagePullSecrets" doc:"Secrets to pull the image with"`
}

type destinationDocument struct {
	Volume          volumeSource `yaml:"volumeSource" doc:"a volume that the result is written to"`
	Image           string       `yaml:"image" doc:"container image that the result is pushed as"`
	ImagePushSecret string       `yaml:"imagePushSecret" doc:"Secret of type kubernetes.io/dockerconfigjson to push the image with"`
}

// header is what tells one document from another.
type header struct {
	APIVersion string
	Kind       string
	Name       string
	Namespace  string
}

// headerOf reads the header of a document leniently: it must work for documents that are wrong elsewhere.
func headerOf(n *yaml.Node) header {
	var h header
	text := func(n *yaml.Node, key string) string {
		if v := child(n, key); v != nil && v.Kind == yaml.ScalarNode {
			return v.Value
		}
		return ""
	}
	h.APIVersion, h.Kind = text(n, "apiVersion"), text(n, "kind")
	if m := child(n, "metadata"); m != nil {
		h.Name, h.Namespace = text(m, "name"), text(m, "namespace")
	}
	return h
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// decodeDocument decodes a Workspace. What is right of it is returned even when something is wrong.
func decodeDocument(n *yaml.Node) (*document, strictyaml.Positions, []strictyaml.Error) {
	var d document
	positions, errs := strictyaml.Decode(n, &d)
	return &d, positions, errs
}

// workspace returns the decoded document in the form that the rest of the program uses.
func (d *document) workspace() Workspace {
	w := Workspace{
		Key:        Key{Namespace: d.Metadata.Namespace, Name: d.Metadata.Name},
		APIVersion: d.APIVersion, Labels: d.Metadata.Labels, Annotations: d.Metadata.Annotations,
	}
	if r := d.Resource; r != nil {
		w.Resource = Resource{
			Count: r.Count, InstanceType: r.InstanceType, PreferredNodes: r.PreferredNodes,
			LabelSelector: r.LabelSelector.selector(), Partition: r.Partition.partition(),
		}
	}
	w.Inference = d.Inference.inference()
	if t := d.Tuning; t != nil {
		w.Tuning = &Tuning{Preset: t.Preset.spec(), Method: t.Method, Config: t.Config, Input: t.Input.source()}
		if o := t.Output; o != nil {
			w.Tuning.Output = &DataDestination{Volume: o.Volume, Image: o.Image, ImagePushSecret: o.ImagePushSecret}
		}
	}
	return w
}

func (s *labelSelectorDocument) selector() *LabelSelector {
	if s == nil {
		return nil
	}
	out := &LabelSelector{MatchLabels: s.MatchLabels}
	for _, e := range s.MatchExpressions {
		out.MatchExpressions = append(out.MatchExpressions, LabelSelectorRequirement(e))
	}
	return out
}

func (p *partitionDocument) partition() *Partition {
	if p == nil {
		return nil
	}
	return &Partition{Mode: p.Mode, Profile: p.Profile, Count: p.Count}
}

func (i *inferenceDocument) inference() *Inference {
	if i == nil {
		return nil
	}
	out := &Inference{Preset: i.Preset.spec(), Template: i.Template, Config: i.Config}
	for _, a := range i.Adapters {
		out.Adapters = append(out.Adapters, Adapter{Source: a.Source.source(), Strength: a.Strength})
	}
	return out
}

func (p *presetDocument) spec() *PresetSpec {
	if p == nil {
		return nil
	}
	return &PresetSpec{Name: p.Name, AccessMode: p.AccessMode, Options: PresetOptions(p.Options)}
}

func (s *dataDocument) source() *DataSource {
	if s == nil {
		return nil
	}
	return &DataSource{Name: s.Name, URLs: s.URLs, Volume: s.Volume, Image: s.Image, ImagePullSecrets: s.ImagePullSecrets}
}
