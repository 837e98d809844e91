// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"strconv"
	"strings"
)

// FlagCPUCache is the flag of KAITO's server that moves parts of the cache to the memory of the CPU: the part of that
// memory to take, from 0 (nothing) to 1. Without the flag the server takes the value of its configuration file, and 0.5
// without one (inference_api.py of kaito-base 0.5.0).
const FlagCPUCache = "kaito-kv-cache-cpu-memory-utilization"

// Hybrid reports whether the layers have caches of different kinds: whole sequences, windows, or states that do not
// grow. vLLM keeps them apart in its hybrid cache manager, which the connector that FlagCPUCache turns on switches off
// (vLLM, design/hybrid_kv_cache_manager).
func (m Model) Hybrid() bool { return m.WindowLayers > 0 || m.states() }

// states reports whether some layers keep a state in place of a cache (Mamba, linear attention).
func (m Model) states() bool {
	counted := m.FullLayers + m.WindowLayers
	return counted > 0 && counted < m.Layers
}

// CPUCache is what becomes of FlagCPUCache for a model and a configuration file.
type CPUCache struct {
	// Flag is the value of the flag on the command line; "" leaves it out.
	Flag string
	// Whole reports that the layers with a window cache the whole sequence: the connector is on.
	Whole bool
	// Ignored reports that a value of the configuration file has no effect, because the flag wins.
	Ignored bool
}

// CPUCache decides on FlagCPUCache, given the value in the configuration file of the server ("" without one). A hybrid
// model has the flag 0, unless its preset says otherwise.
//
// A value above 0 in the file wins over a 0 where vLLM can give all layers a whole cache instead: those with a window.
// It cannot start with layers that keep a state (kv_cache_utils.unify_hybrid_kv_cache_specs), nor with the caches of
// other models for which the preset says 0; the flag stays on their command line.
func (p Preset) CPUCache(file string) CPUCache {
	flag, given := p.RunParameters[VLLM][FlagCPUCache]
	if !given && p.Model.Hybrid() {
		flag = "0"
	}
	convertible := p.Model.WindowLayers > 0 && !p.Model.states()
	switch {
	case flag == "":
		return CPUCache{}
	case above0(flag):
		return CPUCache{Flag: flag, Whole: p.Model.Hybrid(), Ignored: file != ""}
	case above0(file) && convertible:
		return CPUCache{Whole: true}
	}
	return CPUCache{Flag: flag, Ignored: above0(file)}
}

// above0 reports whether a value is a number above 0.
func above0(value string) bool {
	f, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err == nil && f > 0
}
