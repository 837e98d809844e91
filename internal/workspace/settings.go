package workspace

import "syncer.dev/syncer/internal/strictyaml"

// Settings are what the ConfigMaps that a Workspace names say about how its model runs. What is not in the repository, or cannot be
// read, is as if it were not said: validation tells about it.
type Settings struct {
	VLLM     map[string]string // the vllm section of inference_config.yaml
	Training map[string]any    // the training_config of training_config.yaml
	// InferenceText is inference_config.yaml as it is written.
	InferenceText string
}

// SettingsOf returns the Settings of the Workspace.
func SettingsOf(set *Set, w *Workspace) Settings {
	var s Settings
	text := func(name, key string) string {
		data, _ := findConfigMap(set.Objects, w.Namespace, name)["data"].(map[string]any)
		value, _ := data[key].(string)
		return value
	}
	if w.Inference != nil {
		s.InferenceText = text(w.Inference.Config, inferenceConfigKey)
		s.VLLM, _ = vllmSettings(s.InferenceText)
	}
	if w.Tuning != nil {
		docs, syntax := strictyaml.Documents([]byte(text(w.Tuning.Config, trainingConfigKey)))
		if syntax == nil && len(docs) == 1 {
			all, _ := strictyaml.Map(docs[0])
			s.Training, _ = all["training_config"].(map[string]any)
		}
	}
	return s
}
