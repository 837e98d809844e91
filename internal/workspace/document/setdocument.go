// SPDX-License-Identifier: Apache-2.0

package document

import (
	"time"

	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// setDocument is an InferenceSet as it is written, in either API version.
type setDocument struct {
	APIVersion string           `yaml:"apiVersion" doc:"version of the API" need:"true"`
	Kind       string           `yaml:"kind" doc:"InferenceSet" need:"true"`
	Metadata   metadata         `yaml:"metadata" doc:"name, namespace, labels and annotations" need:"true"`
	Spec       *setSpecDocument `yaml:"spec" doc:"what is served, and how many times" need:"true"`
	Status     any              `yaml:"status" doc:"ignored: not read from a file"` // dumped from a cluster; ignored
}

type setSpecDocument struct {
	Replicas       *int                   `yaml:"replicas" default:"1"`
	LabelSelector  *labelSelectorDocument `yaml:"labelSelector"`
	NodeCountLimit *int                   `yaml:"nodeCountLimit"`
	Template       setTemplateDocument    `yaml:"template" need:"true"`
	UpdateStrategy updateStrategy         `yaml:"updateStrategy"`
	AutoUpgrade    *autoUpgradeDocument   `yaml:"autoUpgrade"`
}

func (setSpecDocument) Docs() map[string]string {
	return map[string]string{
		"replicas":       "how many Workspaces to make, named after the set and numbered from 0; 0 serves nothing",
		"labelSelector":  "labels that the nodes have, or get",
		"nodeCountLimit": "not used",
		"template":       "what each Workspace is made from",
		"updateStrategy": "not followed: rollout.maxInterrupted of the configuration says how many restart at once",
		"autoUpgrade":    "not followed: images follow from the release of syncer",
	}
}

type setTemplateDocument struct {
	Metadata  metadata             `yaml:"metadata" doc:"labels and annotations of each Workspace"`
	Resource  *setResourceDocument `yaml:"resource" doc:"the size of the nodes"`
	Inference *inferenceDocument   `yaml:"inference" doc:"what is served" need:"true"`
}

type setResourceDocument struct {
	InstanceType string             `yaml:"instanceType" known:"sizes"`
	Partition    *partitionDocument `yaml:"partition" since:"v1beta1"`
}

func (setResourceDocument) Docs() map[string]string {
	return map[string]string{
		"instanceType": "Azure VM size; left out, or auto, the cheapest that fits. empty on existing nodes",
		"partition":    "a share of a GPU, or of the GPUs of a node; existing nodes only",
	}
}

type autoUpgradeDocument struct {
	Enabled  bool            `yaml:"enabled" doc:"not followed"`
	Strategy string          `yaml:"strategy" doc:"not followed" enum:"InPlace,Surge" default:"InPlace"`
	Window   *windowDocument `yaml:"maintenanceWindow" doc:"not followed"`
}

type windowDocument struct {
	Schedule string         `yaml:"schedule" doc:"cron expression of five fields, in UTC" need:"true"`
	Duration *time.Duration `yaml:"duration" doc:"how long the window is open" default:"4h"`
}

// inferenceSet returns the decoded document in the form that the rest of the program uses. Its template has no position
// yet.
func (d *setDocument) inferenceSet(key workspace.Key) workspace.InferenceSet {
	s := workspace.InferenceSet{Key: key, APIVersion: d.APIVersion, Replicas: 1, Annotations: d.Metadata.Annotations}
	w := &s.Template
	w.Key = workspace.Key{Namespace: key.Namespace, Name: workspace.ReplicaName(key.Name, 0)}
	w.APIVersion, w.InferenceSet = workspace.V1beta1, key.Name
	var template metadata
	if spec := d.Spec; spec != nil {
		template = spec.Template.Metadata
		if spec.Replicas != nil {
			s.Replicas = *spec.Replicas
		}
		s.NodeCountLimit, s.UpdateStrategy = spec.NodeCountLimit, spec.UpdateStrategy
		s.AutoUpgrade = spec.AutoUpgrade.autoUpgrade()
		w.Inference = spec.Template.Inference.inference()
		w.Resource.LabelSelector = spec.LabelSelector.selector()
		if r := spec.Template.Resource; r != nil {
			w.Resource.InstanceType, w.Resource.Partition = r.InstanceType, r.Partition.partition()
		}
	}
	w.Annotations = workspace.InheritAnnotations(template.Annotations, d.Metadata.Annotations)
	w.Labels = workspace.InheritLabels(template.Labels, d.Metadata.Labels)
	if w.Labels == nil {
		w.Labels = map[string]string{}
	}
	w.Labels[wellknown.LabelInferenceSet] = key.Name
	return s
}

func (a *autoUpgradeDocument) autoUpgrade() *workspace.AutoUpgrade {
	if a == nil {
		return nil
	}
	out := &workspace.AutoUpgrade{Enabled: a.Enabled, Strategy: a.Strategy}
	if a.Window != nil {
		out.Window = &workspace.MaintenanceWindow{Schedule: a.Window.Schedule}
		if a.Window.Duration != nil {
			out.Window.Duration = *a.Window.Duration
		}
	}
	return out
}
