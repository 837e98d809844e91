package workspace

import (
	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/strictyaml"
)

// document is a Workspace as it is written, in either API version.
type document struct {
	APIVersion string             `yaml:"apiVersion"`
	Kind       string             `yaml:"kind"`
	Metadata   metadata           `yaml:"metadata"`
	Resource   *resourceDocument  `yaml:"resource"`
	Inference  *inferenceDocument `yaml:"inference"`
	Tuning     *tuningDocument    `yaml:"tuning"`
	Status     any                `yaml:"status"` // dumped from a cluster; ignored
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
	Name        string            `yaml:"name"`
	Namespace   string            `yaml:"namespace"`
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

type resourceDocument struct {
	Count          *int                   `yaml:"count"`
	InstanceType   string                 `yaml:"instanceType"`
	LabelSelector  *labelSelectorDocument `yaml:"labelSelector"`
	PreferredNodes []string               `yaml:"preferredNodes"`
	Partition      *partitionDocument     `yaml:"partition"`
}

type labelSelectorDocument struct {
	MatchLabels      map[string]string     `yaml:"matchLabels"`
	MatchExpressions []requirementDocument `yaml:"matchExpressions"`
}

type requirementDocument struct {
	Key      string   `yaml:"key"`
	Operator string   `yaml:"operator"`
	Values   []string `yaml:"values"`
}

type partitionDocument struct {
	Mode    string `yaml:"mode"`
	Profile string `yaml:"profile"`
	Count   *int   `yaml:"count"`
}

type inferenceDocument struct {
	Preset   *presetDocument   `yaml:"preset"`
	Template podTemplate       `yaml:"template"`
	Config   string            `yaml:"config"`
	Adapters []adapterDocument `yaml:"adapters"`
}

type presetDocument struct {
	Name       string `yaml:"name"`
	AccessMode string `yaml:"accessMode"`
	Options    struct {
		Image             string   `yaml:"image"`
		ImagePullSecrets  []string `yaml:"imagePullSecrets"`
		ModelAccessSecret string   `yaml:"modelAccessSecret"`
	} `yaml:"presetOptions"`
}

type adapterDocument struct {
	Source   *dataDocument `yaml:"source"`
	Strength *string       `yaml:"strength"`
}

type tuningDocument struct {
	Preset *presetDocument      `yaml:"preset"`
	Method string               `yaml:"method"`
	Config string               `yaml:"config"`
	Input  *dataDocument        `yaml:"input"`
	Output *destinationDocument `yaml:"output"`
}

type dataDocument struct {
	Name             string       `yaml:"name"`
	URLs             []string     `yaml:"urls"`
	Volume           volumeSource `yaml:"volumeSource"`
	Image            string       `yaml:"image"`
	ImagePullSecrets []string     `yaml:"imagePullSecrets"`
}

type destinationDocument struct {
	Volume          volumeSource `yaml:"volumeSource"`
	Image           string       `yaml:"image"`
	ImagePushSecret string       `yaml:"imagePushSecret"`
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
