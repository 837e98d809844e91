// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// sized returns the cache of one sequence on one GPU in GiB, and the notes, for a model with its context on a size.
func sized(t *testing.T, p preset.Preset, size string, context int, own workspace.Settings) (float64, string) {
	t.Helper()
	r := Request{Preset: p, InstanceType: size, Context: context, Region: "eastus", BypassMemoryCheck: true}
	r.Configure(own)
	d, err := Size(r)
	if err != nil {
		t.Fatal(err)
	}
	return d.Options[0].Memory.KVCacheGiB, strings.Join(d.Notes, "\n")
}

// TestWholeCache: a value of the Workspace that switches the hybrid cache off is sized as what it makes of the cache.
// One that has no effect changes nothing.
func TestWholeCache(t *testing.T) {
	c := catalog(t)
	const size, context = "Standard_NC80adis_H100_v5", 131072
	for name, grows := range map[string]bool{"gemma-3-27b-it": true, "qwen3.6-27b": false, "phi-4-mini-instruct": false} {
		p, _ := c.Lookup(name)
		small, quiet := sized(t, p, size, context, workspace.Settings{})
		same, _ := sized(t, p, size, context, workspace.Settings{CPUCache: "0"})
		large, note := sized(t, p, size, context, workspace.Settings{CPUCache: "0.5"})
		if same != small || strings.Contains(quiet, "whole sequences") {
			t.Errorf("%s: %.1f GiB, with a value of 0 %.1f; notes %q", name, small, same, quiet)
		}
		if (large > 4*small) != grows || strings.Contains(note, "whole sequences") != grows {
			t.Errorf("%s: the cache grows from %.1f to %.1f GiB; notes %q", name, small, large, note)
		}
	}
	// 62 layers cache 2 (key and value) x 16 heads x 128 values of two bytes for each of 131072 tokens: 62 GiB on two
	// GPUs.
	gemma, _ := c.Lookup("gemma-3-27b-it")
	if whole, _ := sized(t, gemma, size, context, workspace.Settings{CPUCache: "0.5"}); whole < 30.9 || whole > 31.1 {
		t.Errorf("gemma-3-27b-it: %.1f GiB on each of two GPUs, want 31", whole)
	}
}

// TestEncoderWithoutCache: a model that looks at a whole text at once keeps no cache, and computes the longest text in
// one step.
func TestEncoderWithoutCache(t *testing.T) {
	p := preset.Preset{
		Name: "bge", Repo: "team/bge", Task: "feature-extraction", Runtimes: []preset.Runtime{preset.VLLM},
		Model: preset.Model{
			Architecture: "BertModel", WeightBytes: 1 << 30, Layers: 24, HiddenSize: 1024, Heads: 16, KVHeads: 16, HeadDim: 64,
			IntermediateSize: 4096, VocabSize: 30522, ContextLength: 8192, Attention: "mha",
		},
	}
	const size = "Standard_NV36ads_A10_v5"
	if cache, _ := sized(t, p, size, 0, workspace.Settings{}); cache != 0 {
		t.Errorf("an encoder has a cache of %.2f GiB", cache)
	}
	r := Request{Preset: p}
	if got := r.flags()["max-num-batched-tokens"]; got != "8192" {
		t.Errorf("a step of an encoder has %s tokens, want 8192", got)
	}
	p.Model.Architecture, p.Model.ContextLength = "Qwen3ForCausalLM", 32768 // computes a text in several steps
	decoder := Request{Preset: p}
	tokens := decoder.flags()["max-num-batched-tokens"]
	if cache, _ := sized(t, p, size, 0, workspace.Settings{}); cache == 0 || tokens != "" {
		t.Errorf("a decoder has a cache of %.2f GiB and steps of %q tokens", cache, tokens)
	}
}
