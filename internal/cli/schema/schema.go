// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace/document"
	"syncer.dev/syncer/internal/workspace/suspension"
	"syncer.dev/syncer/presets"
)

// Document combines the schemas of all kinds. The apiVersion and kind of a document select its schema.
func Document() map[string]any {
	kinds, definitions := document.Schemas(map[string][]string{"presets": presetNames(), "sizes": sizeNames()})
	kinds = append(kinds,
		document.Kind{APIVersion: config.APIVersion, Kind: config.Kind, Schema: (&strictyaml.Schema{}).Of(configFile{})},
		document.Kind{APIVersion: suspension.APIVersion, Kind: suspension.Kind, Schema: suspension.Schema()},
		document.Kind{APIVersion: preset.APIVersion, Kind: preset.Kind, Schema: preset.Schema()})
	var cases, versions, names []any
	for _, k := range kinds {
		name := k.Kind + "." + k.APIVersion
		definitions[name] = k.Schema
		constant := func(v string) map[string]any { return map[string]any{"const": v} }
		cases = append(cases, map[string]any{
			"if": map[string]any{
				"properties": map[string]any{"apiVersion": constant(k.APIVersion), "kind": constant(k.Kind)},
				"required":   []any{"apiVersion", "kind"},
			},
			"then": map[string]any{"$ref": "#/definitions/" + escape(name)},
		})
		versions, names = appendNew(versions, k.APIVersion), appendNew(names, k.Kind)
	}
	return map[string]any{
		"$schema":  "http://json-schema.org/draft-07/schema#",
		"title":    "Files that syncer reads",
		"type":     "object",
		"required": []any{"apiVersion", "kind"},
		"properties": map[string]any{
			"apiVersion": proposed("version of the API", versions),
			"kind":       proposed("kind of the document", names),
		},
		"allOf":       cases,
		"definitions": definitions,
	}
}

// proposed describes a text for which editors propose values: other kinds of documents are allowed in the same files.
func proposed(description string, values []any) map[string]any {
	return map[string]any{
		"description": description,
		"anyOf":       []any{map[string]any{"enum": values}, map[string]any{"type": "string"}},
	}
}

// presetNames are the built-in models. A repository may have others.
func presetNames() []string {
	models, err := preset.Load(presets.FS)
	if err != nil {
		return nil // TestBuiltIn would have failed
	}
	var out []string
	for _, p := range models.All() {
		if p.Deprecated == "" {
			out = append(out, p.Name)
		}
	}
	return out
}

// sizeNames are the sizes that presets can use, and "auto".
func sizeNames() []string {
	out := []string{"auto"}
	for s := range capacity.SKUs() {
		if s.Unusable() == "" {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out[1:])
	return out
}

// configFile is a configuration file: the configuration, and the header that it starts with.
type configFile struct {
	APIVersion string `yaml:"apiVersion" usage:"syncer.dev/v1alpha1" need:"true"`
	Kind       string `yaml:"kind" usage:"Config" need:"true"`
	config.Config
}

// escape writes a name as part of a JSON pointer.
func escape(name string) string {
	out := ""
	for _, r := range name {
		switch r {
		case '~':
			out += "~0"
		case '/':
			out += "~1"
		default:
			out += string(r)
		}
	}
	return out
}

func appendNew(all []any, s string) []any {
	for _, have := range all {
		if have == s {
			return all
		}
	}
	return append(all, s)
}
