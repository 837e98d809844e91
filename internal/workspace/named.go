package workspace

import "fmt"

// Named is an object by its kind and its name.
type Named struct {
	Kind string // ConfigMap, Secret or PersistentVolumeClaim
	Key
}

// Reference is an object that a Workspace names, and without which its pods do not start.
type Reference struct {
	Named
	Field string // in which it is named
	make  string // arguments of kubectl that make it; "" when there is no short way
}

// Make says how to make the object.
func (r Reference) Make() string {
	if r.make == "" {
		return "create it in namespace " + r.Namespace
	}
	return fmt.Sprintf("create it: kubectl create %s -n %s", fmt.Sprintf(r.make, r.Name), r.Namespace)
}

// The arguments of kubectl that make what is named. Of Secrets they show no value.
const (
	makeRegistry  = "secret docker-registry %s --from-file=.dockerconfigjson=config.json"
	makeToken     = "secret generic %s --from-file=HF_TOKEN=token.txt"
	makeFiles     = "secret generic %s --from-file=FILE"
	makeInference = "configmap %s --from-file=" + inferenceConfigKey
	makeTraining  = "configmap %s --from-file=" + trainingConfigKey
)

// References lists what the Workspace names, in the order of its fields.
func (w *Workspace) References() []Reference {
	var out []Reference
	add := func(field, kind, name, how string) {
		if name != "" {
			out = append(out, Reference{Named: Named{kind, Key{w.Namespace, name}}, Field: field, make: how})
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

// Made returns what the repository holds, or holds something that becomes it in the cluster.
func (s *Set) Made() map[Named]bool {
	out := map[Named]bool{}
	for _, o := range s.Objects {
		if kind, as := makes(o.Content); !o.Live {
			out[Named{kind, as}] = true
		}
	}
	return out
}
