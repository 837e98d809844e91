// SPDX-License-Identifier: Apache-2.0

package render

import (
	"testing"

	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// goldenCase is one feature, and what it is rendered with.
type goldenCase struct {
	name string
	w    *workspace.Workspace
	at   Placement
	o    Options
}

// goldenCases is everything that rendering can do.
func goldenCases() []goldenCase {
	strength := "0.5"
	one := Placement{
		Nodes:          1,
		GPUsPerNode:    1,
		TensorParallel: 1,
		GPUModel:       "NVIDIA A100",
		Pool:           "w1",
		NodeLabels:     map[string]string{"app": "demo"},
	}
	config := func(key, value string) Options {
		o := options
		o.Objects = []workspace.Object{{Content: memo.Object{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": memo.Object{"name": "mine", "namespace": "default"},
			"data": memo.Object{key: value},
		}}}
		return o
	}
	return []goldenCase{
		{"inference-phi-4-mini-instruct", serving("phi-4-mini-instruct"), one, options},
		{"inference-falcon-7b", serving("falcon-7b"), one, options},
		{"inference-deepseek-v3.2-two-nodes", serving("deepseek-ai/DeepSeek-V3.2", func(w *workspace.Workspace) {
			w.Name = "deepseek"
			w.Inference.Preset.Options.ModelAccessSecret = "hugging-face"
		}), Placement{
			Nodes:            2,
			GPUsPerNode:      8,
			TensorParallel:   8,
			PipelineParallel: 2,
			GPUModel:         "NVIDIA H100",
			Pool:             "w2",
		}, options},
		{
			"inference-data-parallel-a10",
			serving(
				"qwen3.5-2b",
				annotate(wellknown.AnnotationPerformance, "throughput"),
				func(w *workspace.Workspace) { w.Name = "qwen" },
			),
			Placement{Nodes: 1, GPUsPerNode: 2, TensorParallel: 1, DataParallel: 2, GPUModel: "NVIDIA A10", Pool: "w3"},
			options,
		},
		{"inference-adapters", serving("phi-4", func(w *workspace.Workspace) {
			w.Inference.Adapters = []workspace.Adapter{
				{
					Source: &workspace.DataSource{
						Name:             "adapter-1",
						Image:            "example.azurecr.io/a:1",
						ImagePullSecrets: []string{"one", "two"},
					},
				},
				{
					Source: &workspace.DataSource{
						Name:   "from.volume",
						Volume: memo.Object{"persistentVolumeClaim": memo.Object{"claimName": "adapters"}},
					},
				},
			}
		}), one, options},
		{
			"inference-transformers",
			serving("phi-4", annotate(workspace.AnnotationRuntime, "transformers"), func(w *workspace.Workspace) {
				w.Inference.Adapters = []workspace.Adapter{
					{Source: &workspace.DataSource{Name: "a", Image: "example.azurecr.io/a:1"}, Strength: &strength},
				}
			}),
			one,
			options,
		},
		{
			"inference-config", serving("phi-4-mini-instruct", func(w *workspace.Workspace) { w.Inference.Config = "mine" }),
			one, config("inference_config.yaml", "vllm: {max-model-len: 4096}\n"),
		},
		{
			"inference-exposed-suspended-kept",
			serving(
				"phi-4-mini-instruct",
				annotate(wellknown.AnnotationLoadBalancer, "True"),
				annotate(
					workspace.AnnotationSuspend,
					"true",
				),
				annotate(workspace.AnnotationPrune, "disabled"),
				annotate(wellknown.AnnotationDisableBenchmark, "true"),
			),
			one,
			options,
		},
		{
			"inference-nvme", serving("phi-4-mini-instruct"),
			Placement{LocalNVMe: true},
			Options{Cluster: "demo", Source: "w.yaml", NVMeStorageClass: "kaito-local-nvme-disk"},
		},
		{
			"inference-closed-cluster", serving("phi-4-mini-instruct"), one,
			Options{Cluster: "demo", Source: "w.yaml", Reach: reach.Settings{
				Registries:  []reach.Mirror{{From: "mcr.microsoft.com", To: "registry.example.com/mcr"}},
				HuggingFace: "https://hub.example.com",
				Proxy:       reach.Proxy{HTTPS: "http://proxy.example.com:3128", No: []string{"10.0.0.0/8"}},
			}},
		},
		{
			"inference-local-weights",
			serving(
				"microsoft/Phi-4-mini-instruct",
				annotate(wellknown.AnnotationLocalWeights, "true"),
				func(w *workspace.Workspace) { w.Name = "phi" },
			),
			one, options,
		},
		{"inference-mig", serving("phi-4-mini-instruct", func(w *workspace.Workspace) {
			w.Resource.Partition = &workspace.Partition{Mode: "mig", Profile: "1g.10gb"}
			w.Labels = map[string]string{"inferenceset.kaito.sh/created-by": "set"}
		}), Placement{GPUsPerNode: 4}, options},
		{
			"inference-prefill",
			serving("phi-4", func(w *workspace.Workspace) {
				w.Name = "prefillers-0"
				w.Labels = map[string]string{
					"inferenceset.kaito.sh/created-by": "prefillers", wellknown.LabelInferenceRole: "prefill",
				}
			}),
			one,
			options,
		},
		{"inference-template", &workspace.Workspace{
			Key: workspace.Key{Namespace: "team", Name: "own"}, Digest: "0123abcd",
			Inference: &workspace.Inference{Template: memo.Object{
				"metadata": memo.Object{"labels": memo.Object{"theirs": "yes"}},
				"spec": memo.Object{
					"affinity": memo.Object{
						"podAffinity": memo.Object{},
					}, "tolerations": memo.List{memo.Object{"key": "theirs", "operator": "Exists"}},
					"containers": memo.List{memo.Object{"name": "curl", "image": "curl", "args": memo.List{"$(HOSTNAME)"}}},
				},
			}},
		}, one, options},
		{"tuning-phi-3-mini-128k-instruct-qlora", training("phi-3-mini-128k-instruct"), one, options},
		{"tuning-falcon-7b-qlora", training("falcon-7b"), one, options},
		{"tuning-falcon-7b-lora-volumes", training("falcon-7b", func(w *workspace.Workspace) {
			w.Tuning.Method = "LoRA"
			w.Tuning.Input = &workspace.DataSource{
				Name:   "data",
				Volume: memo.Object{"persistentVolumeClaim": memo.Object{"claimName": "data"}},
			}
			w.Tuning.Output = &workspace.DataDestination{Volume: memo.Object{"hostPath": memo.Object{"path": "/data"}}}
		}), Placement{GPUsPerNode: 4, Pool: "w4"}, privileged},
		{
			"tuning-phi-4-image-config-suspended",
			training("phi-4", annotate(workspace.AnnotationSuspend, "true"), func(w *workspace.Workspace) {
				w.Tuning.Config = "mine"
				w.Tuning.Preset.Options.ModelAccessSecret = "hugging-face"
				w.Tuning.Input = &workspace.DataSource{
					Name:             "data",
					Image:            "example.azurecr.io/data:1",
					ImagePullSecrets: []string{"one"},
				}
			}),
			one,
			config("training_config.yaml", "training_config:\n  TrainingArguments:\n    output_dir: out/here\n"),
		},
		{
			"inference-part-of-a-node",
			serving("phi-4"),
			Placement{Nodes: 1, GPUsPerNode: 2, TensorParallel: 2, GPUModel: "NVIDIA H100", Pool: "shared"},
			options,
		},
		{"inference-accelerators", serving("phi-4", func(w *workspace.Workspace) {
			count := 2
			w.Resource.Partition = &workspace.Partition{Mode: "accelerator", Count: &count}
		}), Placement{GPUsPerNode: 8, TensorParallel: 8, NodeLabels: map[string]string{"app": "demo"}}, options},
		{"inference-preferred-nodes", serving("phi-4-mini-instruct", func(w *workspace.Workspace) {
			w.Resource.PreferredNodes = []string{"node-b", "node-a"}
		}), Placement{GPUsPerNode: 1, NodeLabels: map[string]string{
			"app":                "demo",
			"kaito.sh/workspace": "reserved",
		}}, options},
		{"inference-model-image", serving("phi-4", func(w *workspace.Workspace) {
			w.Inference.Preset.AccessMode = "private"
			w.Inference.Preset.Options.Image = "example.azurecr.io/phi-4:0.0.1"
			w.Inference.Preset.Options.ImagePullSecrets = []string{"registry"}
		}), one, options},
		{
			"inference-model-image-transformers",
			serving("phi-4", annotate(workspace.AnnotationRuntime, "transformers"), func(w *workspace.Workspace) {
				w.Inference.Preset.AccessMode, w.Inference.Preset.Options.Image = "private", "example.azurecr.io/phi-4:0.0.1"
			}),
			one,
			options,
		},
		{
			"inference-weights-volume",
			serving("phi-4", annotate(workspace.AnnotationWeightsClass, "managed-csi-premium")),
			one,
			options,
		},
		{"inference-set-child", serving("phi-4", func(w *workspace.Workspace) {
			w.Name, w.Labels = "chat-0", map[string]string{"inferenceset.kaito.sh/created-by": "chat"}
		}), one, options},
		{
			"inference-cuda-toolkit-two-nodes-plain-probe",
			serving("deepseek-v3.2", annotate(wellknown.AnnotationDisableBenchmark, "true"), named("deepseek")),
			Placement{Nodes: 2, GPUsPerNode: 8, GPUModel: "NVIDIA H200", Pool: "w5"},
			options,
		},
		{
			"inference-four-gpus",
			serving(
				"llama-3.3-70b-instruct",
				named("llama"),
				annotate(wellknown.AnnotationPerformance, "interactivity"),
				func(w *workspace.Workspace) {
					w.Inference.Preset.Options.ModelAccessSecret = "hugging-face"
				},
			),
			Placement{Nodes: 1, GPUsPerNode: 4, GPUModel: "NVIDIA A100", Pool: "w6"},
			options,
		},
		{"inference-gated", serving("llama-3.1-8b-instruct", named("llama"), func(w *workspace.Workspace) {
			w.Inference.Preset.Options.ModelAccessSecret = "hugging-face"
			w.Inference.Preset.Options.ImagePullSecrets = []string{"registry"}
		}), one, options},
		{"tuning-model-image", training("phi-4", func(w *workspace.Workspace) {
			w.Tuning.Preset.AccessMode = "private"
			w.Tuning.Preset.Options.Image, w.Tuning.Preset.Options.ImagePullSecrets = "example.azurecr.io/phi-4:0.0.1", []string{
				"registry",
			}
		}), one, options},
		{"tuning-volume-to-volume", training("mistral-7b-v0.3", named("mistral"), func(w *workspace.Workspace) {
			w.Tuning.Method = "lora"
			w.Tuning.Input = &workspace.DataSource{
				Volume: memo.Object{"azureFile": memo.Object{"secretName": "files", "shareName": "data"}},
			}
			w.Tuning.Output = &workspace.DataDestination{
				Volume: memo.Object{"persistentVolumeClaim": memo.Object{"claimName": "results"}},
			}
		}), Placement{GPUsPerNode: 8, Pool: "w7"}, options},
	}
}

func TestGolden(t *testing.T) {
	for _, tt := range goldenCases() {
		t.Run(tt.name, func(t *testing.T) {
			b := mustRender(t, tt.w, tt.at, tt.o)
			validate(t, b)
			golden.Equal(t, "testdata/golden/"+tt.name+".yaml", text(t, b))
		})
	}
}
