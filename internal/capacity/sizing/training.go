// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"math"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
)

// training holds the settings of a tuning job that determine its memory.
type training struct {
	batch         int // sequences in a step on one GPU
	sequence      int // tokens of a sequence
	rank          int // of the adapter
	modules       memory.Modules
	bits          float64 // of a parameter of the base model; 0 for the precision in which it is stored
	checkpointing bool    // recompute activations instead of keeping them
}

// Defaults of KAITO's tuning image. The rendered training configuration has a batch of 1; without that key,
// transformers' TrainingArguments use 8. trl's SFTTrainer cuts sequences at 1024 tokens. peft's LoraConfig has rank 8.
const (
	renderedBatch   = 1
	trainerBatch    = 8
	trainerSequence = 1024
	trainerRank     = 8
)

// trainingOf reads the training_config of the Workspace's ConfigMap; nil means the rendered default of the method. It
// ignores values of the wrong type, which the trainer refuses.
func trainingOf(config map[string]any, t preset.Tuning, method preset.Method) training {
	section := func(name string) map[string]any { m, _ := config[name].(map[string]any); return m }
	arguments, lora := section("TrainingArguments"), section("LoraConfig")
	out := training{batch: renderedBatch, sequence: trainerSequence, rank: trainerRank, modules: memory.AttentionModules}
	if config != nil {
		out.batch = trainerBatch
	}
	set(&out.batch, arguments, "per_device_train_batch_size")
	set(&out.sequence, arguments, "max_length") // trl's SFTConfig
	set(&out.rank, lora, "r")
	if names := t.Env["DEFAULT_TARGET_MODULES"]; names != "" {
		out.modules = memory.ModulesOf(strings.Split(names, ","))
	}
	switch names := lora["target_modules"].(type) {
	case []any:
		var list []string
		for _, n := range names {
			text, _ := n.(string)
			list = append(list, text)
		}
		out.modules = memory.ModulesOf(list)
	case string:
		out.modules = memory.ModulesOf([]string{names}) // "all-linear", or a pattern
	}
	out.bits = precision(config, method, section("QuantizationConfig"), section("ModelConfig"))
	out.checkpointing = truth(arguments["gradient_checkpointing"]) || out.bits == 4 || out.bits == 8
	return out
}

// precision returns the bits of a parameter of the base model, or 0 for the stored precision. peft's
// prepare_model_for_kbit_training prepares a quantized model, and also turns on checkpointing. transformers loads in
// 32 bit without a torch_dtype.
func precision(config map[string]any, method preset.Method, quantization, model map[string]any) float64 {
	dtype, _ := model["torch_dtype"].(string)
	switch {
	case truth(quantization["load_in_8bit"]):
		return 8
	case truth(quantization["load_in_4bit"]), config == nil && method == preset.QLoRA:
		return 4
	case config != nil && (dtype == "" || dtype == "float32"):
		return 32
	}
	return 0
}

// maxSetting bounds a setting, above all that package modelconfig admits, so that the product of two is a whole number.
const maxSetting = 1 << 30

// set assigns a positive whole number from a section, if it has one, and at most maxSetting.
func set(to *int, section map[string]any, key string) {
	var given float64
	switch v := section[key].(type) {
	case int64:
		given = float64(v)
	case uint64:
		given = float64(v)
	case int:
		given = float64(v)
	case float64:
		given = v
	case string:
		if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil || n == math.MaxInt64 {
			given = float64(n)
		}
	}
	if given >= 1 { // not NaN
		*to = int(min(given, maxSetting))
	}
}

func truth(v any) bool {
	b, ok := v.(bool)
	text, _ := v.(string)
	return ok && b || strings.EqualFold(text, "true")
}
