// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/modelconfig"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// configData returns the text of a key of a ConfigMap that the Workspace names. It reports one that is missing, which
// is an error only where nothing but the repository can have it.
func (c *check) configData(field, name, key string) (string, bool) {
	if name == "" || !c.objectName(field, "ConfigMap", name) {
		return "", false
	}
	data, found := c.configMap(workspace.Key{Namespace: c.w.Namespace, Name: name})
	if !found {
		c.missingConfig(field, name)
		return "", false
	}
	text, ok := data[key]
	if !ok {
		hint := ""
		if meant := strictyaml.Suggest(key, slices.Sorted(maps.Keys(data))); meant != "" {
			hint = fmt.Sprintf("rename the key %q", meant)
		}
		c.fail(diag.ConfigMapKeyNotFound, field, fmt.Sprintf("ConfigMap %s has no key %s", name, key), hint)
	}
	return text, ok
}

// configMap returns the data of a ConfigMap of the repository or the cluster.
func (c *check) configMap(k workspace.Key) (map[string]string, bool) {
	o := workspace.FindConfigMap(c.set.Objects, k.Namespace, k.Name)
	if o == nil {
		data, live := c.env.Facts.ConfigMaps[k]
		return data, live
	}
	return workspace.StringMap(o["data"]), true
}

// missingConfig reports a missing ConfigMap: an error where KAITO requires it.
func (c *check) missingConfig(field, name string) {
	message := fmt.Sprintf("ConfigMap %s/%s is not in the repository", c.w.Namespace, name)
	var names []string
	for _, o := range c.set.Objects {
		if as := o.InCluster(); as.Kind == "ConfigMap" {
			if as.Name == name {
				c.add(
					diag.Error,
					diag.ReferenceNotFound,
					field,
					message,
					fmt.Sprintf("namespace %s has one; move it to the namespace of the Workspace", as.Namespace),
				)
				return
			}
			if as.Namespace == c.w.Namespace {
				names = append(names, as.Name)
			}
		}
	}
	hint := didYouMean(name, names)
	switch {
	case c.env.Facts.Unknown[workspace.Named{Kind: "ConfigMap", Key: workspace.Key{Namespace: c.w.Namespace, Name: name}}]:
		c.add(
			diag.Warning,
			diag.ReferenceNotChecked,
			field,
			message,
			cmp.Or(hint, "syncer could not read the cluster to check"),
		)
	case c.env.Facts.ConfigMaps != nil:
		c.add(
			diag.Error,
			diag.ReferenceNotFound,
			field,
			message+", nor in the cluster",
			cmp.Or(hint, "create it in that namespace"),
		)
	case c.env.ClosedWorld:
		c.add(
			diag.Error,
			diag.ReferenceNotFound,
			field,
			message,
			cmp.Or(hint, "add it, validate the folder that holds it, or provide the objects of the cluster with --facts FILE"),
		)
	default:
		hint = cmp.Or(hint, "syncer did not look for it in the cluster")
		c.add(diag.Warning, diag.ReferenceNotChecked, field, message, hint)
	}
}

// smallGPU is the memory of a GPU in GiB below which v1alpha1 requires max-model-len.
const smallGPU = 20

// lengthRequired reports, for v1alpha1 only, a max-model-len that is missing where a model is spread: over nodes, or
// over small GPUs.
func (c *check) lengthRequired(field string, known bool) {
	r := c.w.Resource
	if c.w.APIVersion != workspace.V1alpha1 || !known {
		return
	}
	for _, o := range c.set.Objects { // what KAITO would take when no ConfigMap is named
		if as := o.InCluster(); as.Kind == "ConfigMap" && as.Name == workspace.DefaultInferenceConfig &&
			c.w.Inference.Config == "" {
			settings, _ := workspace.VLLMSettings(workspace.StringMap(o.Content["data"])[workspace.InferenceConfigKey])
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
		c.fail(
			diag.RequiredField,
			field,
			"a v1alpha1 Workspace on several nodes or small GPUs requires max-model-len in the vllm section of "+
				workspace.InferenceConfigKey,
			"set it, or use apiVersion "+workspace.V1beta1+", where the number of nodes follows from the model",
		)
	}
}

// tuningConfig checks the ConfigMap of a tuning. Without one, the default of the method is rendered.
func (c *check) tuningConfig(p preset.Preset, method preset.Method) {
	const field = "tuning.config"
	text, ok := c.configData(field, c.w.Tuning.Config, workspace.TrainingConfigKey)
	if !ok {
		return
	}
	server := modelconfig.Server{
		Foreign: c.foreign(p), RemoteCode: p.RemoteCode(preset.VLLM) || p.RemoteCode(preset.Transformers),
	}
	found := c.once(fmt.Sprintf("training %+v", server), text, func() []diag.Diagnostic {
		return modelconfig.Training(text, server)
	})
	if !c.settings(field, c.w.Tuning.Config, workspace.TrainingConfigKey, found) {
		return
	}
	docs, _ := strictyaml.Documents([]byte(text))
	if len(docs) != 1 {
		return
	}
	all, _ := strictyaml.Map(docs[0])
	training, _ := all["training_config"].(map[string]any)
	c.quantization(field, method, training["QuantizationConfig"])
	arguments, _ := training["TrainingArguments"].(map[string]any)
	if dir, given := arguments["output_dir"]; given {
		text, isText := dir.(string)
		if !isText {
			c.fail(diag.InvalidConfig, field, "TrainingArguments.output_dir must be text", "")
			return
		}
		// Like KAITO's, the comparison is one of text: "../mnt2" passes, and is /mnt2.
		if full := path.Join("/mnt", strings.TrimPrefix(text, "/mnt")); full == "/mnt" || !strings.HasPrefix(full, "/mnt") {
			c.fail(
				diag.InvalidConfig,
				field,
				fmt.Sprintf("TrainingArguments.output_dir %q must be a folder below /mnt", text),
				"use a folder such as /mnt/results",
			)
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
			c.fail(diag.InvalidConfig, field, "QuantizationConfig."+key+" must be true or false", "")
		}
		flags[key] = v
	}
	four, eight := flags["load_in_4bit"], flags["load_in_8bit"]
	switch {
	case four && eight:
		c.fail(diag.InvalidConfig, field, "load_in_4bit and load_in_8bit cannot both be true", "remove one of them")
	case method == preset.LoRA && (four || eight):
		c.fail(
			diag.InvalidConfig,
			field,
			"method lora does not quantize, but load_in_4bit or load_in_8bit is true",
			"use qlora, or set load_in_4bit and load_in_8bit to false",
		)
	case method == preset.QLoRA && !four && !eight:
		c.fail(diag.InvalidConfig, field, "method qlora requires load_in_4bit or load_in_8bit in QuantizationConfig",
			"set one of them to true")
	}
}
