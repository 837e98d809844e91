// SPDX-License-Identifier: Apache-2.0

package install

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// Base returns the files of a base for Kustomize, by name. An overlay sets the image, and its own configuration in
// place of the ConfigMap.
func Base(objects []runtime.Object) (map[string]string, error) {
	files, order, err := byKind(objects)
	if err != nil {
		return nil, err
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": order,
	})
	if err != nil {
		return nil, err
	}
	files["kustomization.yaml"] = generated + string(text)
	return files, nil
}

// generated heads files that this package writes.
const generated = "# Generated from internal/install by \"make generate\".\n"

// byKind writes objects into one file for each kind, and returns the names of the files in the order of the objects.
func byKind(objects []runtime.Object) (files map[string]string, order []string, err error) {
	kinds := map[string][]runtime.Object{}
	for _, o := range objects {
		name := strings.ToLower(o.GetObjectKind().GroupVersionKind().Kind) + ".yaml"
		if kinds[name] == nil {
			order = append(order, name)
		}
		kinds[name] = append(kinds[name], o)
	}
	files = map[string]string{}
	for name, of := range kinds {
		text, err := YAML(of)
		if err != nil {
			return nil, nil, err
		}
		files[name] = generated + text
	}
	return files, order, nil
}
