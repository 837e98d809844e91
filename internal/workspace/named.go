// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"cmp"
	"fmt"

	"syncer.dev/syncer/internal/workspace/podtemplate"
)

// Named is an object by its kind and its name.
type Named struct {
	Kind string // ConfigMap, Secret or PersistentVolumeClaim
	Key
}

// Reference is an object that a Workspace names, and without which its pods do not start.
type Reference struct {
	Named
	Field string // in which it is named
	// DataKey is the key that a Secret must have, where the pods read a fixed one; otherwise empty.
	DataKey string
	make    string // arguments of kubectl that make it; "" when there is no short way
}

// Make returns the instruction to create the object.
func (r Reference) Make() string {
	if r.make == "" {
		return "create it in namespace " + r.Namespace
	}
	return fmt.Sprintf("create it: kubectl create %s -n %s", fmt.Sprintf(r.make, r.Name), r.Namespace)
}

// The arguments of kubectl that create the named object from a file with the name of the key. They show no value of a
// Secret, and have nothing that looks like one.
const (
	makeRegistry  = "secret docker-registry %s --from-file=.dockerconfigjson"
	makeToken     = "secret generic %s --from-file=HF_TOKEN"
	makeFiles     = "secret generic %s --from-file=FILE"
	makeInference = "configmap %s --from-file=" + InferenceConfigKey
	makeTraining  = "configmap %s --from-file=" + TrainingConfigKey
)

// dataKeys are the keys that pods read of a Secret, by how it is made.
var dataKeys = map[string]string{makeRegistry: ".dockerconfigjson", makeToken: "HF_TOKEN"}

// References lists what the Workspace names, in the order of its fields.
func (w *Workspace) References() []Reference {
	var out []Reference
	add := func(field, kind, name, how string) {
		if name != "" {
			out = append(out, Reference{
				Named:   Named{kind, Key{Namespace: w.Namespace, Name: name}},
				Field:   field,
				DataKey: dataKeys[how],
				make:    how,
			})
		}
	}
	preset := func(field string, p *PresetSpec) {
		if p == nil {
			return
		}
		add(field+".presetOptions.modelAccessSecret", "Secret", p.Options.ModelAccessSecret, makeToken)
		for i, name := range p.Options.ImagePullSecrets {
			add(fmt.Sprintf("%s.presetOptions.imagePullSecrets[%d]", field, i), "Secret", name, makeRegistry)
		}
	}
	volume := func(field string, v map[string]any) {
		name := func(kind, key string) string {
			m, _ := v[kind].(map[string]any)
			s, _ := m[key].(string)
			if m["optional"] == true {
				return ""
			}
			return s
		}
		add(field+".persistentVolumeClaim.claimName", "PersistentVolumeClaim", name("persistentVolumeClaim", "claimName"), "")
		add(field+".secret.secretName", "Secret", name("secret", "secretName"), makeFiles)
	}
	source := func(field string, s *DataSource) {
		if s == nil {
			return
		}
		for i, name := range s.ImagePullSecrets {
			add(fmt.Sprintf("%s.imagePullSecrets[%d]", field, i), "Secret", name, makeRegistry)
		}
		volume(field+".volumeSource", s.Volume)
	}
	if in := w.Inference; in != nil {
		preset("inference.preset", in.Preset)
		for _, r := range podtemplate.References(in.Template) {
			how := ""
			if r.Kind == "Secret" {
				how = makeFiles
			}
			add("inference.template."+r.Field, r.Kind, r.Name, how)
		}
		add("inference.config", "ConfigMap", in.Config, makeInference)
		for i, a := range in.Adapters {
			source(fmt.Sprintf("inference.adapters[%d].source", i), a.Source)
		}
	}
	if t := w.Tuning; t != nil {
		preset("tuning.preset", t.Preset)
		add("tuning.config", "ConfigMap", t.Config, makeTraining)
		source("tuning.input", t.Input)
		if t.Output != nil {
			add("tuning.output.imagePushSecret", "Secret", t.Output.ImagePushSecret, makeRegistry)
			volume("tuning.output.volumeSource", t.Output.Volume)
		}
	}
	return out
}

// Provided returns the objects that the repository holds, by what they are in the cluster.
func (s *Set) Provided() map[Named]bool {
	out := map[Named]bool{}
	for _, o := range s.Objects {
		if !o.Live {
			out[o.InCluster()] = true
		}
	}
	return out
}

// InCluster returns what the object becomes in the cluster: an ExternalSecret or a SealedSecret becomes a Secret, and
// any other object is itself.
func (o Object) InCluster() Named {
	text := func(path ...string) string {
		m := o.Content
		for _, key := range path[:len(path)-1] {
			m, _ = m[key].(map[string]any)
		}
		s, _ := m[path[len(path)-1]].(string)
		return s
	}
	out := Named{text("kind"), Key{Namespace: text("metadata", "namespace"), Name: text("metadata", "name")}}
	switch out.Kind {
	case "ExternalSecret":
		out.Kind, out.Name = "Secret", cmp.Or(text("spec", "target", "name"), out.Name)
	case "SealedSecret":
		out.Kind, out.Name = "Secret", cmp.Or(text("spec", "template", "metadata", "name"), out.Name)
	}
	return out
}
