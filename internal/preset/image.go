// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/strictyaml"
)

// imagesFile names the images of all presets.
const imagesFile = "components/images/kustomization.yaml"

// pinnedImage reports whether the component with the images names the release of the base image that syncer knows,
// from whichever registry.
func pinnedImage(files fs.FS) bool {
	data, err := readFile(files, imagesFile)
	if err != nil {
		return true // a tree without the component has no images, as in tests
	}
	docs, _ := strictyaml.Documents(data)
	for _, doc := range docs {
		images := strictyaml.Field(doc, "images")
		if images == nil {
			continue
		}
		for _, image := range strictyaml.Items(images) {
			if strictyaml.Text(strictyaml.Field(image, "name")) == "kaito-base" {
				return strictyaml.Text(strictyaml.Field(image, "newTag")) == imagespec.Image
			}
		}
	}
	return true
}

// namesImage reports whether the overlay in a model's folder names an image: as a key image or images of any file but
// preset.yaml.
func namesImage(files fs.FS, folder string) bool {
	found := false
	_ = fs.WalkDir(files, folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && path.Base(name) != presetFile {
			data, _ := readFile(files, name) // the check of the overlay reports a file that cannot be read
			found = found || HasImage(string(data))
		}
		return nil
	})
	return found
}

// hasImage reports whether a node has a key image or images, or a JSON patch of such a path.
func hasImage(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		return false // its anchor is in the document
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1].Value
			if key == "image" || key == "images" || key == "path" && strings.HasSuffix(value, "/image") {
				return true
			}
		}
	}
	for _, child := range n.Content {
		if hasImage(child) {
			return true
		}
	}
	return false
}

// HasImage reports whether a patch in YAML names an image.
func HasImage(text string) bool {
	if !strings.Contains(text, "image") {
		return false
	}
	docs, _ := strictyaml.Documents([]byte(text))
	for _, doc := range docs {
		if hasImage(doc) {
			return true
		}
	}
	return false
}
