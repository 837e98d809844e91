// SPDX-License-Identifier: Apache-2.0

package inputs

import (
	"testing"

	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// TestKeys: equal inputs have one key, also if others were asked for in between. A change of any gives another.
func TestKeys(t *testing.T) {
	with := func(edit func(*Common, *Own)) (*Common, Own) {
		flags := map[preset.Runtime]map[string]string{"vllm": {"a": "b"}}
		c := &Common{Preset: preset.Preset{Name: "phi", RunParameters: flags}}
		own := Own{Workspace: &workspace.Workspace{Key: workspace.Key{Namespace: "n", Name: "w"}}, At: 1, Cluster: "demo"}
		edit(c, &own)
		return c, own
	}
	edits := map[string]func(*Common, *Own){
		"nothing":         func(*Common, *Own) {},
		"a preset":        func(c *Common, _ *Own) { c.Preset.Name = "qwen" },
		"a flag":          func(c *Common, _ *Own) { c.Preset.RunParameters["vllm"]["a"] = "c" },
		"no Secrets":      func(c *Common, _ *Own) { c.Pods.Secrets = []string{} },
		"a level":         func(c *Common, _ *Own) { c.Pods.Level = podpolicy.Restricted },
		"a mirror":        func(c *Common, _ *Own) { c.Reach.HuggingFace = "https://x" },
		"a name":          func(_ *Common, o *Own) { o.Workspace.Name = "v" },
		"a label":         func(_ *Common, o *Own) { o.Workspace.Labels = map[string]string{"a": "b"} },
		"a patch":         func(_ *Common, o *Own) { o.Workspace.Patch = &workspace.Patch{Text: "x"} },
		"a placement":     func(_ *Common, o *Own) { o.At = 2 },
		"a cluster":       func(_ *Common, o *Own) { o.Cluster = "other" },
		"a source":        func(_ *Common, o *Own) { o.Source = "demo" },
		"a storage class": func(_ *Common, o *Own) { o.NVMeStorageClass = "x" },
		"a configuration": func(_ *Common, o *Own) { o.Config = map[string]string{"a": "b"} },
		"an empty one":    func(_ *Common, o *Own) { o.Config = map[string]string{} },
	}
	var keys Keys
	seen, again := map[string]string{}, map[string]string{}
	for range 2 {
		for what, edit := range edits {
			c, own := with(edit)
			key, err := keys.Of(c, own)
			if err != nil {
				t.Fatal(err)
			}
			if earlier, ok := again[what]; ok && earlier != key {
				t.Errorf("%s has two keys", what)
			}
			if other, ok := seen[key]; ok && other != what {
				t.Errorf("%s and %s have one key", what, other)
			}
			seen[key], again[what] = what, key
		}
	}
}
