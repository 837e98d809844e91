// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"errors"
	"math"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/preset"
)

// Models that KAITO tunes, with the figures of their configurations.
var (
	phi3Tuned = preset.Preset{
		Name: "phi-3-mini-128k-instruct",
		Tuning: &preset.Tuning{GPUMemoryGiB: 72, TotalMemoryGiB: 72, Env: map[string]string{
			"DEFAULT_TARGET_MODULES": "k_proj,q_proj,v_proj,o_proj,gate_proj,down_proj,up_proj",
		}},
		Model: preset.Model{
			WeightBytes:      7642159104,
			Parameters:       3821079552,
			HiddenSize:       3072,
			Layers:           32,
			Heads:            32,
			KVHeads:          32,
			HeadDim:          96,
			IntermediateSize: 8192,
			VocabSize:        32064,
			ContextLength:    131072,
		},
	}
	falconTuned = preset.Preset{
		Name:   "falcon-7b",
		Tuning: &preset.Tuning{GPUMemoryGiB: 16, TotalMemoryGiB: 16},
		Model: preset.Model{
			WeightBytes:      14434379520,
			Parameters:       7217189760,
			HiddenSize:       4544,
			Layers:           32,
			Heads:            71,
			KVHeads:          1,
			HeadDim:          64,
			IntermediateSize: 18176,
			VocabSize:        65024,
		},
	}
)

// TestTuningTerms works out KAITO's quick start, phi-3-mini by qlora with a batch of one sequence of 1024 tokens, by
// hand.
func TestTuningTerms(t *testing.T) {
	a10, _ := capacity.LookupSKU("Standard_NV36ads_A10_v5")
	r := Request{Preset: phi3Tuned, Tuning: true, Method: preset.QLoRA}
	m := r.tuning(a10)
	tables := 2.0 * 32064 * 3072
	for _, term := range []struct {
		name      string
		got, want float64 // want in bytes
	}{
		{"base model", m.WeightsGiB, (3821079552-tables)*4.127/8 + 4*tables + 2*3072*8192},
		{"adapter", m.AdaptersGiB, 16 * 8 * 32 * (4*2*3072 + 3*(3072.0+8192))},
		{"activations", m.ActivationGiB, 1024 * (32*4*3072 + 2*17*3072 + 8*8192 + 4*(6*3072.0+8192))},
		{"logits", m.LogitsGiB, 1024 * 32064 * 10},
		{"context", m.FixedGiB, memory.GiB / 2},
	} {
		if math.Abs(term.got*memory.GiB-term.want) > 1e-6*term.want {
			t.Errorf("%s: %.3f GiB, want %.3f", term.name, term.got, term.want/memory.GiB)
		}
	}
	if m.RequiredGiB < 4 || m.RequiredGiB > 6 { // the quick start was written for a V100 of 16 GB
		t.Errorf("%.2f GiB in all", m.RequiredGiB)
	}
}

func TestTuning(t *testing.T) {
	config := func(arguments map[string]any) map[string]any {
		return map[string]any{
			"ModelConfig":        map[string]any{"torch_dtype": "bfloat16"},
			"TrainingArguments":  arguments,
			"QuantizationConfig": map[string]any{"load_in_4bit": true},
		}
	}
	for _, tt := range []struct {
		name   string
		preset preset.Preset
		method preset.Method
		config map[string]any
		atMost string // the cheapest size that it takes in eastus
	}{
		{"KAITO's quick start", phi3Tuned, preset.QLoRA, nil, "Standard_NV36ads_A10_v5"},
		{"phi-3-mini by lora", phi3Tuned, preset.LoRA, nil, "Standard_NV36ads_A10_v5"},
		{"falcon-7b by qlora", falconTuned, preset.QLoRA, nil, "Standard_NV36ads_A10_v5"},
		{"falcon-7b by lora", falconTuned, preset.LoRA, nil, "Standard_NC24ads_A100_v4"},
		{"a batch of 8, as the trainer has it", phi3Tuned, preset.QLoRA, config(nil), "Standard_NV36ads_A10_v5"},
		{
			name:   "a batch of 64",
			preset: phi3Tuned,
			method: preset.QLoRA,
			config: config(map[string]any{"per_device_train_batch_size": int64(64)}),
			atMost: "Standard_NC24ads_A100_v4",
		},
		{
			name:   "long sequences",
			preset: phi3Tuned,
			method: preset.QLoRA,
			config: config(map[string]any{"per_device_train_batch_size": int64(1), "max_length": int64(65536)}),
			atMost: "Standard_NC24ads_A100_v4",
		},
	} {
		d, err := Size(Request{Preset: tt.preset, Tuning: true, Method: tt.method, Training: tt.config, Region: "eastus"})
		if err != nil || d.Options[0].SKU.Name != tt.atMost || d.Options[0].Nodes != 1 {
			t.Errorf("%s: %v, %+v", tt.name, err, d.Options)
			continue
		}
		if m := d.Options[0].Memory; m.Stated || m.RequiredGiB <= m.ExpectedGiB || m.ExpectedGiB < m.WeightsGiB+m.LogitsGiB {
			t.Errorf("%s: %+v", tt.name, m)
		}
	}
	_, err := Size(
		Request{
			Preset:   phi3Tuned,
			Tuning:   true,
			Method:   preset.QLoRA,
			Region:   "eastus",
			Training: config(map[string]any{"per_device_train_batch_size": int64(4096)}),
		},
	)
	var refused *capacity.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Hint(), "per_device_train_batch_size") {
		t.Errorf("a batch of 4096: %v", err)
	}
}

