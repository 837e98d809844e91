package capacity

import (
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// training is what a fine-tuning does, as far as its memory depends on it.
type training struct {
	batch         int // sequences in a step on one GPU
	sequence      int // tokens of a sequence
	rank          int // of the adapter
	modules       modules
	bits          float64 // of a parameter of the base model; 0 for the precision in which it is stored
	checkpointing bool    // activations are computed again instead of kept
}

// What KAITO's tuning image does when the training configuration says nothing. The rendered default has a batch of 1; without the
// key, transformers' TrainingArguments take 8. Sequences are cut at 1024 tokens by trl's SFTTrainer. peft's LoraConfig has rank 8.
const (
	renderedBatch   = 1
	trainerBatch    = 8
	trainerSequence = 1024
	trainerRank     = 8
)

// modules are the projections of a layer that get an adapter.
type modules struct{ query, key, value, output, gate, up, down bool }

var (
	allModules       = modules{true, true, true, true, true, true, true}
	attentionModules = modules{query: true, key: true, value: true, output: true} // more than peft's own choice for most models
)

// modulesOf reads names such as q_proj or query_key_value. A name that it does not know may be anything, and stands for all.
func modulesOf(names []string) modules {
	var m modules
	for _, name := range names {
		n := strings.ToLower(name)
		switch {
		case strings.Contains(n, "qkv"), strings.Contains(n, "query_key_value"):
			m.query, m.key, m.value = true, true, true
		case strings.HasPrefix(n, "q_") || n == "query":
			m.query = true
		case strings.HasPrefix(n, "k_") || n == "key":
			m.key = true
		case strings.HasPrefix(n, "v_") || n == "value":
			m.value = true
		case strings.HasPrefix(n, "o_") || n == "dense":
			m.output = true
		case n == "gate_up_proj":
			m.gate, m.up = true, true
		case strings.HasPrefix(n, "gate"):
			m.gate = true
		case strings.HasPrefix(n, "up") || n == "dense_h_to_4h":
			m.up = true
		case strings.HasPrefix(n, "down") || n == "dense_4h_to_h":
			m.down = true
		default:
			return allModules
		}
	}
	return m
}

// trainingOf reads the training_config of the Workspace's ConfigMap, nil when the default of the method is rendered. Values of the
// wrong kind are the trainer's to refuse, and passed over here.
func trainingOf(config map[string]any, t preset.Tuning, method preset.Method) training {
	section := func(name string) map[string]any { m, _ := config[name].(map[string]any); return m }
	arguments, lora, quantization, model := section("TrainingArguments"), section("LoraConfig"), section("QuantizationConfig"), section("ModelConfig")
	out := training{batch: renderedBatch, sequence: trainerSequence, rank: trainerRank, modules: attentionModules}
	if config != nil {
		out.batch = trainerBatch
	}
	set(&out.batch, arguments, "per_device_train_batch_size")
	for _, key := range []string{"max_seq_length", "max_length"} { // older and newer trl
		set(&out.sequence, arguments, key)
		set(&out.sequence, section("DatasetConfig"), key)
	}
	set(&out.rank, lora, "r")
	if names := t.Env["DEFAULT_TARGET_MODULES"]; names != "" {
		out.modules = modulesOf(strings.Split(names, ","))
	}
	switch names := lora["target_modules"].(type) {
	case []any:
		var list []string
		for _, n := range names {
			text, _ := n.(string)
			list = append(list, text)
		}
		out.modules = modulesOf(list)
	case string:
		out.modules = modulesOf([]string{names}) // "all-linear", or a pattern
	}
	out.bits = precision(config, method, quantization, model)
	out.checkpointing = truth(arguments["gradient_checkpointing"]) || out.bits == 4 || out.bits == 8
	return out
}

// precision returns the bits of a parameter of the base model. A quantized one is prepared by peft's
// prepare_model_for_kbit_training, which also turns on checkpointing. transformers load in 32 bit when no torch_dtype is given.
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

// set takes a whole positive number from a section.
func set(to *int, section map[string]any, key string) {
	switch v := section[key].(type) {
	case int64:
		if v > 0 {
			*to = int(v)
		}
	case int:
		if v > 0 {
			*to = v
		}
	case float64:
		if v > 0 {
			*to = int(v)
		}
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n > 0 {
			*to = n
		}
	}
}

func truth(v any) bool {
	b, ok := v.(bool)
	text, _ := v.(string)
	return ok && b || strings.EqualFold(text, "true")
}
