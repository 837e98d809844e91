// SPDX-License-Identifier: Apache-2.0

package workspace_test

import (
	"testing"

	"syncer.dev/syncer/internal/workspace"
)

func TestSettings(t *testing.T) {
	set := &workspace.Set{Objects: []workspace.Object{
		{
			Content: map[string]any{
				"kind":     "ConfigMap",
				"metadata": map[string]any{"name": "serve", "namespace": "default"},
				"data": map[string]any{
					"inference_config.yaml": "vllm:\n  max-num-seqs: 16\n  kv-cache-dtype: fp8\n",
				},
			},
		},
		{
			Content: map[string]any{
				"kind":     "ConfigMap",
				"metadata": map[string]any{"name": "tune", "namespace": "default"},
				"data": map[string]any{
					"training_config.yaml": `training_config:
  LoraConfig: {r: 32}
  TrainingArguments: {per_device_train_batch_size: 4}
`,
				},
			},
		},
	}}
	key := workspace.Key{Namespace: "default", Name: "w"}
	served := workspace.SettingsOf(set, &workspace.Workspace{Key: key, Inference: &workspace.Inference{Config: "serve"}})
	if served.VLLM["max-num-seqs"] != "16" || served.VLLM["kv-cache-dtype"] != "fp8" || served.Training != nil ||
		served.InferenceText == "" {
		t.Errorf("served: %+v", served)
	}
	tuned := workspace.SettingsOf(set, &workspace.Workspace{Key: key, Tuning: &workspace.Tuning{Config: "tune"}})
	lora, _ := tuned.Training["LoraConfig"].(map[string]any)
	if r, _ := lora["r"].(int64); r != 32 || tuned.VLLM != nil {
		t.Errorf("tuned: %+v (%T)", tuned, lora["r"])
	}
	for _, w := range []workspace.Workspace{
		{Key: key, Inference: &workspace.Inference{Config: "elsewhere"}},
		{Key: key, Tuning: &workspace.Tuning{}},
		{Key: workspace.Key{Namespace: "other"}, Tuning: &workspace.Tuning{Config: "tune"}},
	} {
		if s := workspace.SettingsOf(set, &w); len(s.VLLM) > 0 || s.Training != nil {
			t.Errorf("%+v: %+v", w, s)
		}
	}
}
