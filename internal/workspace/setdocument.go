package workspace

import (
	"cmp"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// setDocument is an InferenceSet as it is written, in either API version.
type setDocument struct {
	APIVersion string           `yaml:"apiVersion" need:"true"`
	Kind       string           `yaml:"kind" need:"true"`
	Metadata   metadata         `yaml:"metadata" need:"true"`
	Spec       *setSpecDocument `yaml:"spec" doc:"what is served, and how many times" need:"true"`
	Status     any              `yaml:"status" doc:"ignored: not read from a file"` // dumped from a cluster; ignored
}

type setSpecDocument struct {
	Replicas       *int                   `yaml:"replicas" doc:"how many Workspaces to make, named after the set and numbered from 0; 0 serves nothing" default:"1"`
	LabelSelector  *labelSelectorDocument `yaml:"labelSelector" doc:"labels that the nodes have, or get"`
	NodeCountLimit *int                   `yaml:"nodeCountLimit" doc:"not used"`
	Template       setTemplateDocument    `yaml:"template" doc:"what each Workspace is made from" need:"true"`
	UpdateStrategy updateStrategy         `yaml:"updateStrategy" doc:"not followed: a change reaches all replicas at once"`
	AutoUpgrade    *autoUpgradeDocument   `yaml:"autoUpgrade" doc:"not followed: images follow from the release of syncer"`
}

type setTemplateDocument struct {
	Metadata  metadata             `yaml:"metadata" doc:"labels and annotations of each Workspace"`
	Resource  *setResourceDocument `yaml:"resource" doc:"the size of the nodes"`
	Inference *inferenceDocument   `yaml:"inference" doc:"what is served" need:"true"`
}

type setResourceDocument struct {
	InstanceType string             `yaml:"instanceType" doc:"Azure VM size; left out, or auto, the cheapest that fits. Must be left out where nodes are brought"`
	Partition    *partitionDocument `yaml:"partition" doc:"a share of a GPU, or of the GPUs of a node; brought nodes only" since:"v1beta1"`
}

type autoUpgradeDocument struct {
	Enabled  bool            `yaml:"enabled"`
	Strategy string          `yaml:"strategy" enum:"InPlace,Surge" default:"InPlace"`
	Window   *windowDocument `yaml:"maintenanceWindow"`
}

type windowDocument struct {
	Schedule string         `yaml:"schedule" doc:"cron expression of five fields, in UTC" need:"true"`
	Duration *time.Duration `yaml:"duration" default:"4h"`
}

// inferenceSet returns the decoded document in the form that the rest of the program uses. Its template has yet no place.
func (d *setDocument) inferenceSet(key Key) InferenceSet {
	s := InferenceSet{Key: key, APIVersion: d.APIVersion, Replicas: 1}
	s.Template = Workspace{
		Key: Key{key.Namespace, replicaName(key.Name, 0)}, APIVersion: V1beta1, InferenceSet: key.Name,
		Labels:      inherit(nil, d.Metadata.Labels, passesLabel),
		Annotations: inherit(nil, d.Metadata.Annotations, passesAnnotation),
	}
	w := &s.Template
	if spec := d.Spec; spec != nil {
		if spec.Replicas != nil {
			s.Replicas = *spec.Replicas
		}
		s.NodeCountLimit, s.UpdateStrategy = spec.NodeCountLimit, spec.UpdateStrategy
		if a := spec.AutoUpgrade; a != nil {
			s.AutoUpgrade = &AutoUpgrade{Enabled: a.Enabled, Strategy: a.Strategy}
			if a.Window != nil {
				s.AutoUpgrade.Window = &MaintenanceWindow{Schedule: a.Window.Schedule}
				if a.Window.Duration != nil {
					s.AutoUpgrade.Window.Duration = *a.Window.Duration
				}
			}
		}
		w.Labels = inherit(spec.Template.Metadata.Labels, d.Metadata.Labels, passesLabel)
		w.Annotations = inherit(spec.Template.Metadata.Annotations, d.Metadata.Annotations, passesAnnotation)
		w.Inference = spec.Template.Inference.inference()
		w.Resource.LabelSelector = spec.LabelSelector.selector()
		if r := spec.Template.Resource; r != nil {
			w.Resource.InstanceType, w.Resource.Partition = r.InstanceType, r.Partition.partition()
		}
	}
	w.Labels = inherit(w.Labels, map[string]string{labelCreatedBy: key.Name}, func(string, string) bool { return true })
	return s
}

// inferenceSet decodes one InferenceSet, and makes a Workspace of each replica. Errors block these, as long as the name can be read.
func (l *loader) inferenceSet(at Position, n *yaml.Node, h header, prefix string) {
	key := Key{Namespace: h.Namespace, Name: h.Name}
	if key.Namespace == "" {
		key.Namespace = l.options.DefaultNamespace
	}
	var doc setDocument
	positions, errs := strictyaml.Decode(n, &doc)
	s := doc.inferenceSet(key)
	s.Template.Source, s.Template.positions = at, placed(positions, at, prefix)
	report := func(severity Severity, field, message, hint string) {
		p := s.Template.At(field)
		l.set.Problems = append(l.set.Problems, Problem{
			Path: at.Path, Line: p.Line, Column: p.Column, Field: field, Message: prefix + message, Hint: hint, Severity: severity, InferenceSet: key,
		})
	}
	l.version(h, "InferenceSet", report)
	unsized := false
	for _, e := range errs {
		report(Error, e.Field, e.Message, cmp.Or(oldField(e.Field), e.Hint))
		if last := &l.set.Problems[len(l.set.Problems)-1]; prefix == "" {
			last.Line, last.Column = e.Line, e.Column
		}
		unsized = unsized || e.Field == "spec.replicas" || e.Field == "spec" || e.Field == ""
	}
	l.ignored(positions, report)
	for _, field := range []string{"spec.template.metadata.name", "spec.template.metadata.namespace"} {
		if _, given := positions[field]; given {
			report(Warning, field, "is ignored: replicas are named after the set, and are in its namespace", "remove it")
		}
	}
	if h.Name == "" {
		l.broken(at.Path, Problem{Line: at.Line, Column: at.Column, Field: "metadata.name", Message: prefix + "not given"})
		return
	}
	if !l.allowed(key.Namespace) {
		report(Error, "metadata.namespace", l.refusal(key.Namespace), "")
	}
	if s.APIVersion == V1alpha1 && s.Template.Resource.Partition != nil {
		s.Template.Resource.Partition = nil
		report(Warning, "spec.template.resource.partition", "is not known in v1alpha1, and is ignored", "use apiVersion "+V1beta1)
	}
	switch {
	case unsized:
	case s.Replicas < 0:
		report(Error, "spec.replicas", "must not be negative", "0 keeps the set, but serves nothing")
		unsized = true
	case s.Replicas > maxReplicas:
		report(Error, "spec.replicas", fmt.Sprintf("must not be above %d", maxReplicas), "")
		unsized = true
	}
	if unsized { // what is live must not be taken for removed
		l.set.unsized[key.Name] = at.Path
		l.remember(at.Path)
		s.Replicas = 0
	}
	l.set.InferenceSets = append(l.set.InferenceSets, s)
	for i := range s.Replicas {
		l.set.Workspaces = append(l.set.Workspaces, s.replica(i))
	}
}
