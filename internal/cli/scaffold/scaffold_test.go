// SPDX-License-Identifier: Apache-2.0

package scaffold_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/cli/scaffold"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/preset"
)

func TestYAML(t *testing.T) {
	gated := preset.Preset{Gated: true, License: "llama3.1\nspec: {}"}
	for name, test := range map[string]struct {
		w scaffold.Workspace
		p preset.Preset
	}{
		"inference": {scaffold.Workspace{Name: "phi", Preset: "phi-4"}, preset.Preset{}},
		"gated":     {scaffold.Workspace{Name: "llama", Preset: "llama-3.1-8b-instruct"}, gated},
		"all-of-inference": {
			scaffold.Workspace{Name: "a", Namespace: "team", Preset: "b", Size: "Standard_X", Secret: "token"}, gated,
		},
		"tuning": {scaffold.Workspace{Name: "a", Preset: "b", Tune: true}, preset.Preset{}},
		"all-of-tuning": {scaffold.Workspace{
			Name:       "a",
			Preset:     "b",
			Tune:       true,
			Method:     "lora",
			Inputs:     []string{"https://example.com/1", "https://example.com/2?x: y"},
			Output:     "registry.example.com/a:1",
			PushSecret: "push",
		}, preset.Preset{}},
	} {
		golden.Equal(t, "testdata/"+name+".yaml", test.w.YAML(test.p))
	}
}

// TestYAMLQuotes: YAML reads every text back as the text that the user gave.
func TestYAMLQuotes(t *testing.T) {
	for _, name := range []string{
		"phi", "phi-4", "a.b/c", "4", "1e3", "0x1F", "true", "NO", "y", "null", "~", "", "a: b", "a #b", "- a", "*a", "&a",
		"a\nb: c", `a"b`, "{a}", "ü", "\u202e", "!a", "%a", "@a", "`a", " a", "a ", "a:", "_a", "2026-01-01",
	} {
		text := scaffold.Workspace{Name: name, Preset: name, Size: name}.YAML(preset.Preset{})
		var got struct {
			Metadata struct{ Name any }
			Resource struct{ InstanceType any }
		}
		if err := yaml.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if diff := cmp.Diff(any(name), got.Metadata.Name); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
		if name != "" && got.Resource.InstanceType != any(name) {
			t.Errorf("%q: got the size %v", name, got.Resource.InstanceType)
		}
	}
}
