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
	live := map[string]map[Key]bool{"Secret": c.env.Facts.Secrets, "PersistentVolumeClaim": c.env.Facts.Claims}
	for _, r := range c.w.References() {
		if r.Kind != "ConfigMap" { // checked with its content
			c.reference(r, live[r.Kind])
		}
	}
	if in := c.w.Inference; in != nil {
		for i, a := range in.Adapters {
			if a.Source != nil {
				c.volume(fmt.Sprintf("inference.adapters[%d].source.volumeSource", i), a.Source.Volume)
			}
		}
	}
	if t := c.w.Tuning; t != nil {
		if t.Input != nil {
			c.volume("tuning.input.volumeSource", t.Input.Volume)
		}
		if t.Output != nil {
			c.volume("tuning.output.volumeSource", t.Output.Volume)
		}
	}
}

// volume checks that a volume names one source.
func (c *check) volume(field string, v map[string]any) {
	switch sources := slices.Sorted(maps.Keys(v)); {
	case v != nil && len(sources) == 0:
		c.warn(field, "names no volume, which makes it an empty folder", "name one, such as persistentVolumeClaim")
	case len(sources) > 1:
		c.fail(field, "names several volumes: "+strings.Join(sources, ", "), "keep one of them")
	}
}

// reference looks for one object by name. live is nil when nobody looked into the cluster.
func (c *check) reference(r Reference, live map[Key]bool) {
	field, kind, name := r.Field, r.Kind, r.Name
	if live[r.Key] || c.env.Facts.Unknown[r.Named] || !c.objectName(field, kind, name) {
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
	hint := r.Make() + "; the pods wait for it"
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
