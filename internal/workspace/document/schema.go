// SPDX-License-Identifier: Apache-2.0

package document

import (
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Kind is a kind of document that syncer reads, with its JSON schema.
type Kind struct {
	APIVersion string
	Kind       string
	Schema     map[string]any
}

// Schemas describes Workspace and InferenceSet in both API versions, and returns what the schemas refer to under
// "definitions". known has the values that editors propose: the names of "presets" and of "sizes".
func Schemas(known map[string][]string) (kinds []Kind, definitions map[string]any) {
	definitions = map[string]any{}
	for _, version := range []string{workspace.V1beta1, workspace.V1alpha1} {
		s := &strictyaml.Schema{Known: known}
		if version == workspace.V1alpha1 {
			s.Without = strings.TrimPrefix(workspace.V1beta1, wellknown.PrefixKAITO)
		}
		for _, k := range []Kind{{version, "Workspace", s.Of(document{})}, {version, "InferenceSet", s.Of(setDocument{})}} {
			k.Schema["description"] = summaries[k.Kind]
			kinds = append(kinds, k)
		}
		for name, d := range s.Definitions() {
			definitions[name] = d
		}
	}
	return kinds, definitions
}

var summaries = map[string]string{
	"Workspace":    "One model to serve or to tune.",
	"InferenceSet": "One model to serve several times over: each replica becomes a Workspace.",
}
