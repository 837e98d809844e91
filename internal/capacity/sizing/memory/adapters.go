// SPDX-License-Identifier: Apache-2.0

package memory

import "strings"

// loraRank is vLLM's default of --max-lora-rank.
const loraRank = 16

// Modules holds the projections of a layer that get a LoRA adapter.
type Modules struct{ Query, Key, Value, Output, Gate, Up, Down bool }

// AllModules are all projections, the largest need.
var AllModules = Modules{Query: true, Key: true, Value: true, Output: true, Gate: true, Up: true, Down: true}

// AttentionModules are the projections of attention: more than peft's own choice for most models.
var AttentionModules = Modules{Query: true, Key: true, Value: true, Output: true}

// ModulesOf parses names such as q_proj or query_key_value, as peft's target_modules has them. An unknown name counts
// as all projections, the largest need.
func ModulesOf(names []string) Modules {
	var m Modules
	for _, name := range names {
		n := strings.ToLower(name)
		switch {
		case strings.Contains(n, "qkv"), strings.Contains(n, "query_key_value"):
			m.Query, m.Key, m.Value = true, true, true
		case strings.HasPrefix(n, "q_") || n == "query":
			m.Query = true
		case strings.HasPrefix(n, "k_") || n == "key":
			m.Key = true
		case strings.HasPrefix(n, "v_") || n == "value":
			m.Value = true
		case strings.HasPrefix(n, "o_") || n == "dense":
			m.Output = true
		case n == "gate_up_proj":
			m.Gate, m.Up = true, true
		case strings.HasPrefix(n, "gate"):
			m.Gate = true
		case strings.HasPrefix(n, "up") || n == "dense_h_to_4h":
			m.Up = true
		case strings.HasPrefix(n, "down") || n == "dense_4h_to_h":
			m.Down = true
		default:
			return AllModules
		}
	}
	return m
}

// adaptersOn returns the bytes of LoRA adapters on one GPU. vLLM reserves 16-bit weights of the largest rank for each.
func adaptersOn(f *Facts, l Layout, adapters int) float64 {
	if adapters == 0 {
		return 0
	}
	return float64(adapters) * loraRank * 2 * f.AdapterWidth(AllModules) / float64(l.Tensor*l.Pipeline)
}

// AdapterWidth returns the sum of inputs and outputs over the adapted projections of all layers, in values: times the
// rank, it is the number of weights of an adapter (LoRA: one matrix of inputs x rank, one of rank x outputs).
// Projections of experts count once a layer: peft adapts only projections that are modules of their own.
func (f *Facts) AdapterWidth(t Modules) float64 {
	h, q, kv, width := float64(f.Hidden), f.queries(), f.keys(), float64(f.Intermediate)
	sum := 0.0
	for _, p := range []struct {
		adapted bool
		width   float64
	}{
		{t.Query, h + q},
		{t.Key, h + kv},
		{t.Value, h + kv},
		{t.Output, q + h},
		{t.Gate, h + width},
		{t.Up, h + width},
		{t.Down, width + h},
	} {
		if p.adapted {
			sum += p.width
		}
	}
	return sum * float64(f.Layers)
}

// AdapterInputs returns the sum of the inputs of the adapted projections of one layer, in values for each token.
func (f *Facts) AdapterInputs(t Modules) float64 {
	sum := 0.0
	for _, adapted := range []bool{t.Query, t.Key, t.Value, t.Gate, t.Up} {
		if adapted {
			sum += float64(f.Hidden)
		}
	}
	if t.Output {
		sum += f.queries()
	}
	if t.Down {
		sum += float64(f.Intermediate)
	}
	return sum
}

// queries is the width of all query heads together, in values.
func (f *Facts) queries() float64 {
	if f.heads > 0 && f.headDim > 0 {
		return float64(f.heads * f.headDim)
	}
	return float64(f.Hidden)
}

// keys is the width of all key heads together, in values.
func (f *Facts) keys() float64 {
	if f.kvHeads > 0 && f.headDim > 0 {
		return float64(f.kvHeads * f.headDim)
	}
	return float64(f.Hidden)
}