func TestTrainingConfig(t *testing.T) {
	tuned := preset.Tuning{}
	if got, want := trainingOf(nil, tuned, preset.LoRA), (training{
		batch:         1,
		sequence:      1024,
		rank:          8,
		modules:       memory.AttentionModules,
		bits:          0,
		checkpointing: false,
	}); got != want {
		t.Errorf("default of lora: %+v", got)
	}
	if got, want := trainingOf(nil, tuned, preset.QLoRA), (training{
		batch:         1,
		sequence:      1024,
		rank:          8,
		modules:       memory.AttentionModules,
		bits:          4,
		checkpointing: true,
	}); got != want {
		t.Errorf("default of qlora: %+v", got)
	}
	got := trainingOf(map[string]any{
		"ModelConfig": map[string]any{"torch_dtype": "bfloat16"},
		"LoraConfig":  map[string]any{"r": int64(32), "target_modules": []any{"q_proj", "v_proj"}},
		"TrainingArguments": map[string]any{
			"per_device_train_batch_size": "4",
			"gradient_checkpointing":      true,
			"max_length":                  2048.0,
		},
	}, tuned, preset.LoRA)
	if want := (training{
		batch:         4,
		sequence:      2048,
		rank:          32,
		modules:       memory.Modules{Query: true, Value: true},
		bits:          0,
		checkpointing: true,
	}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	got = trainingOf(
		map[string]any{
			"QuantizationConfig": map[string]any{"load_in_8bit": true},
			"LoraConfig":         map[string]any{"target_modules": "all-linear"},
		},
		tuned,
		preset.QLoRA,
	)
	if want := (training{
		batch:         8,
		sequence:      1024,
		rank:          8,
		modules:       memory.AllModules,
		bits:          8,
		checkpointing: true,
	}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := trainingOf(map[string]any{}, tuned, preset.LoRA); got.bits != 32 || got.batch != 8 {
		t.Errorf("an empty configuration is not the default one: %+v", got)
	}
	if got := trainingOf(map[string]any{
		"TrainingArguments": map[string]any{"per_device_train_batch_size": -1},
	}, tuned, preset.LoRA); got.batch != 8 {
		t.Errorf("nonsense is the trainer's to refuse: %+v", got)
	}
}

// TestTuningGrows: more sequences, longer ones and a higher rank never take less memory, and none a sum that is no
// amount, with any numbers.
func TestTuningGrows(t *testing.T) {
	a10, _ := capacity.LookupSKU("Standard_NV36ads_A10_v5")
	steps := []any{
		int64(1), int64(8), 1024.5, int64(65536), "3037000499", int64(3037000500), int64(4294967296), "99999999999999999999",
		int64(math.MaxInt64), uint64(math.MaxUint64), 1e300, math.Inf(1),
	}
	arguments := func(batch, sequence, rank any) map[string]any {
		return map[string]any{
			"LoraConfig":        map[string]any{"r": rank},
			"TrainingArguments": map[string]any{"per_device_train_batch_size": batch, "max_length": sequence},
		}
	}
	need := func(config map[string]any) float64 {
		r := Request{Preset: phi3Tuned, Tuning: true, Method: preset.QLoRA, Training: config}
		m := r.tuning(a10)
		for name, gib := range map[string]float64{
			"weights": m.WeightsGiB, "adapters": m.AdaptersGiB, "activations": m.ActivationGiB, "logits": m.LogitsGiB,
			"margin": m.MarginGiB, "all": m.RequiredGiB, "sequences": float64(m.Sequences), "tokens": float64(m.BatchTokens),
		} {
			if !(gib >= 0) || math.IsInf(gib, 0) {
				t.Errorf("%v: %s %v", config, name, gib)
			}
		}
		return m.RequiredGiB
	}
	for _, a := range steps {
		for _, b := range steps {
			var last [3]float64
			for _, n := range steps {
				now := [3]float64{need(arguments(n, a, b)), need(arguments(a, n, b)), need(arguments(a, b, n))}
				for i := range now {
					if now[i] < last[i] {
						t.Errorf("%v, %v and %v take %.1f GiB, and less takes %.1f", n, a, b, now[i], last[i])
					}
				}
				last = now
			}
		}
	}
	for _, no := range []any{math.NaN(), math.Inf(-1), int64(-5), int64(0), "0", "x", nil} {
		if got, want := need(arguments(no, no, no)), need(map[string]any{}); got != want {
			t.Errorf("%v: %.1f GiB, want %.1f as by default", no, got, want)
		}
	}
}

// TestStatedTuning: KAITO's figure counts where too little is known of a model.
func TestStatedTuning(t *testing.T) {
	blind := preset.Preset{
		Name:   "blind",
		Tuning: &preset.Tuning{GPUMemoryGiB: 72, TotalMemoryGiB: 72, MethodGiB: map[preset.Method]int{preset.QLoRA: 16}},
		Model:  preset.Model{WeightBytes: 7 << 30},
	}
	for method, want := range map[preset.Method]string{
		preset.LoRA:  "Standard_NC24ads_A100_v4",
		preset.QLoRA: "Standard_NC24ads_A100_v4",
	} {
		d, err := Size(Request{Preset: blind, Tuning: true, Method: method, Region: "eastus"})
		if err != nil || d.Options[0].SKU.Name != want || !d.Options[0].Memory.Stated {
			t.Errorf("%s: %v, %+v", method, err, d.Options)
		}
	}
}
