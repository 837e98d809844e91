// SPDX-License-Identifier: Apache-2.0

package modelconfig

import (
	"strconv"
	"strings"
)

// limit is the range of a number.
type limit struct {
	above       bool // the least number is itself out of the range
	least, most float64
}

// Upper bounds of a tuning's settings: far above what fits on one GPU, and small enough for every product of them.
const (
	maxBatch    = 1 << 16 // sequences, steps and ranks
	maxSequence = 1 << 24 // tokens
)

// limits are the ranges of the tuning program's numbers, by section and name. The types of its arguments do not tell
// them: the program stops later, once its nodes run.
//
//   - A batch of torch's BatchSampler has at least one item, and accelerate divides by the steps to accumulate.
//   - peft's LoraLayer.update_layer refuses a rank below 1, and torch's Dropout a probability above 1.
//   - trl's truncation keeps the first max_length tokens.
//   - DatasetManager.split_dataset in KAITO's dataset.py takes a part of the data to train with.
var limits = map[string]*limit{
	"DatasetConfig.train_test_split":                {above: true, most: 1},
	"LoraConfig.lora_dropout":                       {most: 1},
	"LoraConfig.r":                                  {least: 1, most: maxBatch},
	"TrainingArguments.gradient_accumulation_steps": {least: 1, most: maxBatch},
	"TrainingArguments.max_length":                  {least: 1, most: maxSequence},
	"TrainingArguments.per_device_eval_batch_size":  {least: 1, most: maxBatch},
	"TrainingArguments.per_device_train_batch_size": {least: 1, most: maxBatch},
}

// TrainingRange returns the range of a number in a section of training_config.yaml in words, such as "at least 1 and at
// most 65536"; "" without one.
func TrainingRange(section, name string) string {
	if l := limits[section+"."+name]; l != nil {
		return l.String()
	}
	return ""
}

func (l *limit) String() string {
	word := "at least "
	if l.above {
		word = "greater than "
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	return word + number(l.least) + " and at most " + number(l.most)
}

// admits reports whether a number is in the range, in a form that Python reads. Without a limit all are.
func (l *limit) admits(text string) bool {
	if l == nil {
		return true
	}
	f, _ := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(text), "_", ""), 64) // 0 for what is no number
	return (f > l.least || f == l.least && !l.above) && f <= l.most
}
