// SPDX-License-Identifier: Apache-2.0

// Package header reads what identifies a document of Kubernetes, before and after it is decoded, and judges its names.
package header

import (
	"fmt"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// Header is what identifies a document. Any part may be empty.
type Header struct {
	APIVersion string
	Kind       string
	Name       string
	Namespace  string
}

// Of reads the header of a document leniently, because the document may have errors elsewhere. The header only
// sorts documents: the checks of kinds and namespaces read the decoded object.
func Of(n *yaml.Node) Header {
	var h Header
	for key, value := range strictyaml.Pairs(n) {
		switch key.Value {
		case "apiVersion":
			h.APIVersion = strictyaml.Text(value)
		case "kind":
			h.Kind = strictyaml.Text(value)
		case "metadata":
			h.Name = strictyaml.Text(strictyaml.Field(value, "name"))
			h.Namespace = strictyaml.Text(strictyaml.Field(value, "namespace"))
		}
	}
	return h
}

// In returns the header of a decoded free-form object.
func In(content map[string]any) Header {
	meta, _ := content["metadata"].(map[string]any)
	text := func(m map[string]any, key string) string { s, _ := m[key].(string); return s }
	return Header{text(content, "apiVersion"), text(content, "kind"), text(meta, "name"), text(meta, "namespace")}
}

// NameProblems returns what is wrong with the name and the namespace of a document. No document with such a name may
// become anything: names become parts of paths, labels, references and lines of text. Where Kubernetes is stricter for
// a kind, later checks are as well. Names that are not given are no mistake here.
func (h Header) NameProblems(n *yaml.Node) []diag.Diagnostic {
	var out []diag.Diagnostic
	if h.Name != "" && len(validation.IsDNS1123Subdomain(h.Name)) > 0 {
		d := diag.Errorf(diag.InvalidName, "%s is not a valid name", Shown(h.Name)).On("metadata.name").
			Suggest("use lower-case letters, digits, dots and dashes, with a letter or digit at both ends")
		out = append(out, d.At(placeOf(n, "name")))
	}
	if h.Namespace != "" && len(validation.IsDNS1123Label(h.Namespace)) > 0 {
		d := diag.Errorf(diag.InvalidName, "%s is not a valid namespace", Shown(h.Namespace)).On("metadata.namespace").
			Suggest("use lower-case letters, digits and dashes, at most 63, with a letter or digit at both ends")
		out = append(out, d.At(placeOf(n, "namespace")))
	}
	return out
}

// Shown returns a name of any text as it can be shown: quoted, and cut to 100 characters.
func Shown(name string) string { return fmt.Sprintf("%.100q", name) }

// placeOf returns where a field of metadata is written, or else where the document starts.
func placeOf(n *yaml.Node, field string) (line, column int) {
	if v := child(child(n, "metadata"), field); v != nil {
		return v.Line, v.Column
	}
	return n.Line, n.Column
}

// child returns the value of a key of a mapping, nil if it has none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
