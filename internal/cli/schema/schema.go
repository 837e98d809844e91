// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace/document"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// Document combines the schemas of all kinds. The apiVersion and kind of a document select its schema.
func Document() map[string]any {
	kinds, definitions := document.Schemas()
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
			"apiVersion": map[string]any{"type": "string", "examples": versions},
			"kind":       map[string]any{"type": "string", "examples": names},
		},
		"allOf":       cases,
		"definitions": definitions,
	}
}

// configFile is a configuration file: the configuration, and the header that it starts with.
type configFile struct {
	APIVersion string `yaml:"apiVersion" need:"true"`
	Kind       string `yaml:"kind" need:"true"`
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
