package workspace

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// maxFactsSize bounds one file of facts: "kubectl get nodes -o yaml" writes some 20 KiB for each node.
const maxFactsSize = 32 << 20

// LoadFacts reads what a cluster has from files that were dumped from it, such as those of "kubectl get nodes,configmaps -o yaml".
// What it has of one kind is taken to be complete as soon as there is one object of that kind, and what is of no use is passed
// over. Of Secrets only the names are read. Problems are errors of files that are not YAML.
func LoadFacts(fsys fs.FS) (Facts, []Problem, error) {
	var f Facts
	var problems []Problem
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") && !strings.HasSuffix(name, ".json") {
			return err
		}
		data, err := readFile(fsys, name, maxFactsSize)
		if err != nil {
			problems = append(problems, Problem{Path: name, Line: 1, Column: 1, Message: err.Error(), Severity: Error})
			return nil
		}
		docs, syntax := strictyaml.Documents(data)
		if syntax != nil {
			problems = append(problems, Problem{Path: name, Line: syntax.Line, Column: syntax.Column, Message: syntax.Message, Hint: syntax.Hint, Severity: Error})
		}
		for _, doc := range docs {
			f.add(doc)
		}
		return nil
	})
	return f, problems, err
}

// add takes in one object, or the items of a list.
func (f *Facts) add(n *yaml.Node) {
	h := headerOf(n)
	if strings.HasSuffix(h.Kind, "List") {
		items := child(n, "items")
		if items == nil || len(items.Content) == 0 {
			f.NodesKnown = f.NodesKnown || slices.Contains([]string{"List", "NodeList"}, h.Kind)
			return
		}
		for _, item := range items.Content {
			if headerOf(item).Kind == "" && h.Kind == "NodeList" { // items of a typed list do not repeat the kind
				f.node(item)
			} else if item.Kind == yaml.MappingNode && !strings.HasSuffix(headerOf(item).Kind, "List") {
				f.add(item)
			}
		}
		return
	}
	key := Key{h.Namespace, h.Name}
	if key.Namespace == "" {
		key.Namespace = "default"
	}
	switch h.Kind {
	case "Node":
		f.node(n)
	case "ConfigMap":
		content, _ := strictyaml.Map(n)
		put(&f.ConfigMaps, key, texts(content["data"]))
	case "Secret":
		put(&f.Secrets, key, true)
	case "PersistentVolumeClaim":
		put(&f.Claims, key, true)
	}
}

func (f *Facts) node(n *yaml.Node) {
	content, _ := strictyaml.Map(n)
	f.Nodes, f.NodesKnown = append(f.Nodes, nodeOf(content)), true
}

func put[V any](m *map[Key]V, k Key, v V) {
	if *m == nil {
		*m = map[Key]V{}
	}
	(*m)[k] = v
}

// texts returns the text values of a free-form mapping.
func texts(v any) map[string]string {
	out := map[string]string{}
	m, _ := v.(map[string]any)
	for key, value := range m {
		if text, ok := value.(string); ok {
			out[key] = text
		}
	}
	return out
}

// With returns what is known from both.
func (f Facts) With(more Facts) Facts {
	f.Nodes, f.NodesKnown = append(f.Nodes[:len(f.Nodes):len(f.Nodes)], more.Nodes...), f.NodesKnown || more.NodesKnown
	join(&f.ConfigMaps, more.ConfigMaps)
	join(&f.Secrets, more.Secrets)
	join(&f.Claims, more.Claims)
	join(&f.Unknown, more.Unknown)
	return f
}

// join adds what is known, if only that there is nothing. It leaves the maps themselves alone: others have them, too.
func join[K comparable, V any](m *map[K]V, more map[K]V) {
	if more == nil {
		return
	}
	both := map[K]V{}
	maps.Copy(both, *m)
	maps.Copy(both, more)
	*m = both
}
