// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"math"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/strictyaml"
)

// Settings are the settings of a model in the ConfigMaps that a Workspace names. A ConfigMap that is missing or
// unreadable counts as empty; validation reports it.
type Settings struct {
	VLLM     map[string]string // the vllm section of inference_config.yaml
	Training map[string]any    // the training_config of training_config.yaml
	CPUCache string            // CPUCacheKey of inference_config.yaml, as it is written; "" without one
	// InferenceText is inference_config.yaml as it is written.
	InferenceText string
}

// SettingsOf returns the Settings of the Workspace.
func SettingsOf(set *Set, w *Workspace) Settings {
	var s Settings
	text := func(name, key string) string {
		data, _ := FindConfigMap(set.Objects, w.Namespace, name)["data"].(map[string]any)
		value, _ := data[key].(string)
		return value
	}
	if w.Inference != nil {
		s.InferenceText = text(w.Inference.Config, InferenceConfigKey)
		s.VLLM, _ = VLLMSettings(s.InferenceText)
		s.CPUCache = cpuCache(s.InferenceText)
	}
	if w.Tuning != nil {
		docs, syntax := strictyaml.Documents([]byte(text(w.Tuning.Config, TrainingConfigKey)))
		if syntax == nil && len(docs) == 1 {
			all, _ := strictyaml.Map(docs[0])
			s.Training, _ = all["training_config"].(map[string]any)
		}
	}
	return s
}

// The keys of the ConfigMaps that Workspaces name.
const (
	InferenceConfigKey = "inference_config.yaml"
	TrainingConfigKey  = "training_config.yaml"

	DefaultInferenceConfig = "inference-params-template" // of a release of KAITO
)

// VLLMSettings reads the vllm section of an inference_config.yaml. Plain values of any type are text to vLLM. Each flag
// has its one spelling (imagespec.Key), and of one that is given twice the last counts, as for vLLM. A flag that takes
// no value is "true", or "false" for its form with no-: KAITO's wrapper cannot switch a flag off by its value.
//
// It returns false for a text that is no such file; package modelconfig says why.
func VLLMSettings(text string) (map[string]string, bool) {
	if text == "" { // as for most Workspaces
		return map[string]string{}, true
	}
	docs, syntax := strictyaml.Documents([]byte(text))
	if syntax != nil || len(docs) > 1 {
		return nil, false
	}
	out := map[string]string{}
	if len(docs) == 0 {
		return out, true
	}
	section := strictyaml.Field(docs[0], "vllm")
	if section == nil {
		return out, docs[0].Kind == yaml.MappingNode
	}
	if section.Kind != yaml.MappingNode {
		return nil, false
	}
	for key, value := range strictyaml.Pairs(section) {
		if value.Kind != yaml.ScalarNode {
			return nil, false
		}
		f := imagespec.Current().Flag(key.Value)
		switch {
		case f.Arg.Kind != imagespec.Bool || f.Field != "":
			out[f.Key()] = value.Value
		case f.Negated:
			out[f.Name] = "false"
		default:
			out[f.Name] = "true"
		}
	}
	return out, true
}

// MaxModelLen returns the longest sequence that the Workspace's inference.config asks for, in tokens; 0 when it leaves
// the choice open, or when its ConfigMap is not in the repository.
func MaxModelLen(set *Set, w *Workspace) int {
	if w.Inference == nil {
		return 0
	}
	o := FindConfigMap(set.Objects, w.Namespace, w.Inference.Config)
	data, _ := o["data"].(map[string]any)
	text, _ := data[InferenceConfigKey].(string)
	settings, _ := VLLMSettings(text)
	n, ok := imagespec.ParseLength(settings["max-model-len"])
	if !ok || n < 0 || n > math.MaxInt32 {
		return 0
	}
	return int(n)
}
