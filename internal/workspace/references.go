package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// references warns about Secrets and volume claims that are probably not there. KAITO does not look for them, and the pods then
// wait for ever. Where nobody looked into the cluster, a name is doubted only if the repository has others of its kind in the
// namespace: then this is where they are made. What a Secret holds is never read.
func (c *check) references() {
	secrets := func(field, name string) { c.reference(field, "Secret", name, c.env.Facts.Secrets) }
	for field, p := range map[string]*PresetSpec{"inference.preset": c.w.inferencePreset(), "tuning.preset": c.w.tuningPreset()} {
		if p != nil {
			secrets(field+".presetOptions.modelAccessSecret", p.Options.ModelAccessSecret)
			for i, name := range p.Options.ImagePullSecrets {
				secrets(fmt.Sprintf("%s.presetOptions.imagePullSecrets[%d]", field, i), name)
			}
		}
	}
	source := func(field string, s *DataSource) {
		if s == nil {
			return
		}
		for i, name := range s.ImagePullSecrets {
			secrets(fmt.Sprintf("%s.imagePullSecrets[%d]", field, i), name)
		}
		c.volume(field+".volumeSource", s.Volume)
	}
	if in := c.w.Inference; in != nil {
		for i, a := range in.Adapters {
			source(fmt.Sprintf("inference.adapters[%d].source", i), a.Source)
		}
	}
	if t := c.w.Tuning; t != nil {
		source("tuning.input", t.Input)
		if t.Output != nil {
			secrets("tuning.output.imagePushSecret", t.Output.ImagePushSecret)
			c.volume("tuning.output.volumeSource", t.Output.Volume)
		}
	}
}

// volume checks what a volume refers to by name.
func (c *check) volume(field string, v map[string]any) {
	switch sources := slices.Sorted(maps.Keys(v)); {
	case v != nil && len(sources) == 0:
		c.warn(field, "names no volume, which makes it an empty folder", "name one, such as persistentVolumeClaim")
	case len(sources) > 1:
		c.fail(field, "names several volumes: "+strings.Join(sources, ", "), "keep one of them")
	}
	name := func(kind, key string) string {
		m, _ := v[kind].(map[string]any)
		s, _ := m[key].(string)
		return s
	}
	c.reference(field+".persistentVolumeClaim.claimName", "PersistentVolumeClaim", name("persistentVolumeClaim", "claimName"), c.env.Facts.Claims)
	c.reference(field+".secret.secretName", "Secret", name("secret", "secretName"), c.env.Facts.Secrets)
}

// reference looks for one object by name. live is nil when nobody looked into the cluster.
func (c *check) reference(field, kind, name string, live map[Key]bool) {
	if name == "" || live[Key{c.w.Namespace, name}] || !c.objectName(field, kind, name) {
		return
	}
	var names []string
	for _, o := range c.set.Objects {
		made, as := makes(o.Content)
		if made != kind || as.Namespace != c.w.Namespace {
			continue
		}
		if as.Name == name {
			return
		}
		names = append(names, as.Name)
	}
	if live == nil && len(names) == 0 {
		return
	}
	where := "in the repository, which has others"
	if live != nil {
		where = "in the cluster or the repository"
		for k := range live {
			if k.Namespace == c.w.Namespace {
				names = append(names, k.Name)
			}
		}
	}
	hint := "create it in the namespace, or the pods will wait for it"
	if meant := strictyaml.Suggest(name, names); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	}
	c.warn(field, fmt.Sprintf("%s %s/%s is not %s", kind, c.w.Namespace, name, where), hint)
}

// makes returns what an object of the repository is in the cluster: an ExternalSecret or a SealedSecret becomes a Secret.
func makes(o map[string]any) (kind string, as Key) {
	text := func(m map[string]any, path ...string) string {
		for _, key := range path[:len(path)-1] {
			m, _ = m[key].(map[string]any)
		}
		s, _ := m[path[len(path)-1]].(string)
		return s
	}
	kind = text(o, "kind")
	as = Key{text(o, "metadata", "namespace"), text(o, "metadata", "name")}
	other := ""
	switch kind {
	case "ExternalSecret":
		kind, other = "Secret", text(o, "spec", "target", "name")
	case "SealedSecret":
		kind, other = "Secret", text(o, "spec", "template", "metadata", "name")
	}
	if other != "" {
		as.Name = other
	}
	return kind, as
}
