// SPDX-License-Identifier: Apache-2.0

package source

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/strictyaml"
)

// Elsewhere returns the paths outside of root that may change what is read: the presets in the root of the repository,
// and what kustomizations in root refer to, directly or through others. A path need not exist. There may be more than
// are read, never fewer: every text of a kustomization counts that would be a path out of root.
func Elsewhere(tree fs.FS, root string) ([]string, error) {
	e := elsewhere{tree: tree, root: root, found: map[string]bool{PresetsFolder: true}}
	if err := e.kustomizations(root); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(e.found)), nil
}

type elsewhere struct {
	tree  fs.FS
	root  string
	found map[string]bool
}

// kustomizations looks for references in all kustomizations in and below a folder.
func (e *elsewhere) kustomizations(dir string) error {
	var found []string // few of many thousands
	err := files.Each(e.tree, dir, func(name string, kind fs.FileMode) {
		switch {
		case kind.IsDir():
			found = append(found, path.Join(dir, name)+"/")
		case kind.IsRegular() && kustomize.IsKustomization(name):
			found = append(found, path.Join(dir, name))
		}
	})
	for _, name := range found {
		folder, is := strings.CutSuffix(name, "/")
		switch {
		case err != nil:
			return err
		case is:
			err = e.kustomizations(folder)
		default:
			err = e.kustomization(name)
		}
	}
	return err
}

// kustomization looks for references in one file.
func (e *elsewhere) kustomization(name string) error {
	data, err := fs.ReadFile(e.tree, name)
	if err != nil {
		return nil // it is too large, which the reader reports
	}
	docs, _ := strictyaml.Documents(data)
	for _, doc := range docs {
		if err := e.texts(path.Dir(name), doc, 0); err != nil {
			return err
		}
	}
	return nil
}

// texts looks at every text of a document as a path relative to dir.
func (e *elsewhere) texts(dir string, n *yaml.Node, depth int) error {
	if depth > strictyaml.MaxDepth {
		return nil
	}
	for _, child := range n.Content {
		if err := e.texts(dir, child, depth+1); err != nil {
			return err
		}
	}
	if n.Kind != yaml.ScalarNode || !strings.Contains(n.Value, "..") || strings.Contains(n.Value, "\n") {
		return nil
	}
	text := n.Value
	if _, file, ok := strings.Cut(text, "="); ok { // KEY=FILE of a generator
		text = file
	}
	return e.reference(path.Join(dir, text))
}

// reference adds a path, and what is referred to from there.
func (e *elsewhere) reference(name string) error {
	if !fs.ValidPath(name) || name == e.root || strings.HasPrefix(name, e.root+"/") || e.found[name] {
		return nil
	}
	e.found[name] = true
	if info, err := fs.Stat(e.tree, name); err == nil && info.IsDir() {
		return e.kustomizations(name)
	}
	return nil
}
