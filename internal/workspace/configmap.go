package workspace

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/strictyaml"
)

// The keys of the ConfigMaps that Workspaces name.
const (
	inferenceConfigKey = "inference_config.yaml"
	trainingConfigKey  = "training_config.yaml"
)

// configData returns the text of a key of a ConfigMap that the Workspace names. It reports one that is missing, which is an
// error only where nothing but the repository can have it.
func (c *check) configData(field, name, key string) (string, bool) {
	if name == "" {
		return "", false
	}
	o := findConfigMap(c.set.Objects, c.w.Namespace, name)
	if o == nil {
		severity, hint := Warning, "syncer does not look into the cluster for it"
		if c.env.ClosedWorld {
			severity, hint = Error, "create it in the same namespace"
		}
		c.add(severity, field, fmt.Sprintf("ConfigMap %s/%s is not in the repository", c.w.Namespace, name), hint)
		return "", false
	}
	data, _ := o["data"].(map[string]any)
	text, ok := data[key].(string)
	if !ok {
		c.fail(field, fmt.Sprintf("ConfigMap %s has no key %s", name, key), "")
	}
	return text, ok
}

// inferenceConfig checks the ConfigMap of a served model.
func (c *check) inferenceConfig(p preset.Preset, known bool) {
	const field = "inference.config"
	text, ok := c.configData(field, c.w.Inference.Config, inferenceConfigKey)
	if !ok {
		return
	}
	settings, ok := vllmSettings(text)
	if !ok {
		c.fail(field, inferenceConfigKey+" must hold a mapping, and vllm in it a mapping of plain values", "")
		return
	}
	length := strings.TrimSpace(settings["max-model-len"])
	if length == "" || length == "auto" || c.w.APIVersion == V1alpha1 {
		return
	}
	n, err := strconv.Atoi(length)
	switch {
	case err != nil:
		c.fail(field, fmt.Sprintf("max-model-len must be a whole number, not %q", length), "")
	case known && p.Model.ContextLength > 0 && n > p.Model.ContextLength:
		c.fail(field, fmt.Sprintf("max-model-len %d exceeds what %s supports, %d", n, p.Name, p.Model.ContextLength), "")
	}
}

// vllmSettings reads the vllm section of an inference_config.yaml. Plain values of any type are text to vLLM.
func vllmSettings(text string) (map[string]string, bool) {
	var doc struct {
		VLLM map[string]yaml.Node `yaml:"vllm"`
	}
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, false
	}
	out := map[string]string{}
	for k, v := range doc.VLLM {
		if v.Kind != yaml.ScalarNode {
			return nil, false
		}
		out[k] = v.Value
	}
	return out, true
}

// MaxModelLen returns the longest sequence that the Workspace's inference.config asks for, in tokens; 0 when it leaves the
// choice open, or when its ConfigMap is not in the repository.
func MaxModelLen(set *Set, w *Workspace) int {
	if w.Inference == nil {
		return 0
	}
	o := findConfigMap(set.Objects, w.Namespace, w.Inference.Config)
	data, _ := o["data"].(map[string]any)
	text, _ := data[inferenceConfigKey].(string)
	settings, _ := vllmSettings(text)
	n, err := strconv.Atoi(strings.TrimSpace(settings["max-model-len"]))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// trainingSections are the parts that a training_config may have.
var trainingSections = []string{"ModelConfig", "QuantizationConfig", "LoraConfig", "TrainingArguments", "DatasetConfig", "DataCollator"}

// tuningConfig checks the ConfigMap of a tuning. Without one, the default of the method is rendered.
func (c *check) tuningConfig(method preset.Method) {
	const field = "tuning.config"
	text, ok := c.configData(field, c.w.Tuning.Config, trainingConfigKey)
	if !ok {
		return
	}
	docs, syntax := strictyaml.Documents([]byte(text))
	if syntax != nil || len(docs) != 1 {
		c.fail(field, trainingConfigKey+" is not one YAML document", "")
		return
	}
	all, errs := strictyaml.Map(docs[0])
	training, isMap := all["training_config"].(map[string]any)
	if len(errs) > 0 || !isMap {
		c.fail(field, trainingConfigKey+" must hold the key training_config with a mapping", "")
		return
	}
	for _, section := range slices.Sorted(maps.Keys(training)) {
		if !slices.Contains(trainingSections, section) {
			c.fail(field, fmt.Sprintf("training_config has no section %q", section), "sections: "+strings.Join(trainingSections, ", "))
		}
	}
	c.quantization(field, method, training["QuantizationConfig"])
	arguments, _ := training["TrainingArguments"].(map[string]any)
	if dir, given := arguments["output_dir"]; given {
		text, isText := dir.(string)
		if !isText {
			c.fail(field, "TrainingArguments.output_dir must be text", "")
		} else if full := path.Join("/mnt", strings.TrimPrefix(text, "/mnt")); full == "/mnt" || !strings.HasPrefix(full, "/mnt/") {
			c.fail(field, fmt.Sprintf("TrainingArguments.output_dir %q is not a folder below /mnt", text), "write /mnt/results")
		}
	}
}

// quantization checks that the precision goes with the method.
func (c *check) quantization(field string, method preset.Method, section any) {
	q, _ := section.(map[string]any)
	flags := map[string]bool{}
	for _, key := range []string{"load_in_4bit", "load_in_8bit"} {
		v, isBool := q[key].(bool)
		if !isBool && q[key] != nil {
			c.fail(field, "QuantizationConfig."+key+" must be true or false", "")
		}
		flags[key] = v
	}
	four, eight := flags["load_in_4bit"], flags["load_in_8bit"]
	switch {
	case four && eight:
		c.fail(field, "load_in_4bit and load_in_8bit cannot both be true", "")
	case method == preset.LoRA && (four || eight):
		c.fail(field, "lora tunes without quantization", "use qlora, or set load_in_4bit and load_in_8bit to false")
	case method == preset.QLoRA && !four && !eight:
		c.fail(field, "qlora needs QuantizationConfig with load_in_4bit or load_in_8bit true", "")
	}
}
