// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// Images returns the names of all images that the files of the presets name, sorted: what a closed cluster needs a
// mirror of. Images that Workspaces name themselves are not among them.
func (c *Catalog) Images() ([]string, error) {
	found := images{names: map[string]bool{}, replaced: map[string]bool{}}
	err := fs.WalkDir(c.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || path.Base(name) == presetFile || path.Ext(name) != ".yaml" {
			return err
		}
		data, err := readFile(c.files, name)
		if err != nil {
			return err
		}
		docs, _ := strictyaml.Documents(data) // the check of the folder reports a file that cannot be read
		for _, doc := range docs {
			found.transformer(doc)
			found.containers(doc)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the images of presets: %w", err)
	}
	maps.DeleteFunc(found.names, func(name string, _ bool) bool { return found.replaced[name] })
	return slices.Sorted(maps.Keys(found.names)), nil
}

// images collects names of images. Those in replaced stand for another one, which a kustomization names.
type images struct {
	names, replaced map[string]bool
}

// transformer reads the images of a kustomization.
func (i images) transformer(doc *yaml.Node) {
	list := strictyaml.Field(doc, "images")
	if list == nil {
		return
	}
	for _, image := range strictyaml.Items(list) {
		text := func(field string) string { return strictyaml.Text(strictyaml.Field(image, field)) }
		full := text("newName")
		if full == "" {
			full = text("name")
		} else {
			i.replaced[text("name")] = true
		}
		if tag := text("newTag"); tag != "" {
			full += ":" + tag
		}
		if digest := text("digest"); digest != "" {
			full += "@" + digest
		}
		i.names[full] = true
	}
}

// containers reads the images of containers, and those that patches set.
func (i images) containers(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		if name := strictyaml.Text(strictyaml.Field(n, "image")); name != "" {
			i.names[name] = true
		}
		if strings.HasSuffix(strictyaml.Text(strictyaml.Field(n, "path")), "/image") {
			if name := strictyaml.Text(strictyaml.Field(n, "value")); name != "" {
				i.names[name] = true
			}
		}
	}
	for _, child := range n.Content {
		i.containers(child)
	}
}
