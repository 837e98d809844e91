// SPDX-License-Identifier: Apache-2.0

// Package foreign tells files of other programs from those that are meant for syncer.
package foreign

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace/header"
)

// mentions matches what objects of Kubernetes have, whether in block or in flow style.
var mentions = regexp.MustCompile(
	`(apiVersion|kind|metadata)["']?\s*:|` + regexp.QuoteMeta(wellknown.PrefixKAITO),
)

// MayBeOurs decides about a file that cannot be parsed, or need not be: it may be one for syncer unless its text has
// none of the fields of an object. A pointer of Git LFS stands for any content, and so do texts in other encodings.
func MayBeOurs(name string, data []byte) bool {
	has := func(data []byte) bool {
		if path.Ext(name) == ".json" {
			return bytes.Contains(data, []byte(`"apiVersion"`)) && bytes.Contains(data, []byte(`"kind"`))
		}
		return strictyaml.IsPointer(data) || bytes.IndexByte(data, 0) >= 0 || mentions.Match(data)
	}
	return has(data) || bytes.ContainsAny(data, "\\\x00") && has(strictyaml.Legible(data)) // fields may be escaped
}

// IsObject reports whether a document is, or is meant to be, an object of Kubernetes. Configuration of other programs
// lacks apiVersion or kind. A Workspace may lack them by mistake: then it has a name in metadata, a model, or a field
// that is almost one of an object.
func IsObject(doc *yaml.Node) bool {
	switch doc.Kind {
	case yaml.SequenceNode:
		return slices.ContainsFunc(strictyaml.Items(doc), func(item *yaml.Node) bool {
			return strictyaml.Field(item, "apiVersion") != nil && strictyaml.Field(item, "kind") != nil
		})
	case yaml.MappingNode:
	default:
		return true // a text or a number is no configuration at all
	}
	h := header.Of(doc)
	if h.APIVersion != "" && h.Kind != "" || h.Name != "" || slices.Contains(kinds, h.Kind) ||
		strings.HasPrefix(h.APIVersion, wellknown.PrefixSyncer) {
		return true
	}
	for key, value := range strictyaml.Pairs(doc) {
		kaito := strings.HasPrefix(strictyaml.Text(value), wellknown.PrefixKAITO)
		if kaito || modelIn(key.Value, value) || misspelt(key.Value) {
			return true
		}
	}
	return false
}

// kinds are those that only KAITO and syncer have.
var kinds = []string{"Workspace", "InferenceSet", "Suspend"}

// modelIn reports whether a field is the part of a Workspace that names a model.
func modelIn(field string, value *yaml.Node) bool {
	return (field == "inference" || field == "tuning") &&
		(strictyaml.Field(value, "preset") != nil || strictyaml.Field(value, "template") != nil)
}

// misspelt reports whether a field is almost one of those that every object has. Shorter ones are words of their own,
// such as api, meta and version.
func misspelt(field string) bool {
	const least = 6
	lower := strings.ToLower(field)
	return len(field) >= least && (strings.HasPrefix(lower, "api") || strings.HasPrefix(lower, "met")) &&
		strictyaml.Suggest(field, []string{"apiVersion", "metadata"}) != "" && field != "apiVersion" && field != "metadata"
}
