// SPDX-License-Identifier: Apache-2.0

package render

import (
	"maps"
	"slices"
	"strconv"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// flags are command-line flags without their leading dashes; an empty value stands for a flag without one.
type flags map[string]string

// args returns the flags as arguments, sorted, so that the same Workspace always gives the same pod.
func (f flags) args() []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(f)) {
		if f[key] == "" {
			out = append(out, "--"+key)
		} else {
			out = append(out, "--"+key+"="+f[key])
		}
	}
	return out
}

// vllmFlags is the command line of vLLM for a preset, as KAITO v0.12 builds it. The preset's own flags come first, so
// that the flags of the Workspace and of its placement win.
func vllmFlags(w *workspace.Workspace, p preset.Preset, at Placement, o Options) flags {
	f := flags{}
	maps.Copy(f, p.RunParameters[preset.VLLM])
	cpuCache(f, w, p, o)
	f["served-model-name"] = servedName(w, p)
	f["max-model-len"] = "auto" // the longest context that fits, found by vLLM when it starts
	f["gpu-memory-utilization"] = "0.84"
	if at.GPUModel == "NVIDIA A10" {
		f["gpu-memory-utilization"] = "0.82"
	}
	if p.Pooling() {
		f["runner"] = "pooling"
		f[preset.FlagCPUCache] = "0" // an encoder has no cache that could be moved
	} else {
		f["kv-events-config"] = `{"enable_kv_cache_events":true}`
	}
	// This fusion is compiled when the model is loaded, for which the image has no CUDA toolkit.
	f["compilation-config.pass_config.fuse_allreduce_rms"] = "False"
	if len(w.Inference.Adapters) > 0 {
		f["enable-lora"] = ""
	}
	if w.Inference.Config != "" {
		f["kaito-config-file"] = configDir + "/inference_config.yaml"
	}
	switch mode := w.Annotations[wellknown.AnnotationPerformance]; mode {
	case "interactivity", "throughput":
		f["performance-mode"] = mode
	}
	switch dir := localWeights(w); {
	case dir != "":
		f["model"] = dir
		delete(f, "load_format")
		f["load-format"] = "runai_streamer"
	case w.Inference.Preset.ModelImage() != "":
		f["model"] = weightsDir
	default:
		f["model"] = p.Repo
		f["download-dir"] = weightsDir
		if p.Revision != "" {
			// Weights, tokenizer and model code must be of the same commit.
			f["revision"], f["tokenizer-revision"], f["code-revision"] = p.Revision, p.Revision, p.Revision
		}
	}
	parallel(f, at)
	// Moving the KV cache to the CPU does not work with a share of a GPU, nor over several engines or nodes.
	if w.MIGProfile() != "" || at.DataParallel > 1 || at.Nodes > 1 {
		f[preset.FlagCPUCache] = "0"
	}
	return f
}

// cpuCache sets the flag that moves parts of the cache to the CPU, or leaves it to the Workspace's own value.
func cpuCache(f flags, w *workspace.Workspace, p preset.Preset, o Options) {
	file := workspace.SettingsOf(&workspace.Set{Objects: o.Objects}, w).CPUCache
	if c := p.CPUCache(file); c.Flag != "" {
		f[preset.FlagCPUCache] = c.Flag
	} else {
		delete(f, preset.FlagCPUCache)
	}
}

// parallel sets the flags that spread the model: copies on the GPUs of a node, or one copy split over GPUs and nodes.
func parallel(f flags, at Placement) {
	if at.DataParallel > 1 && at.Nodes == 1 {
		f["data-parallel-size"] = strconv.Itoa(at.DataParallel)
	}
	f["tensor-parallel-size"] = strconv.Itoa(at.TensorParallel)
	if at.PipelineParallel > 1 { // also within one node, when the heads do not divide by its GPUs
		f["pipeline-parallel-size"] = strconv.Itoa(at.PipelineParallel)
	}
	if at.Nodes > 1 {
		f["distributed-executor-backend"] = "ray"
	}
}

// transformersFlags is the command line of KAITO's Transformers server for a preset.
func transformersFlags(w *workspace.Workspace, p preset.Preset) flags {
	f := flags{}
	maps.Copy(f, p.RunParameters[preset.Transformers])
	f["served_model_name"] = servedName(w, p)
	if w.Inference.Preset.ModelImage() != "" {
		f["pretrained_model_name_or_path"] = weightsDir
		return f
	}
	f["pretrained_model_name_or_path"] = p.Repo
	f["allow_remote_files"] = ""
	if p.Revision != "" {
		f["revision"] = p.Revision
	}
	return f
}

// servedName is the name of the model in the API: that of the InferenceSet when there is one, so that clients see one
// model.
func servedName(w *workspace.Workspace, p preset.Preset) string {
	if set := w.Labels[wellknown.LabelInferenceSet]; set != "" {
		return set
	}
	return p.Name
}
