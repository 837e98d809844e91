package workspace

import (
	"cmp"
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

	defaultInferenceConfig = "inference-params-template" // of a release of KAITO
)

// configData returns the text of a key of a ConfigMap that the Workspace names. It reports one that is missing, which is an
// error only where nothing but the repository can have it.
func (c *check) configData(field, name, key string) (string, bool) {
	if name == "" || !c.objectName(field, "ConfigMap", name) {
		return "", false
	}
	data, found := c.configMap(Key{c.w.Namespace, name})
	if !found {
		c.missingConfig(field, name)
		return "", false
	}
	text, ok := data[key]
	if !ok {
		hint := ""
		if meant := strictyaml.Suggest(key, slices.Sorted(maps.Keys(data))); meant != "" {
			hint = fmt.Sprintf("it has %q", meant)
		}
		c.fail(field, fmt.Sprintf("ConfigMap %s has no key %s", name, key), hint)
	}
	return text, ok
}

// configMap returns the data of a ConfigMap of the repository or the cluster.
func (c *check) configMap(k Key) (map[string]string, bool) {
	o := findConfigMap(c.set.Objects, k.Namespace, k.Name)
	if o == nil {
		data, live := c.env.Facts.ConfigMaps[k]
		return data, live
	}
	return texts(o["data"]), true
}

// missingConfig reports a ConfigMap that is not there: an error where it would have to be, as in KAITO.
func (c *check) missingConfig(field, name string) {
	message := fmt.Sprintf("ConfigMap %s/%s is not in the repository", c.w.Namespace, name)
	var names []string
	for _, o := range c.set.Objects {
		if kind, as := makes(o.Content); kind == "ConfigMap" {
			if as.Name == name {
				c.add(Error, field, message, fmt.Sprintf("there is one in namespace %s; it must be in that of the Workspace", as.Namespace))
				return
			}
			if as.Namespace == c.w.Namespace {
				names = append(names, as.Name)
			}
		}
	}
	hint := ""
	if meant := strictyaml.Suggest(name, names); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	}
	switch {
	case c.env.Facts.Unknown[Named{"ConfigMap", Key{c.w.Namespace, name}}]:
		c.add(Warning, field, message, cmp.Or(hint, "whether it is in the cluster could not be seen"))
	case c.env.Facts.ConfigMaps != nil:
		c.add(Error, field, message+", nor in the cluster", cmp.Or(hint, "create it in the same namespace"))
	case c.env.ClosedWorld:
		c.add(Error, field, message, cmp.Or(hint, "add it; or validate the folder that holds it, or hand in what the cluster has: --facts FILE"))
	default:
		c.add(Warning, field, message, cmp.Or(hint, "nobody looked into the cluster for it"))
	}
}

// inferenceConfig checks the ConfigMap of a served model.
func (c *check) inferenceConfig(p preset.Preset, known bool) {
	const field = "inference.config"
	text, ok := c.configData(field, c.w.Inference.Config, inferenceConfigKey)
	if !ok {
		if c.w.Inference.Config == "" {
			c.lengthRequired(field, known)
		}
		return
	}
	settings, ok := vllmSettings(text)
	if !ok {
		c.fail(field, inferenceConfigKey+" must hold a mapping, and vllm in it a mapping of plain values", "")
		return
	}
	length := strings.TrimSpace(settings["max-model-len"])
	if c.w.APIVersion == V1alpha1 {
		if length == "" {
			c.lengthRequired(field, known)
		}
		return
	}
	if length == "" || !known || p.Model.ContextLength <= 0 {
		return // of a model that is not known nothing can be said
	}
	switch n, err := strconv.Atoi(length); {
	case err != nil:
		c.fail(field, fmt.Sprintf("max-model-len must be a whole number, not %.100q", length), "leave it out to let syncer choose")
	case n > p.Model.ContextLength:
		c.fail(field, fmt.Sprintf("max-model-len %d exceeds what %s supports, %d", n, p.Name, p.Model.ContextLength), "")
	}
}

// smallGPU is the memory of a GPU in GiB below which v1alpha1 wants to be told how long sequences may get.
const smallGPU = 20

// lengthRequired reports, for v1alpha1 only, a max-model-len that is missing where a model is spread: over nodes, or over small
// GPUs.
func (c *check) lengthRequired(field string, known bool) {
	r := c.w.Resource
	if c.w.APIVersion != V1alpha1 || !known {
		return
	}
	for _, o := range c.set.Objects { // what KAITO would take when no ConfigMap is named
		if kind, as := makes(o.Content); kind == "ConfigMap" && as.Name == defaultInferenceConfig && c.w.Inference.Config == "" {
			settings, _ := vllmSettings(texts(o.Content["data"])[inferenceConfigKey])
			if strings.TrimSpace(settings["max-model-len"]) != "" {
				return
			}
		}
	}
	spread := r.Count != nil && *r.Count > 1
	if c.env.Size != nil && !spread {
		size, ok := c.env.Size(r.InstanceType)
		spread = ok && size.GPUs > 1 && size.MemoryGiB < smallGPU*size.GPUs
	}
	if spread {
		c.fail(field, "max-model-len is required in the vllm section of "+inferenceConfigKey+" when a v1alpha1 Workspace takes several nodes or small GPUs",
			"set it, or use apiVersion "+V1beta1+", where the number of nodes follows from the model")
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
			return
		}
		// Like KAITO's, the comparison is one of text: "../mnt2" passes, and is /mnt2.
		if full := path.Join("/mnt", strings.TrimPrefix(text, "/mnt")); full == "/mnt" || !strings.HasPrefix(full, "/mnt") {
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
