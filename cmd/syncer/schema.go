package main

import (
	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

func newSchema(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of all files that syncer reads, for editors",
		Long: `Print one JSON schema (draft-07) for Workspace and InferenceSet in both API versions, and for syncer's own Config and
Preset. It is made from the code that reads these files. Which part applies follows from apiVersion and kind; other kinds pass.`,
		Example: `  syncer schema > .schema/syncer.json
  # first line of a file, for the YAML language server:
  # yaml-language-server: $schema=../.schema/syncer.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return printJSON(std.out, schema()) },
	}
}

// schema puts the schemas of all kinds together. A document is described by the one whose apiVersion and kind it has.
func schema() map[string]any {
	kinds, definitions := workspace.Schemas()
	kinds = append(kinds,
		workspace.Kind{APIVersion: config.APIVersion, Kind: config.Kind, Schema: (&strictyaml.Schema{}).Of(configFile{})},
		workspace.Kind{APIVersion: preset.APIVersion, Kind: preset.Kind, Schema: preset.Schema()})
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
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "Files that syncer reads",
		"type":        "object",
		"required":    []any{"apiVersion", "kind"},
		"properties":  map[string]any{"apiVersion": map[string]any{"type": "string", "examples": versions}, "kind": map[string]any{"type": "string", "examples": names}},
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
