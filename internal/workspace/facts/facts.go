// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/header"
)

// maxFactsSize bounds one file of facts: "kubectl get nodes -o yaml" writes some 20 KiB for each node.
const maxFactsSize = 32 << 20

// Load reads what a cluster has from the files below root that were dumped from it, such as those of "kubectl get
// nodes,configmaps -o yaml". What it has of one kind is taken to be complete as soon as there is one object of that
// kind, and what is of no use is passed over. Of Secrets only the names are read. Problems are errors of files that are
// not YAML.
func Load(fsys fs.FS, root string) (workspace.Facts, []diag.Diagnostic, error) {
	var f workspace.Facts
	var problems []diag.Diagnostic
	err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() ||
			!strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") && !strings.HasSuffix(name, ".json") {
			return err
		}
		data, err := files.Read(fsys, name, maxFactsSize)
		if err != nil {
			problems = append(problems, diag.Errorf(diag.UnreadableFile, "%v", err).In(name).At(1, 1))
			return nil
		}
		docs, syntax := strictyaml.Documents(data)
		if syntax != nil {
			problems = append(problems, syntax.In(name))
		}
		for _, doc := range docs {
			addFact(&f, doc)
		}
		return nil
	})
	return f, problems, err
}

// addFact takes in one object, or the items of a list.
func addFact(f *workspace.Facts, n *yaml.Node) {
	h := header.Of(n)
	if strings.HasSuffix(h.Kind, "List") {
		var items []*yaml.Node
		if list := strictyaml.Field(n, "items"); list != nil {
			items = strictyaml.Items(list)
		}
		if len(items) == 0 {
			f.NodesKnown = f.NodesKnown || slices.Contains([]string{"List", "NodeList"}, h.Kind)
			return
		}
		for _, item := range items {
			if header.Of(item).Kind == "" && h.Kind == "NodeList" { // items of a typed list do not repeat the kind
				addNode(f, item)
			} else if item.Kind == yaml.MappingNode && !strings.HasSuffix(header.Of(item).Kind, "List") {
				addFact(f, item)
			}
		}
		return
	}
	key := workspace.Key{Namespace: h.Namespace, Name: h.Name}
	if key.Namespace == "" {
		key.Namespace = "default"
	}
	switch h.Kind {
	case "Node":
		addNode(f, n)
	case "ConfigMap":
		content, _ := strictyaml.Map(n)
		put(&f.ConfigMaps, key, workspace.StringMap(content["data"]))
	case "Secret":
		put(&f.Secrets, key, true)
	case "PersistentVolumeClaim":
		put(&f.Claims, key, true)
	}
}

func addNode(f *workspace.Facts, n *yaml.Node) {
	content, _ := strictyaml.Map(n)
	f.Nodes, f.NodesKnown = append(f.Nodes, Node(content)), true
}

func put[V any](m *map[workspace.Key]V, k workspace.Key, v V) {
	if *m == nil {
		*m = map[workspace.Key]V{}
	}
	(*m)[k] = v
}
